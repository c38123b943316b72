"""What both stores do alike: every method of `ports.Store` but `submit` is a plan, run in one transaction."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import ParamSpec, TypeVar

from plaudit.counts import Counted, Dimension, Grouping, Selection
from plaudit.deeds import Action, AuditEntry, Deed, Review, ReviewFilter, ReviewItem
from plaudit.errors import Conflict
from plaudit.events import NOBODY, Backlog, DeadLetter, Delivery, Endpoint, Endpoints, Settled
from plaudit.exported import ExportPage, Moment, Position
from plaudit.imported import Told, Verdict
from plaudit.model import (
    Conversation,
    Feedback,
    FeedbackFilter,
    Instant,
    Linked,
    Message,
    Missed,
    Page,
    Project,
    RatedMessage,
    Role,
    Subject,
)
from plaudit.people import Erased, Held, Kept, Person, Traces
from plaudit.ports import DeviceBinding, Registered
from plaudit.store import (
    auditing,
    erasing,
    exporting,
    folding,
    histories,
    importing,
    linking,
    outbox,
    people,
    reads,
    retaining,
    reviewing,
    totals,
    writes,
)
from plaudit.store.plans import Steps
from plaudit.store.tally import UTC

UTC_EVERYWHERE: Mapping[str, str] = MappingProxyType({})
ERASED_AGAIN_MAX = 5  # for what comes meanwhile: whoever goes on registering is not waited for
REGISTER_CHUNK = 500  # messages a write: votes get their turn between two chunks

P = ParamSpec("P")
T = TypeVar("T")


class PlannedStore(ABC):
    def __init__(self, now: Callable[[], Instant], zones: Mapping[str, str], endpoints: Endpoints = NOBODY) -> None:
        """`zones`: the time zone of each project where it is not UTC. `endpoints`: who is to be told of votes."""
        self._now = now
        self._zones = zones
        self._endpoints = endpoints

    @abstractmethod
    async def _read(self, steps: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a plan in one snapshot. Raises `Unavailable`."""

    @abstractmethod
    async def _search(self, steps: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """`_read` for a plan that walks through all that somebody was ever shown: others must not wait for it."""

    @abstractmethod
    async def _write(self, steps: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a plan in one transaction and return when it is on stable storage. Raises `Unavailable`."""

    async def register(self, messages: Sequence[Message]) -> list[Registered | Conflict]:
        outcomes: list[Registered | Conflict] = []
        for project_id, group in groupby(messages, lambda message: message.project_id):
            own = list(group)
            for start in range(0, len(own), REGISTER_CHUNK):
                outcomes += await self._write(
                    writes.register, project_id, own[start:start + REGISTER_CHUNK], self._zones)
        return outcomes

    async def link(self, project_id: str, owner: Subject, user: Subject, now: Instant) -> Linked:
        it = linking.Link(project_id, owner, user, now)
        return await self._write(linking.link, it, self._zones, self._endpoints)

    async def linked(self, project_id: str, subject: Subject) -> Subject | None:
        return (await self._read(linking.read_links, project_id, [subject])).get(subject)

    async def create_conversation(self, conversation: Conversation) -> None:
        await self._write(writes.create_conversation, conversation)

    async def visitor(self, project_id: str, device_hash: str, new_id: str, now: Instant) -> tuple[str, bool]:
        return await self._write(writes.visitor, project_id, device_hash, new_id, now)

    async def bind_device(self, project_id: str, user_hash: str, device_hash: str, now: Instant, *, only_first: bool
                          ) -> DeviceBinding:
        return await self._write(writes.bind_device, project_id, user_hash, device_hash, now, only_first=only_first)

    async def device_token_seen(self, project_id: str, user_hash: str, device_hash: str, now: Instant) -> None:
        await self._write(writes.device_token_seen, project_id, user_hash, device_hash, now)

    async def audit(self, project_id: str, deed: Deed) -> None:
        await self._write(auditing.append, project_id, deed)

    async def audit_settings(self, project: Project, now: Instant) -> None:
        if await self._read(auditing.changed_settings, project):
            await self._write(auditing.append_settings, project, now)

    async def audit_log(self, project_id: str, *, action: Action | None = None, after: int = 0, limit: int
                        ) -> list[AuditEntry]:
        return await self._read(auditing.log, project_id, action=action, after=after, limit=limit)

    async def count_missed(self, missed: Mapping[Missed, int]) -> None:
        await self._write(writes.count_missed, missed)

    async def missed(self, project_id: str, since_day: int) -> dict[Missed, int]:
        return await self._read(reads.missed, project_id, since_day)

    async def traces(self, project_id: str, person: Person) -> Traces:
        return await self._search(people.traces, project_id, person)

    async def held(self, project_id: str, conversation_id: str, *, limit: int, offset: int) -> list[Held]:
        return await self._search(people.held, project_id, conversation_id, limit=limit, offset=offset)

    async def erase(self, project_id: str, person: Person, deed: Deed, *, removes_votes: bool) -> Erased:
        it, erased = erasing.Erasure(project_id, person, deed, removes_votes), Erased()
        for _ in range(ERASED_AGAIN_MAX):
            traces = await self.traces(project_id, person)
            if not traces:
                break
            more = True
            while more:
                part = await self._write(erasing.erase, it, traces, self._zones)
                erased, more = erased + part, part.more
        return erased

    async def forget_old(self, project_id: str, what: Kept, before: Instant, after: Position | str | None = None
                         ) -> Position | str | None:
        old = await self._search(retaining.old, project_id, what, before, after)
        if old.found:
            await self._write(retaining.forget, project_id, what, before, old.found, self._zones)
        return old.after

    @abstractmethod
    async def purge(self, bytes_max: int | None = None) -> bool: ...

    async def check(self) -> None:
        await self._write(writes.readiness, self._now())

    async def message(self, project_id: str, message_id: str) -> Message | None:
        return await self._read(reads.message, project_id, message_id)

    async def conversation(self, project_id: str, conversation_id: str) -> Conversation | None:
        return await self._read(reads.conversation, project_id, conversation_id)

    async def conversations(self, project_id: str, owner: Subject, *, order_by: str, descending: bool, limit: int,
                            offset: int, search: str | None = None) -> tuple[int, list[Conversation]]:
        run = self._search if search else self._read
        return await run(reads.conversations, project_id, owner, order_by=order_by, descending=descending, limit=limit,
                         offset=offset, search=search)

    async def conversation_messages(self, project_id: str, conversation_id: str, *, role: Role | None, limit: int,
                                    offset: int = 0, before: str | None = None, descending: bool = False
                                    ) -> tuple[int, list[RatedMessage]]:
        return await self._read(reads.conversation_messages, project_id, conversation_id, role=role, limit=limit,
                                offset=offset, before=before, descending=descending)

    async def feedback(self, project_id: str, wanted: FeedbackFilter, *, limit: int, cursor: str | None
                       ) -> Page[RatedMessage]:
        return await self._read(reads.feedback, project_id, wanted, limit=limit, cursor=cursor)

    async def history(self, project_id: str, message_id: str) -> list[Feedback]:
        return await self._read(reads.history, project_id, message_id)

    async def counts(self, project_id: str, selection: Selection, groupings: Sequence[Grouping]
                     ) -> list[list[Counted]]:
        zone = self._zones.get(project_id, UTC)
        return await self._read(totals.counts, project_id, selection, groupings, zone)

    async def dimensions(self, project_id: str) -> dict[Dimension, list[str]]:
        return await self._read(totals.dimensions, project_id)

    async def fold(self) -> bool:
        """Fold some of what was counted since into the totals, so that they stay quick to add up; is there more?"""
        return await self._read(folding.anything_to_fold) and await self._write(folding.fold, self._zones)

    async def review_queue(self, project_id: str, wanted: ReviewFilter, *, limit: int, cursor: str | None
                           ) -> Page[ReviewItem]:
        run = self._read if wanted.search is None else self._search
        return await run(reviewing.queue, project_id, wanted, limit=limit, cursor=cursor)

    async def review(self, project_id: str, message_id: str, subject: Subject, revision: int, review: Review | None,
                     *, deed: Deed | None = None) -> None:
        await self._write(reviewing.review, project_id, message_id, subject, revision, review, deed=deed)

    async def reviews(self, project_id: str, message_id: str) -> list[tuple[Subject, int, Review]]:
        return await self._read(reviewing.reviews, project_id, message_id)

    async def claim(self, endpoint: Endpoint, busy: Collection[int], limit: int) -> list[Delivery]:
        while wanted := await self._read(outbox.due, endpoint, busy, limit, self._now()):
            if claimed := await self._write(outbox.claim, wanted, self._now() + outbox.CLAIM_MILLISECONDS):
                return claimed  # else another process was quicker, and may have left something
        return []

    async def settle(self, settled: Sequence[Settled]) -> None:
        await self._write(outbox.settle, settled)

    async def backlogs(self) -> list[Backlog]:
        return await self._search(outbox.backlogs)

    async def dead_letters(self, endpoint_id: str, *, after: int, limit: int) -> list[DeadLetter]:
        return await self._read(outbox.dead_letters, endpoint_id, after, limit)

    async def replay(self, endpoint_id: str, seqs: Sequence[int]) -> int:
        return await self._write(outbox.replay, endpoint_id, seqs)

    async def judge_import(self, project_id: str, given: Sequence[Told]) -> list[Verdict]:
        return await self._read(importing.judge, project_id, given)

    async def write_import(self, project_id: str, given: Sequence[Told]) -> list[Verdict]:
        return await self._write(importing.write, project_id, given, self._zones)

    async def export_moment(self, project_id: str) -> Moment:
        return await self._search(exporting.moment, project_id, self._now())

    async def export_size(self, project_id: str, moment: Moment, after: Position) -> int:
        return await self._search(exporting.entries_after, project_id, moment, after)

    async def export_position(self, project_id: str, moment: Moment, after: Position, entries: int) -> Position | None:
        return await self._search(exporting.position_after, project_id, moment, after, entries)

    async def export(self, project_id: str, wanted: Selection, moment: Moment, after: Position, entries: int, *,
                     until: Position | None = None) -> ExportPage:
        return await self._search(exporting.votes, project_id, wanted, moment, after, entries=entries, until=until)

    async def export_histories(self, project_id: str, wanted: Selection, moment: Moment, after: Position, entries: int,
                               *, until: Position | None = None) -> ExportPage:
        return await self._search(histories.votes, project_id, wanted, moment, after, entries=entries, until=until)
