"""What a transaction changes in the totals: an answer that was shown, a vote that came, changed or went.

Each change belongs to the hour at which its answer was shown and to the answer's cell, the combination of what it is
told apart by; so whatever becomes of a vote, it is counted beside the answer that it judges.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from plaudit.counts import BUCKETS
from plaudit.model import Instant, Message
from plaudit.store.lanes import DISLIKES, LIKES, MEASURES, SHOWN
from plaudit.store.plans import Row
from plaudit.store.rows import from_json, to_json
from plaudit.store.zones import hour_of

UTC = "UTC"
REASON = "reason:"  # and its id, in place of an auth level: votes that gave it, counted by their auth level as well
CHANGE_WIDTH = 1 + len(MEASURES)  # a bucket's number, then what has changed of each measure

# Plain tuples: a vote's way makes some of each. A cell is a model, a prompt version, arms as JSON, a locale and a
# platform; an answer is its project, when it was shown, and its cell; a vote is counted as like or dislike, with or
# without a comment, by its auth level, and by each of its reasons.
Cell = tuple[str | None, str | None, str, str | None, str | None]
Answer = tuple[str, Instant, str | None, str | None, str, str | None, str | None]
Counted = tuple[int, bool, str, tuple[str, ...]]


class Place(NamedTuple):
    """Where a change is counted. `auth_level` and `commented` are the vote's; empty and false for what was shown. What
    is counted by a reason has that in place of its auth level, see `REASON`."""

    project_id: str
    hour: Instant
    cell: int
    auth_level: str
    commented: bool


class Tally:
    """The changes of one transaction. `zones`: the time zone of each project where it is not UTC."""

    def __init__(self, zones: Mapping[str, str]) -> None:
        self._zones = zones
        self._changes: dict[Place, dict[int, list[int]]] = {}

    def shown(self, answer: Answer, owner: str, by: int = 1) -> None:
        self._add(self._place(answer, "", commented=False), owner, SHOWN, by)

    def voted(self, answer: Answer, subject: str, before: Counted | None, after: Counted | None) -> None:
        """A vote is no longer counted as it was before, but as it is now."""
        if before == after:
            return
        for counted_as, by in ((before, -1), (after, 1)):
            if counted_as:
                vote, commented, auth_level, reasons = counted_as
                measure = LIKES if vote > 0 else DISLIKES
                self._add(self._place(answer, auth_level, commented=commented), subject, measure, by)
                for reason in reasons:
                    self._add(self._place(answer, REASON + reason, commented=False), subject, measure, by)

    def text(self) -> str | None:
        """For `totals_changes.changes`: each place, and its buckets' changes in a row. None: nothing has changed."""
        changes = [(*place, [number for change in buckets.values() if any(change[1:]) for number in change])
                   for place, buckets in self._changes.items()]
        left = [change for change in changes if change[-1]]
        return to_json(left) if left else None

    def _place(self, answer: Answer, auth_level: str, *, commented: bool) -> Place:
        return _place(answer, auth_level, self._zones.get(answer[0], UTC), commented=commented)

    def _add(self, place: Place, subject: str, measure: int, by: int) -> None:
        bucket = bucket_of(subject)
        buckets = self._changes.setdefault(place, {})
        buckets.setdefault(bucket, [bucket, 0, 0, 0])[1 + measure] += by


def read_changes(text: str) -> Iterable[tuple[Place, Sequence[int]]]:
    """What `Tally.text` wrote."""
    for *place, buckets in _decode(text):
        yield Place(*place), buckets


def counted(vote: int | None, commented: int | None, auth_level: str | None, reasons: str | None = None
            ) -> Counted | None:
    """None: there is nothing to count. `commented` is a truth as SQLite has it, `reasons` is JSON."""
    if not vote or not auth_level:
        return None
    return vote, bool(commented), auth_level, tuple(from_json(reasons)) if reasons else ()


def answer_of(message: Message) -> Answer:
    return (message.project_id, message.created_at, message.model, message.prompt_version, to_json(message.arms),
            message.locale, message.platform)


def cell_of(answer: Answer) -> Cell:
    return answer[2:]


def cell_row(project_id: str, cell: Cell) -> Row:
    return (project_id, cell_id(cell), *_sorted(cell))


def cell_bindings(project_id: str, cell: Cell) -> dict[str, Any]:
    names = ("project_id", "cell", "model", "prompt_version", "arms", "locale", "platform")
    return dict(zip(names, cell_row(project_id, cell), strict=True))


@lru_cache(maxsize=65_536)
def bucket_of(subject: str) -> int:
    """The same for ever and everywhere: intervals are made by leaving out one bucket of people at a time."""
    return blake2b(subject.encode(), digest_size=1, person=b"plaudit.bucket").digest()[0] % BUCKETS


@lru_cache(maxsize=8192)
def cell_id(cell: Cell) -> int:
    """63 bits of a hash over what the cell is, in whatever order its arms came."""
    values = to_json(_sorted(cell)).encode()
    return int.from_bytes(blake2b(values, digest_size=8, person=b"plaudit.cell").digest()) >> 1


@lru_cache(maxsize=65_536)
def _place(answer: Answer, auth_level: str, zone: str, *, commented: bool) -> Place:
    return Place(answer[0], hour_of(answer[1], zone), cell_id(cell_of(answer)), auth_level, commented)


def _sorted(cell: Cell) -> Cell:
    model, prompt_version, arms, locale, platform = cell
    return model, prompt_version, to_json(dict(sorted(from_json(arms).items()))), locale, platform


_decode: Any = msgspec.json.Decoder(list[tuple[str, int, int, str, bool, list[int]]]).decode
