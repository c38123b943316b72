"""What a project keeps for a while only is forgotten when its time is over: plans, a part at a time.

Numbers stay what they are: of a comment an empty one stays, of a vote one that is nobody's (see `erasing`). Looking for
what is old and forgetting it are two transactions, so that nobody waits for the first; the second looks again.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from plaudit.exported import BEGINNING, Position
from plaudit.model import Instant, Subject
from plaudit.people import Kept, Old
from plaudit.store import erasing, linking, rows
from plaudit.store.derived import rank_of, words_row
from plaudit.store.exporting import LATER, SAME
from plaudit.store.plans import Ask, Put, Row, Steps
from plaudit.store.recount import NOBODYS
from plaudit.store.tally import counted
from plaudit.store.words import CHARACTERS_MAX

LOOKED_AT_MAX = 1000  # entries of the history, or messages, of which few may be old
VOTES_MAX = 100
FIRST = ""  # before every message id
NO_METADATA = rows.to_json({})


def old(project_id: str, what: Kept, before: Instant, after: Position | str | None) -> Steps[Old]:
    """Among some that come `after` one, and after which to go on. What is found is for `forget`."""
    if what is Kept.CONTENTS:
        return (yield from _old_contents(project_id, before, after))
    limit = VOTES_MAX if what is Kept.VOTES else LOOKED_AT_MAX
    entries = yield from _entries(project_id, before, after if isinstance(after, Position) else BEGINNING, limit)
    if not entries:
        return Old((), None)
    statement = "read_old_votes" if what is Kept.VOTES else "read_old_comments"
    found = yield Ask(statement, {
        **NOBODYS, "project_id": project_id, "seqs": [seq for _, seq in entries], "nothing": erasing.COMMENT})
    return Old(tuple(map(tuple, found)), Position(*entries[-1]) if len(entries) == limit else None)


def forget(project_id: str, what: Kept, before: Instant, found: Sequence[tuple[Any, ...]], zones: Mapping[str, str]
           ) -> Steps[None]:
    """`found` by `old`."""
    match what:
        case Kept.COMMENTS:
            yield from _forget_comments(project_id, before, found)
        case Kept.CONTENTS:
            yield from _forget_contents(project_id, before, [message_id for message_id, in found])
        case Kept.VOTES:
            for owner, own in groupby(sorted(found), itemgetter(0)):
                yield from erasing.erase_messages(project_id, Subject(owner), sorted(each[1] for each in own), zones,
                                                  removes_votes=False)


def _entries(project_id: str, before: Instant, after: Position, limit: int) -> Steps[list[Row]]:
    """As an export finds them."""
    named = {"project_id": project_id, "at": after.at, "seq": after.seq, "until": before - 1, "offset": 0}
    found = list((yield Ask("read_entries", {**named, "limit": limit}, {"after": SAME})))
    if left := limit - len(found):
        found += yield Ask("read_entries", {**named, "limit": left}, {"after": LATER})
    return found


def _old_contents(project_id: str, before: Instant, after: Position | str | None) -> Steps[Old]:
    """No index tells which messages are old, so all of them are gone through."""
    looked_at = yield Ask("read_old_contents", {
        "project_id": project_id, "before": before, "after": after if isinstance(after, str) else FIRST,
        "no_metadata": NO_METADATA, "limit": LOOKED_AT_MAX})
    found = tuple((message_id,) for message_id, is_old in looked_at if is_old)
    return Old(found, looked_at[-1][0] if len(looked_at) == LOOKED_AT_MAX else None)


# ---------------------------------------------------------------- comments


def _forget_comments(project_id: str, before: Instant, found: Sequence[Row]) -> Steps[None]:
    """Of entries, of the votes that they are the newest of, of their words, and what reviewers noted beside them."""
    named = {"project_id": project_id, "seqs": [seq for seq, _ in found], "ids": sorted({each for _, each in found}),
             "nothing": erasing.COMMENT, "before": before}
    standing = yield Ask("forget_comments", named)
    yield Ask("forget_comments_of_entries", named)
    yield Ask("forget_notes", named)
    ranked = [(rank, message_id) for message_id, vote, auth_level, seq in standing
              if (rank := rank_of(seq, counted(vote, 1, auth_level))) is not None]
    if ranked:
        contents = yield Ask("read_contents", {
            "project_id": project_id, "ids": [message_id for _, message_id in ranked], "characters": CHARACTERS_MAX})
        by_id: dict[str, str | None] = dict(map(tuple, contents))
        yield from _reword(project_id, [(rank, message_id, by_id.get(message_id)) for rank, message_id in ranked])


# ---------------------------------------------------------------- contents


def _forget_contents(project_id: str, before: Instant, ids: list[str]) -> Steps[None]:
    """And titles of conversations in which nothing new was said. Nothing completes such a message any more.

    Who votes meanwhile is waited for, or finds no content: all keys that a vote can have are held, as `linking` does.
    """
    keys = yield Ask("read_keys_to_hold", {"project_id": project_id, "ids": ids, "unused": linking.UNUSED})
    yield Put("claim_votes", sorted((project_id, *key) for key in keys))
    forgotten = yield Ask("forget_contents", {
        "project_id": project_id, "ids": ids, "before": before, "no_metadata": NO_METADATA})
    conversations = sorted({conversation_id for _, conversation_id in forgotten})
    yield Ask("forget_titles", {"project_id": project_id, "ids": conversations, "before": before})
    worded = []
    for message_id, _ in forgotten:
        votes = yield Ask("read_votes_on", {"project_id": project_id, "message_id": message_id})
        worded += [(rank, message_id, comment) for vote, comment, auth_level, seq in votes
                   if (rank := rank_of(seq, counted(vote, comment is not None, auth_level))) is not None]
    yield from _reword(project_id, worded)
    yield Ask("let_go_of_keys", {"project_id": project_id, "ids": ids, "unused": linking.UNUSED})


def _reword(project_id: str, texts: Sequence[tuple[int, str, str | None]]) -> Steps[None]:
    """Votes by their ranks, and the one text that they are found by from now on."""
    if texts:
        yield Ask("forget_words", {"project_id": project_id, "ranks": [rank for rank, _, _ in texts]})
        noted = [words_row(rank, project_id, message_id, (text,)) for rank, message_id, text in texts]
        yield Put("note_words", [row for row in noted if row])
