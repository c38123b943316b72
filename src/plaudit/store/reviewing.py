"""The queue of votes to review and what was said of them: plans on the rows that `derived` keeps."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from plaudit.deeds import Deed, Review, ReviewFilter, ReviewItem
from plaudit.errors import Conflict, Invalid, NotFound
from plaudit.model import Page, Subject
from plaudit.store import auditing, rows
from plaudit.store.derived import rank_of
from plaudit.store.plans import Ask, Row, Steps
from plaudit.store.reads import EVERYTHING, FEEDBACK_CONDITIONS
from plaudit.store.tally import counted
from plaudit.store.words import asked, project_word

CONDITIONS = {
    **{name: FEEDBACK_CONDITIONS[name] for name in ("vote", "has_comment", "auth_level")},
    **{name: f"coalesce(m.{name}, '') = :{name}" for name in ("model", "prompt_version", "locale", "platform")},
    "since": "f.updated_at >= :since",
    "until": "f.updated_at < :until",
}
# What a JSON object holds, on any database: a member begins after a brace or a comma, and within a text every quotation
# mark has a backslash before it, so nothing else looks like one.
HAS_ARM = "(replace(m.arms, :first_{0}, '') <> m.arms OR replace(m.arms, :later_{0}, '') <> m.arms)"
ALL = 2**62  # above every rank
LAST = "\U0010ffff"
LOOKED_AT_MAX = 10_000  # votes for one page
LOOKED_AT_GROWTH = 4
ALTERNATIVES_MAX = 100
CURSOR = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
REVIEW_WIDTH = 4


def queue(project_id: str, wanted: ReviewFilter, *, limit: int, cursor: str | None) -> Steps[Page[ReviewItem]]:
    """See `ports.Store.review_queue`."""
    look = _Look("read_queue", {"project_id": project_id}, _decoded(cursor), limit)
    if wanted.search is not None:
        look = replace(look, statement="search_queue", bindings={
            **look.bindings, **(yield from _search(project_id, wanted.search))})
    conditions, values = _conditions(wanted)
    found: list[Row] = []
    reached = 0  # the rank down to which everything was looked at
    for reviewed in (False, True) if wanted.reviewed is None else (wanted.reviewed,):
        votes, last = yield from _looked_through(look, conditions, {**values, "reviewed": reviewed})
        found, reached = found + votes, max(reached, last)
    found = sorted((row for row in found if row[0] >= reached), key=itemgetter(0), reverse=True)
    following = found[limit - 1][0] if len(found) > limit else reached
    return Page(tuple(map(_item, found[:limit])), str(following) if following else None)


def review(project_id: str, message_id: str, subject: Subject, revision: int, said: Review | None, *,
           deed: Deed | None = None) -> Steps[None]:
    """See `ports.Store.review`."""
    key: dict[str, Any] = {"project_id": project_id, "message_id": message_id, "subject": subject.key}
    found = yield Ask("hold_vote", key)
    if not found:
        raise NotFound("vote", message_id)
    [[vote, commented, auth_level, now_revision, seq]] = found
    rank = rank_of(seq, counted(vote, commented, auth_level))
    if rank is None:
        raise NotFound("vote to review", message_id)
    if now_revision != revision:
        raise Conflict("vote", "revision")
    key["revision"] = revision
    if said:
        yield Ask("write_review", {**key, "label": said.label, "note": said.note, "reviewer": said.reviewer,
                                   "reviewed_at": said.at})
    else:
        yield Ask("take_back_review", key)
    yield Ask("mark_in_queue", {**key, "rank": rank, "reviewed": said is not None})
    if deed:
        yield from auditing.append(project_id, deed)


def reviews(project_id: str, message_id: str) -> Steps[list[tuple[Subject, int, Review]]]:
    """See `ports.Store.reviews`."""
    found = yield Ask("read_reviews", {"project_id": project_id, "message_id": message_id})
    return [(Subject(subject), revision, Review(*said)) for subject, revision, *said in found]


# ---------------------------------------------------------------- looking for votes


@dataclass(frozen=True, slots=True)
class _Look:
    """From the rank `before` downwards, for `limit` votes and one more, which tells whether there is a next page."""

    statement: str
    bindings: Mapping[str, Any]
    before: int
    limit: int


def _looked_through(look: _Look, conditions: str, values: Mapping[str, Any]) -> Steps[tuple[list[Row], int]]:
    """The wanted votes, and the rank down to which that is all of them: 0 when it is all there are.

    What is wanted may be rare, so that ever more are looked at at once, and no more than LOOKED_AT_MAX.
    """
    found: list[Row] = []
    before, looked_at, limit = look.before, 0, look.limit + 1
    size = min(limit, LOOKED_AT_MAX)
    while looked_at < LOOKED_AT_MAX:
        bindings = {**look.bindings, **values, "before": before}
        ranks = [rank for rank, in (yield Ask(look.statement, {**bindings, "limit": size}))]
        if ranks:
            found += yield Ask("read_queued_votes", {**bindings, "ranks": ranks, "limit": limit - len(found)},
                               {"conditions": conditions})
        if len(found) == limit:
            return found, found[-1][0]
        if len(ranks) < size:
            return found, 0
        before = ranks[-1]
        looked_at += size
        size = min(LOOKED_AT_GROWTH * size, LOOKED_AT_MAX - looked_at)
    return found, before


def _conditions(wanted: ReviewFilter) -> tuple[str, dict[str, Any]]:
    """Fixed pieces of SQL, and the values that they speak of."""
    values: dict[str, Any] = {name: getattr(wanted, name) for name in CONDITIONS}
    conditions = [EVERYTHING, *(CONDITIONS[name] for name, value in values.items() if value is not None)]
    of_arms, members = arm_conditions(wanted.arms)
    return " AND ".join([*conditions, *of_arms]), values | members


def arm_conditions(arms: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The same for the arms of experiments; an empty text asks for the answers that have none of that experiment."""
    conditions: list[str] = []
    values: dict[str, str] = {}
    for number, (experiment, arm) in enumerate(arms.items()):
        conditions.append(("" if arm else "NOT ") + HAS_ARM.format(number))
        member = _member(experiment, arm)
        values |= {f"first_{number}": "{" + member, f"later_{number}": "," + member}
    return conditions, values


