"""The fault tests' people as voters who go on whatever they are told, and what they were told when."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from answers import Connection, Gone
from load import Person, say_next
from register import Register
from serving import Plaudit

PAUSE_SECONDS = 0.05  # between a person's votes: a load, not a benchmark
ACCEPTED = "200"
REMOVED = "200 to a removal"  # no proof that anything can be written: what is removed may not have been there
NO_ANSWER = "connection lost"


@dataclass(slots=True)
class Voting:
    """People who vote while the block runs and go on whatever they are told."""

    server: Plaudit
    people: Sequence[Person]
    register: Register
    told: list[tuple[float, str]] = field(default_factory=list)  # when, and the answer's status
    _stopped: bool = False
    _clients: list[asyncio.Task[None]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self._clients = [asyncio.create_task(self._client(person)) for person in self.people]
        return self

    async def __aexit__(self, _kind: type[BaseException] | None, _error: BaseException | None,
                        _traceback: TracebackType | None) -> None:
        self._stopped = True
        async with asyncio.timeout(60):
            await asyncio.gather(*self._clients)

    async def _client(self, person: Person) -> None:
        connection = None
        for message_id in itertools.cycle(person.message_ids):
            if self._stopped:
                break
            try:
                connection = connection or await Connection.to(self.server.port)
                status = await self._say(connection, person, message_id)
            except Gone:
                connection, status = None, NO_ANSWER
            self.told.append((time.monotonic(), status))
            await asyncio.sleep(PAUSE_SECONDS)
        if connection:
            await connection.close()

    async def _say(self, connection: Connection, person: Person, message_id: str) -> str:
        """Raises `Gone`."""
        status = str((await say_next(connection, person, message_id, self.register)).status)
        vote, _ = self.register.attempts[message_id][-1].value
        return REMOVED if status == ACCEPTED and vote is None else status

    def accepted_since(self, instant: float) -> bool:
        return any(status == ACCEPTED for when, status in reversed(self.told) if when > instant)

    def gap(self) -> tuple[float, float]:
        """The longest time without a vote accepted: from when, until when."""
        accepted = [when for when, status in self.told if status == ACCEPTED]
        return max(itertools.pairwise(accepted), key=lambda pair: pair[1] - pair[0])

    def answers(self, since: float, until: float) -> Counter[str]:
        return Counter(status for when, status in self.told if since < when < until)
