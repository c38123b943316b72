"""What both clients do without a network: they sign receipts, and write down what is to be registered."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ssl import SSLContext
from typing import TypeVar, Unpack

from plaudit.client import receipts
from plaudit.client.calls import Call, in_header
from plaudit.client.connection import Endpoint
from plaudit.client.errors import Closed, Invalid
from plaudit.client.nouns import Facts, Message, Owner
from plaudit.client.outbox import Batching, Counts, Dropped, Line, Outbox, deliver
from plaudit.client.receipts import ReceiptKey
from plaudit.client.retries import Patience, Steps, attempts
from plaudit.client.wire import registration, to_json

DEFAULT_BATCHING = Batching()

T = TypeVar("T")


class Offline:
    """`key`: a server key, for registering, linking and reading. `receipt_key`: for receipts.

    `timeout_seconds` bounds one attempt, `total_seconds` a call with all of its repetitions, `close_seconds` the time
    in which closing still sends what waits. `on_dropped` hears of each message that will not be registered.
    """

    def __init__(self, url: str, key: str | None = None, *, receipt_key: str | None = None,
                 timeout_seconds: float = 10.0, total_seconds: float = 30.0, close_seconds: float = 5.0,
                 batching: Batching = DEFAULT_BATCHING, on_dropped: Callable[[Dropped], None] | None = None,
                 verify: SSLContext | bool = True, trust_env: bool = True) -> None:
        """Raises `Invalid` for a URL, a key or a receipt key that can be none."""
        if key is not None:
            in_header(key, "key")  # a line's end from a file, for instance
        self._endpoint = Endpoint.at(url, verify=verify, trust_env=trust_env)
        self._server_key = key
        self._receipt_key = ReceiptKey(receipt_key) if receipt_key else None
        self._patience = Patience(total_seconds, min(timeout_seconds, total_seconds))
        self._close_seconds = close_seconds
        self._batching = batching
        self._on_dropped = on_dropped
        self._begin()

    def _begin(self) -> None:
        """With nothing waiting and no connection."""
        self._closed = False
        self._outbox = Outbox(self._batching, self._on_dropped)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._endpoint.url!r})"

    @property
    def counts(self) -> Counts:
        """What became of the messages that were handed to `register`."""
        return self._outbox.counts

    @property
    def dropped(self) -> int:
        """How many messages that were handed to `register` will not be registered."""
        return self.counts.dropped

    def receipt(self, message_id: str, conversation_id: str, owner: Owner, *, lifetime: timedelta | None = None,
                bearer: bool = False, **facts: Unpack[Facts]) -> str:
        """A signed statement that this message was shown to its owner; to be sent with the vote. Asks nobody.

        Of the content only its SHA-256 is in it. A `bearer` receipt is proof by itself: whoever holds it votes as the
        owner. Without a `lifetime` it is good for 90 days, a bearer receipt for 7. Raises `Invalid`.
        """
        message = Message(id=message_id, conversation_id=conversation_id, owner=owner, **facts)
        return self.receipt_of(message, lifetime=lifetime, bearer=bearer)

    def receipt_of(self, message: Message, *, lifetime: timedelta | None = None, bearer: bool = False) -> str:
        """`receipt` for a message that is to be registered as well. Raises `Invalid`."""
        key = self.receipt_key
        return key.sign(receipts.claims(message, key.project, int(time.time()), lifetime, bearer=bearer))

    @property
    def receipt_key(self) -> ReceiptKey:
        """Raises `Invalid` when there is none."""
        if self._receipt_key is None:
            raise Invalid.field("receipt_key", "is missing; `plaudit key new --receipts` makes one")
        return self._receipt_key

    @property
    def has_server_key(self) -> bool:
        return self._server_key is not None

    @property
    def server_key(self) -> str:
        """Raises `Invalid` when there is none."""
        if self._server_key is None:
            raise Invalid.field("key", "is missing; `plaudit key new` makes one")
        return self._server_key

    def _line(self, message: Message) -> Line:
        """As it is now: whatever becomes of the caller's dictionaries. Raises `Invalid`."""
        _ = self.server_key
        return Line(message, to_json(registration(message, now())))

    def _attempts(self, call: Call[T], total_seconds: float | None = None) -> Steps[T]:
        """Raises `Closed`."""
        if self._closed:
            raise Closed
        patience = self._patience.within(total_seconds) if total_seconds is not None else self._patience
        return attempts(call, patience, time.monotonic, random.random)

    def _deliver(self) -> Steps[None]:
        return deliver(self._outbox, self.server_key, self._patience, random.random)


def now() -> datetime:
    return datetime.now(UTC)
