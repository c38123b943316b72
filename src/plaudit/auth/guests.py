"""Guests: a device and a user id that somebody claims. Pure; what the store must remember is `authenticator.py`'s.

Raw device ids and user ids go no further than this file: everything that leaves it is a keyed hash.
"""

import hmac
import re
from dataclasses import dataclass, field

from plaudit.errors import Invalid, Unauthenticated
from plaudit.model import Instant, Subject, SubjectKind
from plaudit.ports import DeviceClaim

PLATFORMS = frozenset({"android", "ios", "web"})
DEVICE_ID = re.compile(r"[A-Za-z0-9._:-]{16,128}", re.ASCII)
USER_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)  # no `|`: `auth0|…` is a registered user's, never a guest's
PUNCTUATION = str.maketrans("", "", "._:-")
SHARED_DEVICE_IDS = frozenset({"9774d56d682e549c"})  # the ANDROID_ID of millions of phones, by a bug of Android 2.2

TOKEN = re.compile(r"([1-9][0-9]{0,14})\.([0-9a-f]{64})", re.ASCII)
TOKEN_LIFETIME_MILLISECONDS = 30 * 24 * 60 * 60 * 1000
TOKEN_RENEWED_AFTER_MILLISECONDS = 24 * 60 * 60 * 1000
LEEWAY_MILLISECONDS = 30 * 1000
LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class GuestIdentity:
    """One guest of one project, for the length of one request; only `subject` may be kept or shown."""

    project_id: str
    subject: Subject
    device_id: str = field(repr=False)
    user_id: str = field(repr=False)

    @property
    def fact(self) -> tuple[str, str]:
        """What facts about this guest are remembered by."""
        return self.project_id, self.subject.name


class GuestHashes:
    """Keyed hashes under one `pepper`. Whoever loses the pepper loses every guest: none can be recognised again."""

    def __init__(self, pepper: bytes) -> None:
        self._pepper = pepper
        self._user_key, self._device_key, self._visitor_key, self._token_key = (
            hmac.digest(pepper, purpose, "sha256") for purpose in (b"user", b"device", b"visitor", b"device token"))

    def guest(self, project_id: str, device_id: str, user_id: str) -> GuestIdentity:
        subject = Subject.of(SubjectKind.GUEST, _keyed(self._pepper, device_id, user_id))
        return GuestIdentity(project_id, subject, device_id, user_id)

    def stored(self, guest: GuestIdentity) -> tuple[str, str]:
        """The user id and the device id as the store may know them."""
        return (_keyed(self._user_key, guest.project_id, guest.user_id),
                _keyed(self._device_key, guest.project_id, guest.device_id))

    def visitor_device(self, project_id: str, device: str) -> str:
        return _keyed(self._visitor_key, project_id, device)

    def mint_token(self, guest: GuestIdentity, now: Instant) -> str:
        issued_at = str(now)
        return f"{issued_at}.{_keyed(self._token_key, *guest.fact, issued_at)}"

    def token_age(self, token: str, guest: GuestIdentity, now: Instant) -> int:
        """How many milliseconds old a device token is.

        Raises `Unauthenticated` unless it was minted for this guest of this project, not more than 30 days ago.
        """
        match = TOKEN.fullmatch(token)
        issued_at, mac = match.groups() if match else ("0", "")
        expected = _keyed(self._token_key, *guest.fact, issued_at)
        if not hmac.compare_digest(mac, expected):
            raise Unauthenticated
        age_milliseconds = now - int(issued_at)
        if not -LEEWAY_MILLISECONDS <= age_milliseconds < TOKEN_LIFETIME_MILLISECONDS:
            raise Unauthenticated
        return age_milliseconds


def read_claim(claim: DeviceClaim) -> tuple[str, str]:
    """The device id and the user id of a claim. Raises `Unauthenticated` when one of the headers is amiss."""
    if claim.platform not in PLATFORMS or claim.device_id is None or claim.user_id is None:
        raise Unauthenticated
    if not is_device_id(claim.device_id) or not USER_ID.fullmatch(claim.user_id):
        raise Unauthenticated
    return claim.device_id, claim.user_id


def check_vouched(device_id: str, user_id: str) -> None:
    """Raises `Invalid` for what could never sign in, so that no message is registered for nobody."""
    if not is_device_id(device_id):
        raise Invalid("device_id", "must be 16 to 128 of A-Z a-z 0-9 . _ : - and not an id that many devices share")
    if not USER_ID.fullmatch(user_id):
        raise Invalid("user_id", "must be 1 to 128 of A-Z a-z 0-9 . _ : -")


def is_device_id(text: str) -> bool:
    """An id that can be one device's: not a known dud, nor one character repeated (nil UUID, zeroed IDFA, …)."""
    if not DEVICE_ID.fullmatch(text) or text.lower() in SHARED_DEVICE_IDS:
        return False
    return len(set(text.translate(PUNCTUATION).lower())) > 1


def _keyed(key: bytes, *parts: str) -> str:
    """HMAC-SHA256 over the parts, each after its length, so that no two lists of parts read the same.

    A length's first byte is 0, so that no such text is one of the purposes that keys are derived for.
    """
    message = bytearray()
    for part in parts:
        encoded = part.encode()
        message += len(encoded).to_bytes(LENGTH_BYTES, "big")
        message += encoded
    return hmac.digest(key, bytes(message), "sha256").hex()
