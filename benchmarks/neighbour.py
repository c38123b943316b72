"""The server that `make run` runs in this folder, as somebody finds it who has just started it."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx2
from playing import Deployment

from plaudit.auth.keys import new_server_key
from plaudit.bootstrap import DEVELOPMENT_AUDIENCE, development_issuer, now
from plaudit.model import Scope
from plaudit.settings import Configuration, load
from plaudit.settings.keys import KeyRecord, add_key, read_keys

KEY_SECONDS_MAX = 10  # a server takes a new key within two
TOKEN_SECONDS = 24 * 3600


class NotOurs(Exception):
    """Something answers there, and it is not the server of this folder"""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """`key_id` is revoked when it is no longer needed."""

    deployment: Deployment
    key_id: str


def running_here(environ: Mapping[str, str]) -> Neighbour | None:
    """With a key that is made for the purpose; None when nothing answers there.

    Raises `NotOurs` for a server that is not in development mode, or takes no key of this folder's.
    """
    configuration = load(None, environ, {"development": True})
    with httpx2.Client(base_url=configuration.settings.base_url, trust_env=False, timeout=10) as http:
        try:
            http.get("/livez").raise_for_status()
        except httpx2.HTTPError:
            return None
        if not http.get("/development/.well-known/jwks.json").is_success:
            raise NotOurs(f"{http.base_url} is not in development mode; `make run` starts one that is")
        return _with_key(configuration, http)


def _with_key(configuration: Configuration, http: httpx2.Client) -> Neighbour:
    settings, project = configuration.settings, configuration.default_project
    published = {**read_keys(settings.data_path).publishable_keys}
    if project.publishable_key:
        published[project.id] = project.publishable_key
    if project.id not in published:
        raise NotOurs(f"{http.base_url} runs, but not on {settings.data_path}: there is no publishable key in it")
    key, sha256 = new_server_key()
    record = KeyRecord(project.id, f"replay-{secrets.token_hex(4)}", sha256,
                       (Scope.MESSAGES_WRITE, Scope.FEEDBACK_READ), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    add_key(settings.data_path, record)
    _await_key(http, key, str(settings.data_path))
    deployment = Deployment(settings.base_url, key, published[project.id], _tokens(configuration))
    return Neighbour(deployment, record.id)


def _await_key(http: httpx2.Client, key: str, folder: str) -> None:
    until = time.monotonic() + KEY_SECONDS_MAX
    while time.monotonic() < until:
        if http.get("/v1/feedback?limit=1", headers={"Authorization": f"Bearer {key}"}).is_success:
            return
        time.sleep(0.2)
    raise NotOurs(f"{http.base_url} runs, but not on {folder}: it does not take a key that was made there")


def _tokens(configuration: Configuration) -> Callable[[str], str]:
    issuer = development_issuer(configuration.settings)
    return lambda subject: issuer.mint(subject, DEVELOPMENT_AUDIENCE, now(), lifetime_seconds=TOKEN_SECONDS)
