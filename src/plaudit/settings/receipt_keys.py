"""Receipt keys as text: 32 bytes in base64url without padding, whichever algorithm they are for."""

import base64

KEY_BYTES = 32


def key_bytes(text: str) -> bytes:
    """Raises `ValueError` for anything but 32 bytes."""
    found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if len(found) != KEY_BYTES:
        raise ValueError(f"a key is {len(found)} bytes, not {KEY_BYTES}")
    return found


def key_text(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode("ascii").rstrip("=")
