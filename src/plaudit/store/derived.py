"""What is kept in step with the votes, in their own transaction: the totals' changes, and the queue for review."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from plaudit.model import Feedback, Vote
from plaudit.store.deciding import Known
from plaudit.store.plans import Ask, Put, Row, Steps
from plaudit.store.tally import Counted, Tally, counted
from plaudit.store.words import CHARACTERS_MAX, project_word, words

SEQ_BITS = 56  # of a rank: the rest says what kind of vote it is
LIKE_WITH_COMMENT, DISLIKE, DISLIKE_WITH_COMMENT = 0, 1, 2


class Changed(NamedTuple):
    """A key's state as a transaction leaves it, and all that was known of the key."""

    state: Feedback
    seq: int
    known: Known


def keep(changes: Sequence[Changed], zones: Mapping[str, str]) -> Steps[None]:
    """`changes` sorted by key, each key once."""
    tally = Tally(zones)
    for state, _, known in changes:
        if known.answer:
            tally.voted(known.answer, state.subject.key, known.before.counted, _counted(state))
    if text := tally.text():
        yield Ask("add_changes", {"id": min(change.seq for change in changes), "changes": text})
    if gone := [rank for change in changes if (rank := rank_of(change.known.before.seq, change.known.before.counted))]:
        yield Ask("leave_queue", {"ranks": gone})
    if new := [change for change in changes if rank_of(change.seq, _counted(change.state))]:
        yield Put("join_queue", (yield from _entries(new)))


def rank_of(seq: int | None, vote: Counted | None) -> int | None:
    """Where a vote stands in the queue, the highest first: what says most, then the newest. None: it does not."""
    if seq is None or vote is None or (vote.vote == Vote.LIKE and not vote.commented):
        return None
    kind = LIKE_WITH_COMMENT if vote.vote == Vote.LIKE else DISLIKE_WITH_COMMENT if vote.commented else DISLIKE
    return kind << SEQ_BITS | seq


def entry(rank: int, state: Row, texts: Sequence[str | None], *, reviewed: bool = False) -> Row:
    """A row of the queue; `state` begins with project, message and subject."""
    project_id, message_id, subject = state[:3]
    found = words(*texts)
    return (rank, project_id, message_id, subject, reviewed,
            " ".join([project_word(project_id), *found]) if found else None)


def _entries(changes: Sequence[Changed]) -> Steps[list[Row]]:
    contents: dict[tuple[str, str], str | None] = {}
    for project_id, group in groupby(changes, lambda change: change.state.project_id):
        ids = [change.state.message_id for change in group]
        found = yield Ask("read_contents", {"project_id": project_id, "ids": ids, "characters": CHARACTERS_MAX})
        contents |= {(project_id, message_id): content for message_id, content in found}
    return [_entry(change, contents.get((change.state.project_id, change.state.message_id))) for change in changes]


def _entry(change: Changed, content: str | None) -> Row:
    state = change.state
    rank = rank_of(change.seq, _counted(state)) or 0
    return entry(rank, (state.project_id, state.message_id, state.subject.key), (state.comment, content))


def _counted(state: Feedback) -> Counted | None:
    return counted(state.vote, state.comment, state.auth_level)
