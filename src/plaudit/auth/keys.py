"""Keys that applications hold: secret server keys (`sk_…`), and publishable keys (`pk_…`) that pages show to anyone."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence

from plaudit.errors import Forbidden, Unauthenticated
from plaudit.model import Project, ServerKey

SERVER_KEY_PREFIX = "sk_"
PUBLISHABLE_KEY_PREFIX = "pk_"
KEY_CHARACTERS_MAX = 256
RANDOM_BYTES = 32


def new_server_key() -> tuple[str, str]:
    """A fresh key, shown once and kept nowhere, and its SHA-256, hexadecimal, for `ServerKey.sha256`."""
    key = SERVER_KEY_PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    return key, sha256_of(key)


def new_publishable_key() -> str:
    return PUBLISHABLE_KEY_PREFIX + secrets.token_urlsafe(RANDOM_BYTES)


def sha256_of(key: str) -> str:
    """Enough for a key of 256 random bits: there is no dictionary to try, so nothing slow is needed."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


class ServerKeys:
    """Every project's server keys. Looking one up takes as long for any key, right, wrong, or nearly right."""

    def __init__(self, projects: Iterable[Project]) -> None:
        self._keys = tuple((project, key) for project in projects for key in project.server_keys)

    def find(self, key: str) -> tuple[Project, ServerKey]:
        """Raises `Unauthenticated` when no project has this key."""
        if not key.startswith(SERVER_KEY_PREFIX) or len(key) > KEY_CHARACTERS_MAX:
            raise Unauthenticated(token_invalid=True)
        digest = sha256_of(key)
        found = [entry for entry in self._keys if hmac.compare_digest(entry[1].sha256, digest)]
        if not found:
            raise Unauthenticated(token_invalid=True)
        return found[0]

    def named(self, project_id: str, key_id: str) -> tuple[Project, ServerKey] | None:
        """The key that has this id now, for whoever has shown it before."""
        found = (entry for entry in self._keys if (entry[0].id, entry[1].id) == (project_id, key_id))
        return next(found, None)


class PublishableKeys:
    """A publishable key names a project and proves nothing; only its pages' origins may use it in a browser."""

    def __init__(self, projects: Sequence[Project]) -> None:
        self._projects = {project.publishable_key: project for project in projects if project.publishable_key}

    def find(self, key: str, origin: str | None) -> Project:
        """Raises `Unauthenticated` for an unknown key, `Forbidden` for an `origin` that is not the project's."""
        project = self._projects.get(key)
        if project is None:
            raise Unauthenticated
        if origin is not None and origin not in project.origins:
            raise Forbidden
        return project
