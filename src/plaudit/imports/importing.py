"""The use case: a file is read and judged as a whole, then written.

GUARANTEE. Nothing is written before all of the file was read and held against itself and the database, and nothing of
it if something was not understood, unless that may be left out. Then a few answers are written at a time, in the order
of their votes, each with all of its votes in one transaction. Whoever runs an interrupted import again finds what is
there, and adds the rest; run once more, it finds everything there.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import NamedTuple, Protocol

from plaudit import rules
from plaudit.errors import Invalid, MalformedBody
from plaudit.imported import Chain, Told, Verdict
from plaudit.imports.files import Record
from plaudit.imports.piece import Context, Piece
from plaudit.imports.staging import Staging
from plaudit.model import Feedback, Role
from plaudit.ports import Store

NOBODY = "names nobody, and the answer is not known here"
A_USERS = "is of a message that a user wrote, and only answers can be rated"
TWICE = "the file has this vote before, and it says something else there"
FOLDED_BATCHES = 40  # between two times that what they changed is folded into the totals

Understand = Callable[[bytes, Context], Piece]


Go = Callable[[str, Sequence[Told]], Awaitable[list[Verdict]]]


class Totalling(Store, Protocol):
    """A store whose totals nobody else may be folding."""

    async def fold(self) -> bool: ...


class Progress(Protocol):
    def start(self, what: str, table: str, rows: int, done_rows: int) -> None: ...

    def advance(self, rows: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Found:
    """Of the history's entries that a file tells of: how many are to be written, and how many are there already."""

    new: int = 0
    there: int = 0


class _Merged(NamedTuple):
    """All that a file tells of an answer, as one, and where."""

    told: Told
    places: Sequence[int]


class Import:
    def __init__(self, store: Totalling, context: Context, understand: Understand, staging: Staging) -> None:
        self._store = store
        self._context = context
        self._understand = understand
        self._staging = staging

    async def read(self, records: Iterable[Record], position: Callable[[], int], progress: Progress) -> None:
        """Stage what is understood. `position`: how many bytes were read. Raises `Unreadable`, `Unavailable`."""
        before = 0
        for place, json, problem in records:
            piece, refused = (None, problem) if json is None else await self._piece(json)
            if piece and json:
                self._staging.add(place, piece, json)
            else:
                self._staging.refuse([place], refused)
            if (now := position()) > before:
                progress.advance(now - before)
                before = now
        self._staging.settle()

    async def judge(self, progress: Progress) -> Found:
        """Held against the database; what it contradicts is refused. Raises `Unavailable`."""
        return await self._each("judged", self._store.judge_import, progress)

    async def write(self, progress: Progress) -> Found:
        """What stood the judgement. What the database has come to contradict since is refused. Raises `Unavailable`."""
        found = await self._each("written", self._store.write_import, progress, folding=True)
        while await self._store.fold():
            pass
        return found

    async def _each(self, what: str, go: Go, progress: Progress, *, folding: bool = False) -> Found:
        new = there = 0
        progress.start(what, "answers", self._staging.answers, 0)
        for number, batch in enumerate(self._staging.batches(), start=1):
            merged = [each for message_id in batch if (each := await self._merged(message_id))]
            verdicts = await go(self._context.project.id, [each.told for each in merged])
            for each, verdict in zip(merged, verdicts, strict=True):
                new, there = new + verdict.new, there + verdict.there
                if verdict.refused:
                    self._staging.refuse(each.places, verdict.refused)
            if folding and number % FOLDED_BATCHES == 0:
                await self._store.fold()
            progress.advance(len(batch))
        return Found(new, there)

    async def _piece(self, json: bytes) -> tuple[Piece | None, str]:
        """Or why there is none."""
        try:
            piece = self._understand(json, self._context)
        except (Invalid, MalformedBody) as error:
            return None, f"{error.field} {error.message}".strip() if isinstance(error, Invalid) else error.message
        if piece.nobody_named or piece.conversation_guessed:
            known = await self._store.message(self._context.project.id, piece.message.id)
            if known is None and piece.nobody_named:
                return None, NOBODY
            if known is not None and known.role is Role.USER:
                return None, A_USERS
            piece = piece.known_as(known) if known else piece
        return piece, ""

    async def _merged(self, message_id: str) -> _Merged | None:
        """None: nothing of it can be taken over, for the database has changed since it was read."""
        first: Piece | None = None
        votes: dict[int, Piece] = {}
        for place, json in self._staging.told(message_id):
            piece, refused = await self._piece(json)
            if piece is None:
                self._staging.refuse([place], refused)
                continue
            first = first or piece
            votes[place] = replace(piece, message=first.message, question=None)  # the answer's content is held once
        if first is None:
            return None
        chains, twice = _chains(votes)
        self._staging.refuse(twice, TWICE)
        question = first.question
        if question and self._staging.has_answer(question.id):
            question = None  # the file tells more of it there
        return _Merged(Told(first.message, tuple(chains), question), [place for place in votes if place not in twice])


def _chains(pieces: Mapping[int, Piece]) -> tuple[list[Chain], list[int]]:
    """Histories as they are told, one of each voter; single votes in the order of their times, as one. And the places
    that tell otherwise of a vote than those before them."""
    told: dict[str, Chain] = {}
    refused = []
    for place, piece in pieces.items():
        if piece.chain and told.setdefault(piece.chain[-1].subject.key, piece.chain) != piece.chain:
            refused.append(place)
    submitted = dict.fromkeys(piece.submission for piece in pieces.values() if piece.submission)  # each once
    decided: list[Feedback] = []
    for submission in sorted(submitted, key=attrgetter("at")):
        head = rules.MessageHead(Role.ASSISTANT, submission.subject)
        if state := rules.decide(head, decided[-1] if decided else None, submission):
            decided.append(state)
    return [*told.values(), *([tuple(decided)] if decided else [])], refused
