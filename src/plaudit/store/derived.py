"""What is kept in step with the votes, in their own transaction: the totals' changes, and the queue for review."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from plaudit.model import Feedback
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


class Move(NamedTuple):
    """Of a vote in the queue; None where it does not stand there."""

    change: Changed
    leaves: int | None
    joins: int | None
    reviewed: bool = False


def keep(changes: Sequence[Changed], zones: Mapping[str, str]) -> Steps[None]:
    """`changes` sorted by key, each key once."""
    tally = Tally(zones)
    moves = []
    for change in changes:
        state, seq, known = change
        after = counted_now(state)
        if known.answer:
            tally.voted(known.answer, state.subject.key, known.before, after)
        leaves, joins = rank_of(known.before_seq, known.before), rank_of(seq, after)
        if leaves is not None or joins is not None:
            moves.append(Move(change, leaves, joins))
    if text := tally.text():
        yield Ask("add_changes", {"id": min(change.seq for change in changes), "changes": text})
    for project_id, own in groupby(moves, lambda move: move.change.state.project_id):
        yield from queue(project_id, list(own))


def counted_now(state: Feedback) -> Counted | None:
    return (int(state.vote), state.comment is not None, state.auth_level.value, state.reasons) if state.vote else None


def rank_of(seq: int | None, vote: Counted | None) -> int | None:
    """Where a vote stands in the queue, the highest first: what says most, then the newest. None: it does not."""
    if seq is None or vote is None:
        return None
    liked, commented = vote[0] > 0, vote[1]
    if liked:
        return LIKE_WITH_COMMENT << SEQ_BITS | seq if commented else None
    return (DISLIKE_WITH_COMMENT if commented else DISLIKE) << SEQ_BITS | seq


def words_row(rank: int, project_id: str, message_id: str, texts: Sequence[str | None]) -> Row | None:
    """None: there is no word in them."""
    found = words(*texts)
    return (rank, project_id, message_id, " ".join([project_word(project_id), *found])) if found else None


def reword(project_id: str, message_id: str, content: str, votes: Sequence[Row]) -> Steps[None]:
    """The words of votes on a message whose content has become known. `votes`: each vote, comment, auth level, seq."""
    ranked = [(rank_of(seq, counted(vote, comment is not None, auth_level)), comment)
              for vote, comment, auth_level, seq in votes]
    noted = [row for rank, comment in ranked if rank is not None
             if (row := words_row(rank, project_id, message_id, (comment, content[:CHARACTERS_MAX])))]
    if noted:
        yield Ask("forget_words", {"project_id": project_id, "ranks": [row[0] for row in noted]})
        yield Put("note_words", noted)


def queue(project_id: str, moves: Sequence[Move]) -> Steps[None]:
    """Whoever votes anew stands in the queue anew."""
    if gone := [move.leaves for move in moves if move.leaves is not None]:
        yield Ask("leave_queue", {"project_id": project_id, "ranks": gone})
    if worded := [move.leaves for move in moves if move.leaves is not None and _had_words(move.change.known)]:
        yield Ask("forget_words", {"project_id": project_id, "ranks": worded})
    if joining := [move for move in moves if move.joins is not None]:
        yield Put("join_queue", [_entry(move) for move in joining])
    if noted := (yield from _words(project_id, joining)):
        yield Put("note_words", noted)


def _entry(move: Move) -> Row:
    state = move.change.state
    return state.project_id, move.reviewed, move.joins, state.message_id, state.subject.key


def _had_words(known: Known) -> bool:
    return known.has_content or (known.before is not None and known.before[1])


def _words(project_id: str, joining: Sequence[Move]) -> Steps[list[Row]]:
    ids = [move.change.state.message_id for move in joining if move.change.known.has_content]
    contents: dict[str, str] = {}
    if ids:
        found = yield Ask("read_contents", {"project_id": project_id, "ids": ids, "characters": CHARACTERS_MAX})
        contents = dict(map(tuple, found))
    rows = [words_row(move.joins or 0, project_id, move.change.state.message_id,
                      (move.change.state.comment, contents.get(move.change.state.message_id))) for move in joining]
    return [row for row in rows if row]
