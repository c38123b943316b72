"""A real Plaudit for tests: a process, a socket, a SQLite file, and several projects that differ in one thing each.

A project's id is also what its keys, its audience and its host are named after, so a test only says "other" or "free".
"""

import hashlib
import itertools
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import jwt
import tomlkit
from command_line import started
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from identity_provider import ISSUER, OTHER_ISSUER, token

from plaudit.model import Contract, Scope
from plaudit.settings.receipt_keys import key_text

MAIN = "main"
ORIGIN = "https://www.example.com"
UNREACHABLE = "http://127.0.0.1:1/jwks.json"
GREETING = "Plaudit serves "

REASONS = [
    {"id": "old", "vote": "dislike", "texts": {"en": "Out of date", "de": "Veraltet"}},
    {"id": "short", "vote": "like", "texts": {"en": "Short"}},
    {"id": "surprising", "texts": {"fr": "Surprenant", "en": "Surprising"}},
]
Json = dict[str, Any]
Headers = dict[str, str]
_numbers = itertools.count(1)


# ---------------------------------------------------------------- projects


def project(project_id: str, jwks_url: str = UNREACHABLE, issuer: str = ISSUER, **changes: Any) -> Json:
    """One table of `plaudit.toml`. Nothing limits what its voters may ask unless the test says so, and each contract is
    served."""
    return {
        "id": project_id,
        "publishable_key": publishable_key(project_id),
        "hosts": [host(project_id)],
        "limits": {"per_subject": 0},
        "contracts": list(Contract),
        "server_keys": [_server_key(project_id, scope) for scope in Scope],
        "issuers": [{"issuer": issuer, "audiences": [audience(project_id)], "jwks_url": jwks_url}],
        "receipt_keys": [{"id": f"{project_id}-receipts", "algorithm": "EdDSA",
                          "key": key_text(_receipt_key(project_id).public_key().public_bytes_raw())}],
        **changes,
    }


def every_kind_of_project(jwks_url: str) -> list[Json]:
    return [
        project(MAIN, jwks_url, origins=[ORIGIN]),
        project("other", jwks_url, origins=["https://other.example.com"]),
        project("free", jwks_url, plan="free"),
        project("off", jwks_url, feedback_enabled=False),
        project("siteassist-only", jwks_url, contracts=["siteassist"]),
        project("handauncle-only", jwks_url, contracts=["handauncle"]),
        project("bare", jwks_url, guest_mode="bare"),
        project("with-reasons", jwks_url, reasons=REASONS),
        project("signed", jwks_url, guest_mode="signed"),
        project("no-guests", jwks_url, guest_mode="off"),
        project("few-a-subject", jwks_url, limits={"per_subject": 3}),
        project("few-a-project", jwks_url, limits={"per_subject": 0, "per_project": 3}),
        project("unreachable-issuer", issuer=OTHER_ISSUER),
    ]


def server_key(project_id: str = MAIN, scope: str = Scope.ADMIN) -> str:
    """The project has one for each scope."""
    return f"sk_{project_id}_key_of_the_back_end_{scope}"


def _server_key(project_id: str, scope: Scope) -> Json:
    sha256 = hashlib.sha256(server_key(project_id, scope).encode()).hexdigest()
    name = "key" if scope is Scope.ADMIN else scope.replace(":", "-")
    return {"id": f"{project_id}-{name}", "sha256": sha256, "scopes": [scope]}


def _receipt_key(project_id: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(project_id.encode()).digest())


def receipt(message_id: str, owner: "Person", conversation_id: str | None = None, **changes: Any) -> Headers:
    """As the application's back end signs it; for an hour."""
    now = int(time.time())
    claims = {"project": owner.project, "message_id": message_id, "owner": owner.owner,
              "conversation_id": conversation_id or fresh("c"), "iat": now, "exp": now + 3600, **changes}
    header = {"kid": f"{owner.project}-receipts", "typ": "receipt+jwt"}
    return {"x-message-receipt": jwt.encode(claims, _receipt_key(owner.project), "EdDSA", header)}


def publishable_key(project_id: str = MAIN) -> str:
    return f"pk_{project_id}-published"


def audience(project_id: str = MAIN) -> str:
    return f"https://api.{project_id}.example"


def host(project_id: str = MAIN) -> str:
    return f"{project_id}.example"


