"""The contracts as far as a test that holds for several needs to know them."""

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
from running import Headers, Json, Person, Plaudit


@dataclass(frozen=True)
class Refusal:
    """What a client can act on, whichever envelope it came in."""

    status: int
    code: str
    details: Json


@dataclass(frozen=True)
class Wire:
    """`like` and `dislike` are bodies; `value` is a body's vote as the own API writes it."""

    name: str
    path: str
    like: Json
    dislike: Json
    malformed_ids: tuple[str, ...]
    new_id: Callable[[], str]
    method: str = "POST"

    def url(self, message_id: str) -> str:
        return self.path.format(message_id)

    def vote(self, server: Plaudit, message_id: str, headers: Headers, body: Any = None) -> httpx2.Response:
        return server.http.request(self.method, self.url(message_id), json=body or self.like, headers=headers)

    def registered(self, server: Plaudit, owner: Person, **changes: Any) -> str:
        """The id of a new message of the owner's. Where the path names the conversation, it is the one named there."""
        message_id = self.new_id()
        conversation_id = f"c-of-{message_id}" if "c-of-" in self.path else None
        answer = server.register(message_id, owner, **{"conversation_id": conversation_id, **changes})
        assert answer.status_code == 201, answer.text
        return message_id

    def refusal(self, answer: httpx2.Response) -> Refusal:
        """Raises AssertionError unless the answer is the contract's own envelope, with a request id."""
        body = answer.json()
        assert answer.headers["content-type"] == "application/json"
        self._check_envelope(body, answer.headers["x-request-id"])
        if self in (LIBRECHAT, ASSISTANT_UI):
            return Refusal(answer.status_code, "", {})
        error = body["error"]
        assert set(error) - {"request_id"} <= {"message", "code", "details"}
        assert isinstance(error["message"], str)
        assert error["message"]
        return Refusal(answer.status_code, error["code"], error.get("details", {}))

    def _check_envelope(self, body: Json, request_id: str) -> None:
        if self is SITEASSIST:
            assert set(body) == {"error"}
        elif self in (LIBRECHAT, ASSISTANT_UI):
            assert {name: type(value) for name, value in body.items() if name != "details"} == {"error": str}
        elif self is PLAUDIT:
            assert (set(body), body["error"]["request_id"]) == ({"error"}, request_id)
        else:
            assert (set(body), body["success"]) == ({"success", "error", "meta"}, False)
            assert body["meta"]["requestId"] == request_id


SITEASSIST = Wire(
    "siteassist", "/v2/messages/{}/feedback", {"feedback": "like"}, {"feedback": "dislike"},
    ("x", "65a1f0c2d3e4b5a697887766", "{3f0c5a52-8a0e-4a5b-9d0e-6f1d2c3b4a59}", "3f0c5a528a0e4a5b9d0e6f1d2c3b4a59",
     "3f0c5a52-8a0e-4a5b-9d0e-6f1d2c3b4a5g"),
    lambda: str(uuid.uuid4()),
)
HANDAUNCLE = Wire(
    "handauncle", "/api/v1/user/messages/{}/feedback", {"rating": 1}, {"rating": -1},
    ("x", "65A1F0C2D3E4B5A697887766", "65a1f0c2d3e4b5a69788776", "65a1f0c2d3e4b5a6978877661",
     "3f0c5a52-8a0e-4a5b-9d0e-6f1d2c3b4a59"),
    lambda: secrets.token_hex(12),
)
PLAUDIT = Wire(
    "plaudit", "/v1/messages/{}/feedback", {"vote": "like"}, {"vote": "dislike"}, ("%00", "x" * 129),
    lambda: f"m-{secrets.token_hex(8)}",
)
LIBRECHAT = Wire(
    "librechat", "/librechat/api/messages/c-of-{0}/{0}/feedback", {"feedback": {"rating": "thumbsUp"}},
    {"feedback": {"rating": "thumbsDown"}}, ("%00", "x" * 129), lambda: f"m-{secrets.token_hex(8)}", "PUT",
)
ASSISTANT_UI = Wire(
    "assistant-ui", "/assistant-ui/v1/threads/c-of-{0}/messages/{0}/feedback", {"type": "positive"},
    {"type": "negative"}, ("%00", "x" * 129), lambda: f"m-{secrets.token_hex(8)}",
)
WIRES = (SITEASSIST, HANDAUNCLE)
