"""Signatures by the Standard Webhooks specification: `v1`, HMAC-SHA256 over id, time and body."""

import base64
import hmac
import secrets
from collections.abc import Iterable, Mapping

PREFIX = "whsec_"
SECRET_BYTES = range(24, 65)  # as the specification asks for
NEW_SECRET_BYTES = 32


def headers(event_id: str, now_seconds: int, body: bytes, keys: Iterable[bytes]) -> Mapping[str, str]:
    """With a signature for each key, so that a receiver that knows one of them can check it."""
    found = {"webhook-id": event_id, "webhook-timestamp": str(now_seconds)}
    signed = b".".join((event_id.encode(), str(now_seconds).encode(), body))
    if signatures := " ".join(f"v1,{_base64(hmac.digest(key, signed, 'sha256'))}" for key in keys):
        found["webhook-signature"] = signatures
    return found


def new_secret() -> str:
    return PREFIX + _base64(secrets.token_bytes(NEW_SECRET_BYTES))


def key_of(secret: str) -> bytes:
    """Raises `ValueError`, whose message does not show the secret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith(PREFIX) or len(key) not in SECRET_BYTES:
        raise ValueError(f"must be {PREFIX} and the base64 of {SECRET_BYTES[0]} to {SECRET_BYTES[-1]} bytes")
    return key


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