# ---------------------------------------------------------------- people


@dataclass(frozen=True)
class Person:
    """Somebody who can own messages and vote: `owner` as a message is registered, `headers` as they come."""

    owner: Json
    headers: Headers
    project: str = MAIN


def user(name: str = "ann", project_id: str = MAIN, issuer: str = ISSUER, **changes: Any) -> Person:
    """Somebody signed in at the application, with a token that is good for an hour; both contracts take it."""
    now = int(time.time())
    subject = f"auth0|{name}"
    good = {"iss": issuer, "aud": audience(project_id), "sub": subject, "iat": now, "exp": now + 3600}
    return Person({"user": {"issuer": issuer, "subject": subject}}, bearer(token(**{**good, **changes})), project_id)


def guest(name: str = "gus", device: str = "", project_id: str = MAIN) -> Person:
    """Somebody with a device. The project is told by the host, as for real guests."""
    device, user_id = device or f"device-of-{name}-0001", f"U-{name}"
    headers = {"x-device-id": device, "x-platform": "web", "x-user-id": user_id, "host": host(project_id)}
    return Person({"guest": {"device_id": device, "user_id": user_id}}, headers, project_id)


def bearer(given: str) -> Headers:
    return {"authorization": f"Bearer {given}"}


def fresh(name: str) -> str:
    """A name that nobody else in this run has."""
    return f"{name}-{next(_numbers)}"


# ---------------------------------------------------------------- the server


@dataclass(frozen=True)
class Plaudit:
    """A running server. `http` asks it anything; the methods are what nearly every test needs."""

    port: int
    folder: Path
    http: httpx2.Client
    process: subprocess.Popen

    @property
    def database(self) -> Path:
        return self.folder / "data" / "plaudit.db"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    def register(self, message_id: str, owner: Person, conversation_id: str | None = None, **changes: Any
                 ) -> httpx2.Response:
        """As the application's back end does, in the owner's project."""
        message = {"conversation_id": conversation_id or str(uuid.uuid4()), "role": "assistant", "owner": owner.owner}
        return self.http.put(f"/v1/messages/{message_id}", json={**message, **changes},
                             headers=bearer(server_key(owner.project)))

    def message(self, message_id: str, project_id: str = MAIN) -> httpx2.Response:
        return self.http.get(f"/v1/messages/{message_id}", headers=bearer(server_key(project_id)))

    def visitor(self, project_id: str = MAIN) -> Person:
        """Somebody whom SiteAssist's widget has introduced."""
        hello = self.http.post("/v2/identity/init", json={"apiKey": publishable_key(project_id), "saVid": fresh("sa")})
        assert hello.status_code == 201, hello.text
        return Person({"visitor": {"id": hello.json()["visitor"]["id"]}}, bearer(hello.json()["sessionToken"]),
                      project_id)

    def standing(self, message_id: str, project_id: str = MAIN) -> list[Json]:
        """The votes that stand on a message."""
        answer = self.http.get("/v1/feedback", params={"message_id": message_id},
                               headers=bearer(server_key(project_id)))
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    def history(self, message_id: str, project_id: str = MAIN) -> list[Json]:
        """Every submission that was accepted on a message, in order."""
        answer = self.http.get(f"/v1/feedback/{message_id}/history", headers=bearer(server_key(project_id)))
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]


@contextmanager
def plaudit(folder: Path, projects: list[Json], **settings: Any) -> Iterator[Plaudit]:
    """Serve until the block ends, which must be a clean end. `settings` go to the top of the file."""
    file = folder / "plaudit.toml"
    defaults = {"port": 0, "data_dir": str(folder / "data"), "drain_seconds": 0, "per_address_per_minute": 0,
                "late_message_seconds": 0}
    plans = {"free": {"features": []}, "paid": {"features": ["feedback"]}}
    file.write_text(tomlkit.dumps({**defaults, **settings, "plans": plans, "projects": projects}), encoding="utf-8")
    with started(folder, "serve", "--config", str(file)) as (process, lines):
        assert lines, (folder / "log").read_text(encoding="utf-8")
        url = next(line for line in lines if line.startswith(GREETING)).removeprefix(GREETING)
        with httpx2.Client(base_url=url, trust_env=False, timeout=20) as http:
            yield Plaudit(int(url.rpartition(":")[2]), folder, http, process)
