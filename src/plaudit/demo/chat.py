"""The demo's chat: an application like any other, with Plaudit for its thumbs.

It knows who asks, streams answers that were written long before, signs a receipt for each of them and registers what it
showed. It asks Plaudit over the network, as every back end does.
"""

import asyncio
import re
import secrets
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from plaudit.client import AsyncPlaudit, Guest, Message, Owner, User, Visitor
from plaudit.client.starlette import Thumbs
from plaudit.demo.words import WORDS
from plaudit.errors import Invalid
from plaudit.http import body

CONTRACTS = ("plaudit", "siteassist", "handauncle")
SUBJECT = "demo-user"
VISITOR_DEVICE = "demo-visitor"
GUEST_HEADERS = {"x-device-id": "demo-device-0001", "x-platform": "web", "x-user-id": "U-demo-0001"}
MODEL, PROMPT_VERSION = "demo-canned", "demo-chat"
ANSWERS = dict(WORDS["en"].exchanges)
NO_ANSWER = "Nobody has written an answer to that: no model is behind this page. The thumbs below are real."
QUESTION_LENGTH_MAX = 500
BODY_BYTES_MAX = 8 * 1024
WORD_SECONDS = 0.04
LATEST = 6  # votes

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Access:
    """What an application is given by whoever runs Plaudit; `user_token` stands for its identity provider."""

    url: str
    server_key: str = field(repr=False)
    receipt_key: str = field(repr=False)
    publishable_key: str
    issuer: str
    user_token: Callable[[], str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Asker:
    """One of the demo's people: whose the answers are, by which contract they are voted on, and what proves it."""

    owner: Owner
    contract: str
    conversation_id: str
    proof: Json

    def new_id(self) -> str:
        """HandAuncle's ids are 24 hexadecimal digits, SiteAssist's are UUIDs."""
        return secrets.token_hex(12) if self.contract == "handauncle" else str(uuid.uuid4())


class Chat:
    """The handlers of what the page asks. `who` is "user" or "guest", and `contract` one of CONTRACTS."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._plaudit = AsyncPlaudit(access.url, access.server_key, receipt_key=access.receipt_key, close_seconds=0.0)
        self._thumbs = Thumbs(self._plaudit, owner=_nobody)
        self._http = httpx2.AsyncClient(base_url=access.url, trust_env=False)
        self._key = {"authorization": f"Bearer {access.server_key}"}
        self._begun: set[str] = set()  # conversations

    async def aclose(self) -> None:
        await self._plaudit.close()
        await self._http.aclose()

    async def ask(self, request: Request) -> Response:
        asker, question = await self._asker(request), await _question(request)
        asked = Message(id=asker.new_id(), conversation_id=asker.conversation_id, owner=asker.owner, role="user",
                        content=question)
        await self._plaudit.register_now(asked)
        self._begun.add(asker.conversation_id)
        answer = self._thumbs.answer(asker.conversation_id, asker.owner, message_id=asker.new_id(), model=MODEL,
                                     prompt_version=PROMPT_VERSION, in_reply_to=asked.id, locale="en", platform="web")
        pieces = _word_by_word(ANSWERS.get(question, NO_ANSWER))
        return StreamingResponse(answer.stream(pieces), headers=answer.headers, media_type="text/plain")

    async def read(self, request: Request) -> Response:
        """What was said so far, oldest first."""
        asker = await self._asker(request)
        messages = []
        if asker.conversation_id in self._begun:
            messages = (await self._read(f"/v1/conversations/{asker.conversation_id}"))["messages"]
        return body.json_response({"conversation_id": asker.conversation_id, "messages": [
            {name: message[name] for name in ("id", "role", "content")} for message in messages]})

    async def proof(self, request: Request) -> Response:
        """What the page sends with a vote: a user's token is a fresh one each time."""
        return body.json_response((await self._asker(request)).proof)

    async def numbers(self, _request: Request) -> Response:
        """Of everything and of this page's answers, and the latest votes on these."""
        everything, page, votes = await asyncio.gather(
            self._read("/v1/analytics/summary"),
            self._read("/v1/analytics/summary", prompt_version=PROMPT_VERSION),
            self._read("/v1/feedback", prompt_version=PROMPT_VERSION, limit=LATEST))
        return body.json_response({"everything": everything, "page": page, "votes": votes["items"]})

    async def _read(self, path: str, **wanted: str | int) -> Json:
        answer = await self._http.get(path, params=wanted, headers=self._key)
        found: Json = answer.raise_for_status().json()
        return found

    async def _asker(self, request: Request) -> Asker:
        """Raises `Invalid`."""
        who, contract = (request.query_params.get(name, "") for name in ("who", "contract"))
        if who not in {"user", "guest"}:
            raise Invalid("who", "must be user or guest")
        if contract not in CONTRACTS:
            raise Invalid("contract", f"must be one of {', '.join(CONTRACTS)}")
        owner, proof = await self._known(who, contract)
        return Asker(owner, contract, _conversation_id(who, contract), proof)

    async def _known(self, who: str, contract: str) -> tuple[Owner, Json]:
        """Signed in, or by a device's headers, or as SiteAssist's widget introduces its visitors."""
        access = self._access
        if who == "user":
            return User(access.issuer, SUBJECT), {"token": access.user_token(), "headers": {}}
        if contract != "siteassist":
            return (Guest(GUEST_HEADERS["x-device-id"], GUEST_HEADERS["x-user-id"]),
                    {"token": None, "headers": GUEST_HEADERS})
        said = {"apiKey": access.publishable_key, "saVid": VISITOR_DEVICE}
        hello = (await self._http.post("/v2/identity/init", json=said)).raise_for_status().json()
        return Visitor(hello["visitor"]["id"]), {"token": hello["sessionToken"], "headers": {}}


def _nobody(_request: Request) -> None:
    """The page votes at Plaudit itself, through the contract that it shows."""


def _conversation_id(who: str, contract: str) -> str:
    """One for each, so that a page that is loaded again goes on."""
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"plaudit demo {who} {contract}")
    return name.hex[:24] if contract == "handauncle" else str(name)


async def _question(request: Request) -> str:
    """Raises `Invalid`, and as `body.read` and `body.json_object` do."""
    text = body.json_object(await body.read(request, BODY_BYTES_MAX)).get("text")
    if not isinstance(text, str) or not 0 < len(text) <= QUESTION_LENGTH_MAX or "\0" in text:
        raise Invalid("text", f"must be 1 to {QUESTION_LENGTH_MAX} characters, none of them NUL")
    return text


async def _word_by_word(text: str) -> AsyncIterator[str]:
    for piece in re.findall(r"\S+\s*", text):
        yield piece
        await asyncio.sleep(WORD_SECONDS)