def _member(experiment: str, arm: str) -> str:
    """As `rows.to_json` writes it; without a value where any will do."""
    return f"{rows.to_json(experiment)}:{rows.to_json(arm) if arm else ''}"


def _search(project_id: str, search: str) -> Steps[dict[str, str]]:
    """As FTS5 takes it and as PostgreSQL does. A word is letters and digits, so there is nothing to escape. Raises
    `Invalid`."""
    found = asked(search)
    if not found:
        raise Invalid("search", "has no word in it")
    own = project_word(project_id)
    match = [f'"{own}"']
    for word, begins in found:
        match.append((yield from _beginning(word)) if begins else f'"{word}"')
    return {"match": " AND ".join(match),
            "tsquery": " & ".join([f"'{own}'", *(f"'{word}'{':*' if begins else ''}" for word, begins in found)])}


def _beginning(word: str) -> Steps[str]:
    """What begins with a word is gathered as a whole before the first of it is found, so it is better asked for word by
    word, unless there are too many."""
    known = yield Ask("read_words_beginning", {"first": word, "last": word + LAST, "limit": ALTERNATIVES_MAX + 1})
    if 0 < len(known) <= ALTERNATIVES_MAX:
        return "(" + " OR ".join(f'"{one}"' for one, in known) + ")"
    return f'"{word}"*'


def _decoded(cursor: str | None) -> int:
    """The rank before which to look. Raises `Invalid`. Whatever looks like a cursor is one."""
    if cursor is None:
        return ALL
    if not CURSOR.fullmatch(cursor):
        raise Invalid("cursor", "is not one that this server gave")
    return int(cursor)


def _item(row: Row) -> ReviewItem:
    """A rank, a rated message, then label, note, reviewer and when."""
    said = row[-REVIEW_WIDTH:]
    return ReviewItem(rows.rated_message(row[1:-REVIEW_WIDTH]), Review(*said) if said[0] is not None else None)
