"""The client for code that waits: `with Plaudit(url, key) as plaudit: …`"""

import atexit
import os
from collections.abc import Iterator, Sequence
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
from plaudit.client.threads import Courier, Http, run, sleep

T = TypeVar("T")

_open: "set[Plaudit]" = set()


class Plaudit(Offline):
    """May be used by several threads. Every call that asks the server raises `PlauditError`."""

    def _begin(self) -> None:
        super()._begin()
        self._http = Http(self._endpoint)
        self._courier = Courier(self._endpoint, self._outbox, self._deliver)
        _open.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Send what waits, for `close_seconds` at the most, and drop the rest. Done at the interpreter's end, too."""
        self._closed = True
        _open.discard(self)
        try:
            self._courier.close(self._close_seconds)
        finally:
            self._http.close()

    # ------------------------------------------------------------ messages

    def register(self, message: Message) -> bool:
        """Have a message registered soon, without waiting. False: the buffer is full, and it was dropped.

        Raises `Invalid` for what the server would refuse, `Closed`.
        """
        return self._courier.offer(self._line(message))

    def flush(self, timeout_seconds: float = 30.0) -> bool:
        """Wait until all that was handed to `register` is stored or dropped. False: it is not yet."""
        return self._courier.flush(timeout_seconds)

    def register_now(self, message: Message) -> Registered:
        """Once it returns, the message is on the server's disk."""
        return self.ask(calls.register_one(message, now(), self.server_key))

    def message(self, message_id: str) -> RegisteredMessage:
        """Raises `NotFound`."""
        return self.ask(calls.message(message_id, self.server_key))

    # ------------------------------------------------------------ votes

    def submit(self, message_id: str, vote: Vote | None, *, comment: str | None = None, reasons: Sequence[str] = (),
               token: str | None = None, guest: GuestHeaders | None = None, receipt: str | None = None) -> Submitted:
        """Vote as whoever the token, the guest's headers or the bearer receipt prove; None removes the vote."""
        proof = calls.proof(token, guest, receipt)
        return self.ask(calls.submit(message_id, vote, proof, comment=comment, reasons=reasons))

    def my_feedback(self, conversation_id: str, *, token: str | None = None, guest: GuestHeaders | None = None
                    ) -> list[OwnVote]:
        """The voter's own votes in a conversation; none where it is somebody else's."""
        return self.ask(calls.my_feedback(conversation_id, calls.proof(token, guest, None)))

    def reasons(self, lang: str | None = None, *, token: str | None = None, guest: GuestHeaders | None = None
                ) -> list[Reason]:
        """What may be given as a reason, in this language as far as the project has it."""
        return self.ask(calls.my_reasons(lang, calls.proof(token, guest, None)))

    def link(self, stranger: Guest | Visitor, user: User) -> Linked:
        """Make a guest's or a visitor's messages and votes the user's, for good. The same again changes nothing.

        Raises `Conflict` where they are another user's already.
        """
        return self.ask(calls.link(stranger, user, self.server_key))

    def feedback(self, *, page_size: int = PAGE_SIZE_MAX, **wanted: Unpack[FeedbackFilter]) -> Iterator[Feedback]:
        """The votes that stand, newest change first, asked for page by page as they are needed."""
        cursor: str | None = None
        while True:
            page = self.ask(calls.feedback_page(wanted, page_size, cursor, self.server_key))
            yield from page.items
            cursor = page.cursor
            if cursor is None:
                return

    def history(self, message_id: str) -> list[Revision]:
        """Everything that was ever said of a message, removals too."""
        return self.ask(calls.history(message_id, self.server_key))

    def ask(self, call: Call[T], *, total_seconds: float | None = None) -> T:
        """What a call of `plaudit.client.calls` asks for. Raises `PlauditError`."""
        return run(self._attempts(call, total_seconds), self._http.send, sleep)


def _begin_anew() -> None:
    """A child has neither the parent's thread nor a right to its connections; what waits is sent by the parent."""
    for client in list(_open):
        client._begin()  # noqa: SLF001 - it is this class's own


def _close_all() -> None:
    for client in list(_open):
        client.close()


atexit.register(_close_all)
os.register_at_fork(after_in_child=_begin_anew)
