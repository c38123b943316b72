"""An OpenID Connect provider on the loopback: real RSA keys, really fetched, for users who do not exist."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER = "https://issuer.example/"  # the same in every run, so that a stored owner is one again
AUDIENCE = "https://feedback.example"
KEY_ID = "benchmark"
LIFETIME_SECONDS = 24 * 3600


class Issuer:
    """`jwks_url` is where its keys are found."""

    def __init__(self, jwks_url: str, key: rsa.RSAPrivateKey) -> None:
        self.jwks_url = jwks_url
        self._key = key

    def token(self, subject: str) -> str:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": [AUDIENCE], "sub": subject, "iat": now, "exp": now + LIFETIME_SECONDS,
                  "azp": "benchmark", "scope": "openid profile"}
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": KEY_ID})


@contextmanager
def running() -> Iterator[Issuer]:
    """Serve the keys from a thread until the block ends."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(_key_set(key)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Issuer(f"http://127.0.0.1:{server.server_port}/jwks.json", key)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _key_set(key: rsa.RSAPrivateKey) -> bytes:
    public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return json.dumps({"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}).encode()


def _handler(body: bytes) -> type[BaseHTTPRequestHandler]:
    class KeySet(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    return KeySet
