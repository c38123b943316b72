"""Votes that came before their message: they wait a moment for it, and those that waited in vain are counted.

A page may vote on an answer that the application is still registering. Whoever waits is woken by the registration
itself when it comes by this process, without asking anybody; another process's is looked for a few times, ever more
seldom.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from plaudit.model import Instant, Missed, MissedReason

WAITING_MAX = 1000  # votes at once; one more does not wait
REMEMBERED_MAX = 10_000  # messages that were looked for in vain
LATE_MILLISECONDS = 10 * 60 * 1000  # so long a message may yet come, to be told from one that never does
FIRST_PAUSE_SECONDS = 0.05  # before a look for what other processes registered; each further pause is twice as long
PAGES_MAX = 200  # that are told apart; votes on further ones are counted under no page
DAY_MILLISECONDS = 24 * 60 * 60 * 1000

Key = tuple[str, str]  # project, message
IsThere = Callable[[], Awaitable[bool]]


class Arrivals:
    """To be used on one event loop."""

    def __init__(self, seconds: float, *, others_register: bool) -> None:
        """`seconds`: how long a vote waits; 0: not at all. `others_register`: there may be other processes."""
        self._pauses = list(_pauses(seconds)) if others_register else [seconds]
        self._seconds = seconds
        self._others_register = others_register
        self._waiting: dict[Key, set[asyncio.Event]] = {}
        self._waiters = 0
        self._refused: OrderedDict[Key, tuple[Instant, str]] = OrderedDict()
        self._pages: set[tuple[str, str]] = set()
        self._untold: Counter[Missed] = Counter()
        self.missed: Counter[Missed] = Counter()  # since the start

    async def wait(self, key: Key, is_there: IsThere) -> bool:
        """Has the message come? Returns at once when too many wait already."""
        if not self._seconds or self._waiters >= WAITING_MAX:
            return False
        with self._expecting(key) as event:
            if await is_there():  # it came while it was looked for
                return True
            for pause in self._pauses:
                if await _is_set(event, pause) or (self._others_register and await is_there()):
                    return True
        return False

    def arrived(self, keys: Iterable[Key], now: Instant) -> None:
        """These messages are registered now."""
        for key in keys:
            for event in self._waiting.get(key, ()):
                event.set()
            if key in self._refused:
                self._told(key, now)

    def refused(self, key: Key, page: str, now: Instant) -> None:
        """A vote found no message. What became of that is counted once it is known."""
        self._refused.setdefault(key, (now, page))
        self.expire(now)

    def expire(self, now: Instant) -> None:
        """Messages that did not come for ten minutes never will; nor do more than `REMEMBERED_MAX` of them."""
        while self._refused:
            key, (since, _) = next(iter(self._refused.items()))
            if len(self._refused) <= REMEMBERED_MAX and now - since <= LATE_MILLISECONDS:
                return
            self._told(key, None)

    def take(self) -> Mapping[Missed, int]:
        """What was counted since the last time, to be stored; `give_back` what could not be."""
        taken, self._untold = self._untold, Counter()
        return taken

    def give_back(self, taken: Mapping[Missed, int]) -> None:
        self._untold.update(taken)

    def _told(self, key: Key, arrived: Instant | None) -> None:
        since, page = self._refused.pop(key)
        late = arrived is not None and arrived - since <= LATE_MILLISECONDS
        missed = Missed(key[0], since // DAY_MILLISECONDS, MissedReason.LATE if late else MissedReason.NEVER,
                        self._known_page(key[0], page))
        self._untold[missed] += 1
        self.missed[missed] += 1

    def _known_page(self, project_id: str, page: str) -> str:
        if (project_id, page) not in self._pages:
            if len(self._pages) >= PAGES_MAX:
                return ""
            self._pages.add((project_id, page))
        return page

    @contextmanager
    def _expecting(self, key: Key) -> Iterator[asyncio.Event]:
        event = asyncio.Event()
        self._waiting.setdefault(key, set()).add(event)
        self._waiters += 1
        try:
            yield event
        finally:
            self._waiters -= 1
            self._waiting[key].discard(event)
            if not self._waiting[key]:
                del self._waiting[key]


def _pauses(seconds: float) -> Iterator[float]:
    pause = FIRST_PAUSE_SECONDS
    while seconds > 0:
        yield min(pause, seconds)
        seconds -= pause
        pause *= 2


async def _is_set(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
