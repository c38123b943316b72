"""What the first start says: where everything is, and three lines that work as pasted."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from plaudit.bootstrap import Prepared, Running
from plaudit.databases import database_name
from plaudit.settings.keys import keys_file
from plaudit.settings.secrets import secrets_file
from plaudit.store.postgres_server import without_password

SITEASSIST_MESSAGE = "3f0c5a52-8a0e-4a5b-9d0e-6f1d2c3b4a59"
SITEASSIST_CONVERSATION = "b7d0a7de-1c36-4b5e-8e53-0f9a1c2d3e4f"
HANDAUNCLE_MESSAGE = "65a1f0c2d3e4b5a697887766"
HANDAUNCLE_CONVERSATION = "65a1f0c2d3e4b5a697887700"
DEVICE_ID = "welcome-device-0001"
GUEST_ID = "U-welcome-0001"
LAST_LINE = "Stop it with Ctrl-C."
INTRODUCTION = ("Try it. Register two messages; vote on one as a visitor (SiteAssist's contract) and on the other as a "
                "guest (HandAuncle's):")
VISITOR_DEVICE = "welcome-visitor"  # the saVid of the visitor that the lines vote as


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the lines need to work on the server at `base_url`."""

    base_url: str
    server_key: str
    session_token: str
    visitor_id: str


async def announce(running: Running) -> None:
    """Print what this start has to say. The server key is printed by the start that made it, and never again."""
    prepared = running.prepared
    lines = list(_places(prepared))
    if prepared.first_server_key:
        visitor_id, _ = await running.authenticator.visitor(prepared.default_project, VISITOR_DEVICE)
        token = running.authenticator.session_token(prepared.default_project, visitor_id)
        credentials = Credentials(prepared.settings.base_url, prepared.first_server_key, token, visitor_id)
        register, vote, vote_as_guest = curl_lines(credentials)
        lines += ["", INTRODUCTION, "", register, "", vote, "", vote_as_guest, ""]
    print("\n".join([*lines, LAST_LINE]), flush=True)


def _places(prepared: Prepared) -> Iterator[str]:
    settings, project = prepared.settings, prepared.default_project
    yield f"Plaudit serves {settings.base_url}"
    yield f"Database:        {database_name(settings).removeprefix('sqlite:')}"
    if settings.workers > 1:
        yield f"Workers:         {settings.workers}"
    if settings.limits_url:
        yield f"Shared limits:   {without_password(settings.limits_url)}"
    yield f"Secrets:         {_secrets(prepared)}"
    if prepared.first_server_key:
        yield f"Server key:      {prepared.first_server_key}"
        yield "                 shown this once; only its SHA-256 is kept. `plaudit key new` makes another"
    elif project.server_keys:
        yield f"Server keys:     {keys_file(settings.data_path)}, as hashes; `plaudit key new` makes another"
    else:
        yield f'Server keys:     project "{project.id}" has none; make one with `plaudit key new`'
    if project.publishable_key:
        yield f"Publishable key: {project.publishable_key}"
    if prepared.development_issuer:
        yield f"Development:     whoever reads {settings.data_path} can be any user; never in production."
        yield "                 `plaudit token --development --subject alice` mints a user's token"


def _secrets(prepared: Prepared) -> str:
    path = secrets_file(prepared.settings.data_path)
    if not path.exists():
        return "from the environment"
    return f"{path} (made just now; keep it private and back it up)" if prepared.secrets_created else str(path)


def curl_lines(credentials: Credentials) -> tuple[str, str, str]:
    """Register two messages, vote on one through SiteAssist's contract, on the other as a guest of HandAuncle's."""
    return (
        _curl(f"{credentials.base_url}/v1/messages", [f"Authorization: Bearer {credentials.server_key}"],
              messages(credentials.visitor_id)),
        _curl(f"{credentials.base_url}/v2/messages/{SITEASSIST_MESSAGE}/feedback",
              [f"Authorization: Bearer {credentials.session_token}"], {"feedback": "like"}),
        _curl(f"{credentials.base_url}/api/v1/user/messages/{HANDAUNCLE_MESSAGE}/feedback",
              [f"x-device-id: {DEVICE_ID}", "x-platform: web", f"x-user-id: {GUEST_ID}"],
              {"rating": -1, "feedback": "Too long"}),
    )


def messages(visitor_id: str) -> list[dict[str, object]]:
    """One answer shown to a visitor and one shown to a guest."""
    return [
        {"id": SITEASSIST_MESSAGE, "conversation_id": SITEASSIST_CONVERSATION, "role": "assistant",
         "owner": {"visitor": {"id": visitor_id}}, "content": "Hello!"},
        {"id": HANDAUNCLE_MESSAGE, "conversation_id": HANDAUNCLE_CONVERSATION, "role": "assistant",
         "owner": {"guest": {"device_id": DEVICE_ID, "user_id": GUEST_ID}}, "content": "Good evening."},
    ]


def _curl(url: str, headers: list[str], body: object) -> str:
    words = ["curl", "-sS", url]
    for header in (*headers, "Content-Type: application/json"):
        words += ["-H", header]
    return shlex.join([*words, "-d", json.dumps(body, separators=(",", ":"))])
