"""What both clients do alike with httpx2: its settings, the cap on an answer, and what a failure of it means."""

import time
from dataclasses import dataclass, replace
from ssl import SSLContext
from typing import Any

import httpx2

from plaudit import __version__
from plaudit.client.answers import Answer
from plaudit.client.calls import Call
from plaudit.client.errors import Invalid, Unreachable, UnreadableAnswer
from plaudit.client.retries import TIMEOUT_SECONDS_MIN, Pause, Send, Silence

ANSWER_BYTES_MAX = 32 * 1024 * 1024
HEADERS = {
    "accept": "application/json",
    "accept-encoding": "identity",  # an answer's cap is then on what it is, too
    "user-agent": f"plaudit-python/{__version__}",
}
PASSING = (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError, httpx2.ProxyError)
FAILURES = (httpx2.HTTPError, httpx2.InvalidURL)

PAUSE_SECONDS_MAX_IN_CLOSING = 0.25
AFTER_A_BUG = Pause(1.0, asked=False)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the server is. `verify` and `trust_env` are httpx2's."""

    url: str
    verify: SSLContext | bool = True
    trust_env: bool = True

    @classmethod
    def at(cls, url: str, *, verify: SSLContext | bool, trust_env: bool) -> "Endpoint":
        """Raises `Invalid`."""
        try:
            parsed = httpx2.URL(url)
            parsed.raw_host.decode().encode("idna")  # as whoever looks it up will; httpx2 is not that strict
        except (httpx2.InvalidURL, UnicodeError) as error:
            raise Invalid.field("url", str(error)) from None
        if parsed.scheme not in {"http", "https"} or not parsed.host or {"?", "#"} & set(url):
            raise Invalid.field("url", "must be http://… or https://…, without a query")
        if parsed.userinfo:
            raise Invalid.field("url", "must not hold a name or a password: they would be sent instead of the key")
        return cls(url.rstrip("/"), verify, trust_env)

    def client_options(self) -> dict[str, Any]:
        """For either of httpx2's clients. A redirect is not followed: it would carry the key somewhere else."""
        return {"headers": HEADERS, "verify": self.verify, "trust_env": self.trust_env, "follow_redirects": False}

    def request_options(self, call: Call[Any], timeout_seconds: float) -> dict[str, Any]:
        return {"method": call.method, "url": self.url + call.path, "headers": call.headers, "content": call.body,
                "timeout": timeout_seconds}

    def silence(self, error: Exception) -> Silence:
        said = Unreachable(f"{self.url}: {type(error).__name__}: {error}")
        return Silence(said, worth_repeating=isinstance(error, PASSING))


def answer(response: httpx2.Response, body: bytes | bytearray) -> Answer:
    return Answer(response.status_code, dict(response.headers), bytes(body))


def too_large(response: httpx2.Response) -> Silence:
    error = UnreadableAnswer(f"The answer is larger than {ANSWER_BYTES_MAX} bytes", status=response.status_code,
                             request_id=response.headers.get("x-request-id"))
    return Silence(error, worth_repeating=False)


def too_slow(timeout_seconds: float) -> Silence:
    return Silence(Unreachable(f"No answer within {timeout_seconds:.3g} seconds"), worth_repeating=True)


def in_time(step: Send, closing_at: float | None) -> Send:
    """The same, but no longer than there is time until a client closes, in `time.monotonic()`'s seconds."""
    if closing_at is None:
        return step
    left_seconds = max(TIMEOUT_SECONDS_MIN, closing_at - time.monotonic())
    return replace(step, timeout_seconds=min(step.timeout_seconds, left_seconds))
