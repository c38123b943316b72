"""For applications on Starlette or FastAPI: a page votes through the application, whose own sign-in says who it is.

    thumbs = Thumbs(plaudit, owner=who_is_signed_in)
    app.mount("/plaudit", thumbs)            # the endpoint of the page's <plaudit-thumbs>

    shown = thumbs.answer(conversation_id, owner, model="gpt-x")
    return StreamingResponse(shown.stream(pieces), headers=shown.headers)

No key of Plaudit's reaches the page. What the page holds is a receipt for one message, which is worth nothing without
the application's own proof of who asks; here it is exchanged, for one request, for a bearer receipt of that owner.
"""

import inspect
import logging
import re
import time
import uuid
from asyncio import timeout
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Self, TypeVar, Unpack

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from plaudit.client import calls, receipts, wire
from plaudit.client.answers import Answer
from plaudit.client.awaiting import AsyncPlaudit
from plaudit.client.calls import RECEIPT, Call
from plaudit.client.errors import (
    NO_DETAILS,
    Forbidden,
    Invalid,
    NotFound,
    PlauditError,
    RateLimited,
    Unauthenticated,
    Unavailable,
    UnreadableAnswer,
)
from plaudit.client.nouns import (
    Facts,
    FeedbackFilter,
    Guest,
    GuestHeaders,
    Json,
    Message,
    Owner,
    OwnVote,
    Subject,
    User,
    Visitor,
)
from plaudit.client.offline import now
from plaudit.client.receipts import ReceiptKey

OwnerOf = Callable[[Request], Owner | Awaitable[Owner | None] | None]
AddressOf = Callable[[Request], str | None]

BODY_BYTES_MAX = 16 * 1024  # a thousand characters of comment, each of them escaped, and the rest
BODY_SECONDS = 10.0
BEARER_SECONDS = 60
BEARER_SECONDS_MAX = int(receipts.BEARER_LIFETIME_MAX.total_seconds())
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PASSED_HEADERS = ("content-type", "retry-after", "x-request-id", "www-authenticate")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
JSON = re.compile(r'application/json(?:\s*;\s*charset="?utf-?8"?)?', re.IGNORECASE)

log = logging.getLogger("plaudit.client")

T = TypeVar("T")


def peer(request: Request) -> str | None:
    """Who is connected: the page's own address where no proxy stands before the application."""
    return request.client.host if request.client else None


