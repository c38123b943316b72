"""The client for asyncio: `async with AsyncPlaudit(url, key) as plaudit: …`"""

from collections.abc import AsyncIterator, Sequence
from typing import Self, TypeVar, Unpack

from plaudit.client import calls
from plaudit.client.calls import PAGE_SIZE_MAX, Call
from plaudit.client.nouns import (
    Feedback,
    FeedbackFilter,
    Guest,
    GuestHeaders,
    Linked,
    Message,
    OwnVote,
    Reason,
    Registered,
    RegisteredMessage,
    Revision,
    Submitted,
    User,
    Visitor,
    Vote,
)
from plaudit.client.offline import Offline, now
from plaudit.client.tasks import Courier, Http, run, sleep

T = TypeVar("T")


class AsyncPlaudit(Offline):
    """Of one event loop: the one in which it is used first. Every call that asks the server raises `PlauditError`."""

    def _begin(self) -> None:
        super()._begin()
        self._http = Http(self._endpoint)
        self._courier = Courier(self._http, self._outbox, self._deliver)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Send what waits, for `close_seconds` at the most, and drop the rest."""
        self._closed = True
        try:
            await self._courier.close(self._close_seconds)
        finally:
            await self._http.close()

    # ------------------------------------------------------------ messages

    def register(self, message: Message) -> bool:
        """Have a message registered soon, without waiting. False: the buffer is full, and it was dropped.

        Raises `Invalid` for what the server would refuse, `Closed`; `RuntimeError` outside of its event loop.
        """
        return self._courier.offer(self._line(message))

    async def flush(self, timeout_seconds: float = 30.0) -> bool:
        """Wait until all that was handed to `register` is stored or dropped. False: it is not yet."""
        return await self._courier.flush(timeout_seconds)

    async def register_now(self, message: Message) -> Registered:
        """Once it returns, the message is on the server's disk."""
        return await self.ask(calls.register_one(message, now(), self.server_key))

    async def message(self, message_id: str) -> RegisteredMessage:
        """Raises `NotFound`."""
        return await self.ask(calls.message(message_id, self.server_key))

    # ------------------------------------------------------------ votes

    async def submit(self, message_id: str, vote: Vote | None, *, comment: str | None = None,
                     reasons: Sequence[str] = (), token: str | None = None, guest: GuestHeaders | None = None,
                     receipt: str | None = None) -> Submitted:
        """Vote as whoever the token, the guest's headers or the bearer receipt prove; None removes the vote."""
        proof = calls.proof(token, guest, receipt)
        return await self.ask(calls.submit(message_id, vote, proof, comment=comment, reasons=reasons))

    async def my_feedback(self, conversation_id: str, *, token: str | None = None, guest: GuestHeaders | None = None
                          ) -> list[OwnVote]:
        """The voter's own votes in a conversation; none where it is somebody else's."""
        return await self.ask(calls.my_feedback(conversation_id, calls.proof(token, guest, None)))

    async def reasons(self, lang: str | None = None, *, token: str | None = None, guest: GuestHeaders | None = None
                      ) -> list[Reason]:
        """What may be given as a reason, in this language as far as the project has it."""
        return await self.ask(calls.my_reasons(lang, calls.proof(token, guest, None)))

    async def link(self, stranger: Guest | Visitor, user: User) -> Linked:
        """Make a guest's or a visitor's messages and votes the user's, for good. The same again changes nothing.

        Raises `Conflict` where they are another user's already.
        """
        return await self.ask(calls.link(stranger, user, self.server_key))

    async def feedback(self, *, page_size: int = PAGE_SIZE_MAX, **wanted: Unpack[FeedbackFilter]
                       ) -> AsyncIterator[Feedback]:
        """The votes that stand, newest change first, asked for page by page as they are needed."""
        cursor: str | None = None
        while True:
            page = await self.ask(calls.feedback_page(wanted, page_size, cursor, self.server_key))
            for item in page.items:
                yield item
            cursor = page.cursor
            if cursor is None:
                return

    async def history(self, message_id: str) -> list[Revision]:
        """Everything that was ever said of a message, removals too."""
        return await self.ask(calls.history(message_id, self.server_key))

    async def ask(self, call: Call[T], *, total_seconds: float | None = None) -> T:
        """What a call of `plaudit.client.calls` asks for. Raises `PlauditError`."""
        return await run(self._attempts(call, total_seconds), self._http.send, sleep)
