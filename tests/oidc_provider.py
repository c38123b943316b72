"""An OpenID Connect provider that people sign in at: discovery, an authorization endpoint that knows one person, and a
token endpoint that asks for the PKCE verifier. `claims` and the other fields make it lie where a test wants it to."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from identity_provider import jwk, jwks, rsa_key

CLIENT = "plaudit-pages"
EMAIL = "ann@example.com"


@dataclass
class OidcProvider:
    """`asked`: the queries that the authorization endpoint got; `redeemed`: the forms and the Authorization headers of
    the token endpoint."""

    url: str
    claims: dict[str, Any] = field(default_factory=dict)  # added to the ID token's; None takes one away
    discovery: dict[str, Any] = field(default_factory=dict)  # likewise
    header: dict[str, Any] = field(default_factory=dict)
    token_status: int = 200
    signing_key: str = "oidc"
    now_seconds: Callable[[], float] = time.time
    asked: list[dict[str, str]] = field(default_factory=list)
    redeemed: list[tuple[dict[str, str], str | None]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        document = {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys",
        }
        return {name: value for name, value in {**document, **self.discovery}.items() if value is not None}

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent back to."""
        self.asked.append(query)
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        return query["redirect_uri"] + "?" + urlencode({"code": code, "state": query["state"]})

    def redeem(self, form: dict[str, str], authorization: str | None) -> tuple[int, dict[str, Any]]:
        self.redeemed.append((form, authorization))
        query = self.codes.pop(form.get("code", ""), None)
        if query is None or self.token_status != 200 or _challenge(form["code_verifier"]) != query["code_challenge"]:
            return (400 if self.token_status == 200 else self.token_status), {"error": "invalid_grant"}
        return 200, {"access_token": "unused", "token_type": "Bearer", "id_token": self.id_token(query["nonce"])}

    def id_token(self, nonce: str) -> str:
        now = int(self.now_seconds())
        good = {"iss": self.url, "aud": CLIENT, "sub": "person-1", "iat": now, "exp": now + 300, "nonce": nonce,
                "email": EMAIL, "email_verified": True}
        claims = {name: value for name, value in {**good, **self.claims}.items() if value is not None}
        return jwt.encode(claims, rsa_key(self.signing_key), "RS256", {"kid": "oidc", **self.header})


@contextmanager
def running() -> Iterator[OidcProvider]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    provider = _Handler.providers[server.server_port] = OidcProvider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    providers: dict[int, OidcProvider] = {}  # noqa: RUF012  # by port, for the library makes the handlers

    @property
    def provider(self) -> OidcProvider:
        return self.providers[self.server.server_port]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/.well-known/openid-configuration":
            self._answer(200, json.dumps(self.provider.document()).encode())
        elif parts.path == "/keys":
            self._answer(200, jwks(jwk(rsa_key("oidc"), "oidc")))
        elif parts.path == "/authorize":
            self.send_response(302)
            self.send_header("location", self.provider.authorize(_single(parts.query)))
            self.send_header("content-length", "0")
            self.end_headers()
        else:
            self._answer(404, b"{}")

    def do_POST(self) -> None:
        form = _single(self.rfile.read(int(self.headers["content-length"])).decode())
        status, answer = self.provider.redeem(form, self.headers.get("authorization"))
        self._answer(status, json.dumps(answer).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # the library's name
        """Tests are quiet."""


def _single(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