class Thumbs:
    """An ASGI application to mount, and what makes receipts for answers.

    `owner` says who asks, by the application's own means; None is answered with 401. `address` is told to Plaudit in
    X-Forwarded-For, so that its limits count pages and not the application: list the application among Plaudit's
    `trusted_proxies`. `former_receipt_keys`: what older pages' receipts may be signed with.
    """

    def __init__(self, plaudit: AsyncPlaudit, owner: OwnerOf, *, address: AddressOf = peer,
                 former_receipt_keys: Sequence[str] = (), total_seconds: float = 5.0) -> None:
        """Raises `Invalid` for a client without a receipt key."""
        self._plaudit = plaudit
        self._keys = [plaudit.receipt_key, *map(ReceiptKey, former_receipt_keys)]
        self._owner = owner
        self._address = address
        self._total_seconds = total_seconds
        self._router = Router([
            Route("/v1/messages/{message_id:path}/feedback", _answering(self._vote, "POST"), methods=METHODS),
            Route("/v1/me/feedback", _answering(self._own_votes, "GET", "HEAD"), methods=METHODS),
            Route("/v1/me/reasons", _answering(self._reasons, "GET", "HEAD"), methods=METHODS),
        ], redirect_slashes=False, default=_nothing)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._router(scope, receive, send)

    def answer(self, conversation_id: str, owner: Owner, *, message_id: str | None = None, **facts: Unpack[Facts]
               ) -> "ShownAnswer":
        """An answer that is about to be shown, with its receipt. Without a `message_id` it gets a UUID.

        Raises `Invalid`.
        """
        message = Message(id=message_id or str(uuid.uuid4()), conversation_id=conversation_id, owner=owner,
                          created_at=now(), **facts)
        return ShownAnswer(self._plaudit, message, self._plaudit.receipt_of(message))

    # ------------------------------------------------------------ what a page may ask

    async def _vote(self, request: Request) -> Answer:
        owner = await self._who(request)
        body = await _body(request)
        message_id = request.path_params["message_id"]
        receipt = await self._bearer_receipt(message_id, owner, request.headers.get(RECEIPT))
        path = f"/v1/messages/{calls.in_path(message_id, 'message_id')}/feedback"
        headers = {**self._told(request), RECEIPT: receipt, "Content-Type": calls.JSON}
        return await self._plaudit.ask(calls.passed_on("POST", path, headers, body), total_seconds=self._total_seconds)

    async def _own_votes(self, request: Request) -> Answer:
        """The asker's in one conversation, so that a page that is loaded anew shows them."""
        owner = await self._who(request)
        conversation_id = request.query_params.get("conversation", "")
        wire.check(conversation_id, wire.Id, "conversation")
        if isinstance(owner, Guest):
            votes = await self._votes_of_guest(owner, conversation_id, self._told(request))
        else:
            votes = await self._votes_of(owner, conversation_id)
        said = [{**asdict(vote), "updated_at": wire.instant(vote.updated_at, "updated_at")} for vote in votes]
        return Answer(OK, {"content-type": calls.JSON}, wire.to_json({"data": said}))

    async def _votes_of_guest(self, owner: Guest, conversation_id: str, told: Mapping[str, str]) -> list[OwnVote]:
        """As its device would ask; none where a device must show a token, which the application does not have."""
        proof = calls.proof(None, GuestHeaders(owner.device_id, owner.user_id), None)
        try:
            asked = calls.my_feedback(conversation_id, {**told, **proof})
            return await self._plaudit.ask(asked, total_seconds=self._total_seconds)
        except (Unauthenticated, Forbidden):
            return []

    async def _votes_of(self, owner: User | Visitor, conversation_id: str) -> list[OwnVote]:
        """What the key may read, and of that only what is the owner's: the application has no token of theirs."""
        wanted = FeedbackFilter(conversation_id=conversation_id)
        page = await self._by_key(partial(calls.feedback_page, wanted, calls.PAGE_SIZE_MAX, None))
        return [OwnVote(found.message_id, found.vote, found.comment, found.updated_at, found.reasons)
                for found in page.items if is_of(owner, found.subject)]

    async def _reasons(self, request: Request) -> Answer:
        """The project's, which are the same for everybody: any of the asker's receipts will do."""
        nothing = Message(id="-", conversation_id="-", owner=await self._who(request))
        proof = {RECEIPT: self._plaudit.receipt_of(nothing, lifetime=timedelta(seconds=BEARER_SECONDS), bearer=True)}
        query = calls.in_query(lang=request.query_params.get("lang", ""))
        asked = calls.passed_on("GET", f"/v1/me/reasons?{query}", {**self._told(request), **proof})
        return await self._plaudit.ask(asked, total_seconds=self._total_seconds)

    # ------------------------------------------------------------ who asks

    async def _who(self, request: Request) -> Owner:
        """Raises `Unauthenticated`."""
        found = self._owner(request)
        owner = await found if inspect.isawaitable(found) else found
        if owner is None:
            raise Unauthenticated
        return owner

    async def _bearer_receipt(self, message_id: str, owner: Owner, given: str | None) -> str:
        """That this message is this owner's, for a minute.

        Raises `Invalid` for a receipt that is none or another message's, `Forbidden` for another owner's, `NotFound`
        where nobody knows the message.
        """
        claims = self._read(message_id, given)
        if claims is None:
            claims = await self._registered(message_id, owner)
        elif claims.get("owner") != wire.owner(owner):
            claims = await self._taken_over(message_id, owner)
        return self._plaudit.receipt_key.sign({**claims, **_for_a_minute(claims["iat"])})

    def _read(self, message_id: str, receipt: str | None) -> Json | None:
        """What a receipt says; None where there is none that names a key of ours. Raises `Invalid`."""
        key = next((key for key in self._keys if receipt and key.signed(receipt)), None)
        if key is None or receipt is None:
            return None
        claims = key.read(receipt)
        if claims.get("message_id") != message_id:
            raise Invalid.field("receipt", "is another message's")
        return claims

    async def _taken_over(self, message_id: str, owner: Owner) -> Json:
        """Of a receipt from before its owner signed up and became this one. Whether that is so the server knows.

        Raises `Forbidden` where it does not even know the message.
        """
        try:
            return await self._registered(message_id, owner)
        except (NotFound, Invalid):
            raise Forbidden from None

    async def _registered(self, message_id: str, owner: Owner) -> Json:
        """What a receipt would say of a message that is registered. Whose it is is for the server to say."""
        known = await self._by_key(partial(calls.message, message_id))
        message = Message(id=message_id, conversation_id=known.conversation_id, owner=owner, role=known.role)
        return receipts.claims(message, self._plaudit.receipt_key.project, int(time.time()), None, bearer=True)

    async def _by_key(self, call: Callable[[str], Call[T]]) -> T:
        """What the application itself asks. Raises `Invalid` where it has no key, `Unavailable` for one that is not
        believed: a page cannot mend that."""
        if not self._plaudit.has_server_key:
            raise Invalid.field("receipt", "is missing")
        try:
            return await self._plaudit.ask(call(self._plaudit.server_key), total_seconds=self._total_seconds)
        except (Unauthenticated, Forbidden) as error:
            log.error("Plaudit refuses this application's key: %s", error)  # noqa: TRY400 - the trace says no more
            raise _not_our_day(error.request_id) from None

    def _told(self, request: Request) -> dict[str, str]:
        address = self._address(request)
        return {"X-Forwarded-For": address} if address else {}


