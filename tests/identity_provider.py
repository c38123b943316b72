"""An identity provider on loopback for the tests of authentication: real HTTP, real keys, any misbehaviour wanted."""

import base64
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from plaudit.model import Issuer, Plan, Project

NOW = 1_795_000_000_000
NOW_SECONDS = NOW // 1000
ISSUER = "https://tenant.auth0.com/"
OTHER_ISSUER = "https://other.auth0.com/"
AUDIENCE = "https://api.example.com"
SUBJECT = "auth0|123456"


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now

    def advance(self, *, seconds: float) -> None:
        self.now += int(seconds * 1000)


# ---------------------------------------------------------------- keys


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:  # noqa: ARG001  # what the cache goes by
    """One key a name: making them is slow."""
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(name: str, curve: str = "P-256") -> ec.EllipticCurvePrivateKey:  # noqa: ARG001  # what the cache goes by
    return ec.generate_private_key({"P-256": ec.SECP256R1, "P-384": ec.SECP384R1}[curve]())


def jwk(private_key, kid: str, **members) -> dict:
    """The public half, as a JWKS publishes it."""
    algorithm = RSAAlgorithm if isinstance(private_key, rsa.RSAPrivateKey) else ECAlgorithm
    public = algorithm.to_jwk(private_key.public_key(), as_dict=True)
    public.pop("key_ops", None)
    return {**public, "kid": kid, **members}


def jwks(*keys: dict) -> bytes:
    return json.dumps({"keys": keys}).encode()


# ---------------------------------------------------------------- tokens


def claims(**changes) -> dict:
    """A good token's claims, with changes; a change to None takes the claim away."""
    good = {
        "iss": ISSUER,
        "sub": SUBJECT,
        "aud": [AUDIENCE, "https://tenant.auth0.com/userinfo"],
        "azp": "client",
        "iat": NOW_SECONDS,
        "exp": NOW_SECONDS + 3600,
        "scope": "openid feedback",
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def token(private_key=None, algorithm: str = "RS256", header: dict | None = None, **changes) -> str:
    """A good token, with changes to its claims; `header` is added to kid and alg."""
    return jwt.encode(claims(**changes), private_key or rsa_key("main"), algorithm, {"kid": "main", **(header or {})})


def forged(header: object, payload: object, signature: bytes = b"signature", key: bytes | None = None) -> str:
    """A token put together by hand; `payload` may be bytes. `key` signs it with HMAC, whatever the header says."""
    parts = [segment(header), segment(payload)]
    if key is not None:
        signature = hmac.digest(key, ".".join(parts).encode(), "sha256")
    return ".".join([*parts, segment(signature)])


def segment(content: object) -> str:
    plain = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


# ---------------------------------------------------------------- the server


@dataclass
class Answer:
    """What the server says next."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    silent: bool = False  # take the request and say nothing


class IdentityProvider:
    """`heard`: the paths asked for so far, in order."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.answer = Answer(jwks(jwk(rsa_key("main"), "main")))
        self.heard: list[str] = []
        self.url = f"http://127.0.0.1:{server.server_port}/.well-known/jwks.json"
        self.stopping = threading.Event()
        self._server = server

    def publish(self, *keys: dict) -> None:
        self.answer = Answer(jwks(*keys))

    def fail(self) -> None:
        self.answer = Answer(b"oops", 500)

    def issuer(self, issuer: str = ISSUER, **changes) -> Issuer:
        return Issuer(**{"issuer": issuer, "audiences": frozenset({AUDIENCE}), "jwks_url": self.url, **changes})


@contextmanager
def running() -> Iterator[IdentityProvider]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    provider = _Handler.providers[server.server_port] = IdentityProvider(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    providers: dict[int, IdentityProvider] = {}  # noqa: RUF012  # by port, for the library makes the handlers

    def do_GET(self) -> None:
        provider = self.providers[self.server.server_port]
        provider.heard.append(self.path)
        answer = provider.answer
        if answer.silent:
            provider.stopping.wait()
            return
        self.send_response(answer.status)
        for name, value in {**answer.headers, "content-length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(answer.body)
        except (BrokenPipeError, ConnectionResetError):
            return  # the reader had read enough

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # the library's name
        """Tests are quiet."""


def project(project_id: str = "acme", **changes) -> Project:
    return Project(**{"id": project_id, "name": project_id.title(), "plan": Plan("all", frozenset({"feedback"})),
                      "feedback_plan": "all", **changes})