@dataclass
class ShownAnswer:
    """An answer on its way to the page. When the block ends, it is registered with as much as was shown of it.

    A context manager; `stream` is one way to use it.
    """

    plaudit: AsyncPlaudit
    message: Message
    receipt: str
    _pieces: list[str] = field(default_factory=list, repr=False)
    _length: int = 0

    @property
    def headers(self) -> Mapping[str, str]:
        """For the response: what the page gives to its <plaudit-thumbs>."""
        return {"X-Message-Id": self.message.id, "X-Message-Receipt": self.receipt}

    def add(self, text: str) -> None:
        """What of it is shown now."""
        self._length += len(text)
        if self._length <= wire.CONTENT_LENGTH_MAX:
            self._pieces.append(text)

    async def stream(self, pieces: AsyncIterable[str]) -> AsyncIterator[str]:
        """The pieces as they come. Registers what was shown also when the page goes away or a piece fails to come."""
        with self:
            async for piece in pieces:
                self.add(piece)
                yield piece

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """An answer of which nothing was shown is none."""
        if not self._length:
            return
        whole = self._length <= wire.CONTENT_LENGTH_MAX
        content = _sayable("".join(self._pieces)) if whole else None
        try:
            self.plaudit.register(replace(self.message, content=content))
        except PlauditError:
            log.exception("Answer %s is shown but not registered; its receipt stands for it", self.message.id)


def _sayable(text: str) -> str:
    """Without what no database holds, and with the halves of a character that came in two pieces put together."""
    return (text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            .replace("\0", "\N{REPLACEMENT CHARACTER}"))


# ---------------------------------------------------------------- requests


async def _body(request: Request) -> bytes:
    """Raises `Invalid` for what is no JSON, for a page of another origin could send it unasked; for too much of it;
    and for what does not come."""
    if not JSON.fullmatch(request.headers.get("content-type", "").strip()):
        raise Invalid("Send the body as application/json", code="unsupported_media_type", status=415)
    body = bytearray()
    try:
        async with timeout(BODY_SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > BODY_BYTES_MAX:
                    raise Invalid(f"The body is larger than {BODY_BYTES_MAX} bytes", code="body_too_large", status=413)
    except (TimeoutError, ClientDisconnect):
        raise Invalid("The request took too long to arrive", code="request_timeout", status=408) from None
    return bytes(body)


def is_of(owner: User | Visitor, subject: Subject) -> bool:
    """The server writes UUIDs in lower case, and everything else as it was given."""
    if isinstance(owner, User):
        return subject == Subject(user=owner)
    return subject == Subject(visitor=Visitor(owner.id.lower() if UUID.fullmatch(owner.id) else owner.id))


def _for_a_minute(issued_at: int) -> Json:
    """A bearer receipt's times. Where it registers the message, that was shown when the page's receipt was made,
    unless that was too long ago for a bearer receipt to say."""
    expires_at = int(time.time()) + BEARER_SECONDS
    return {"iat": max(issued_at, expires_at - BEARER_SECONDS_MAX), "exp": expires_at, "bearer": True}


# ---------------------------------------------------------------- answers


def _answering(handle: Callable[[Request], Awaitable[Answer]], *allowed: str
               ) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        if request.method not in allowed:
            error = PlauditError("Method not allowed", code="method_not_allowed", status=405)
            return _refused(error, {"allow": ", ".join(allowed)})
        try:
            return _passed(await handle(request))
        except UnreadableAnswer as error:
            log.error("Somebody else has answered in Plaudit's place: %s", error)  # noqa: TRY400 - as above
            return _refused(_not_our_day(error.request_id))
        except PlauditError as error:
            return _refused(error)

    return answer


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    await _refused(NotFound("No such operation", code="route_not_found", status=404))(scope, receive, send)


OK, UNAUTHENTICATED, INTERNAL = 200, 401, 500
STATUSES: Mapping[type[PlauditError], int] = {
    Invalid: 422, Unauthenticated: 401, Forbidden: 403, NotFound: 404, RateLimited: 429, Unavailable: 503}


def _passed(answer: Answer) -> Response:
    """As Plaudit gave it; but that it does not believe the application is nothing that a page can mend."""
    if answer.status == UNAUTHENTICATED:
        log.error("Plaudit does not believe this application's receipts: %s", answer.body.decode(errors="replace"))
        return _refused(_not_our_day(answer.request_id))
    headers = {name: answer.headers[name] for name in PASSED_HEADERS if name in answer.headers}
    return Response(answer.body, answer.status, {**headers, "cache-control": "no-store"})


def _not_our_day(request_id: str | None) -> Unavailable:
    return Unavailable(code="dependency_down", status=502, request_id=request_id)


def _refused(error: PlauditError, headers: Mapping[str, str] = NO_DETAILS) -> Response:
    """In the shape in which Plaudit says no."""
    said = {"code": error.code, "message": error.message, **({"details": error.details} if error.details else {}),
            "request_id": error.request_id or f"req_{uuid.uuid4().hex[:16]}"}
    status = error.status or next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), INTERNAL)
    again = isinstance(error, Unavailable | RateLimited)
    later = {"retry-after": str(max(1, round(error.retry_after_seconds or 1)))} if again else {}
    return Response(wire.to_json({"error": said}), status, {**headers, **later, "cache-control": "no-store"},
                    calls.JSON)
