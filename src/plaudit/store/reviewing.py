"""The queue of votes to review and what was said of them: plans on the rows that `derived` keeps."""

import re
from operator import itemgetter
from typing import Any

from plaudit.errors import Conflict, Invalid, NotFound
from plaudit.model import Page, Review, ReviewFilter, ReviewItem, Subject
from plaudit.store import rows
from plaudit.store.derived import rank_of
from plaudit.store.plans import Ask, Row, Steps
from plaudit.store.reads import EVERYTHING, FEEDBACK_CONDITIONS
from plaudit.store.tally import counted
from plaudit.store.words import asked, project_word

CONDITIONS = {
    **{name: FEEDBACK_CONDITIONS[name] for name in ("vote", "has_comment", "model", "prompt_version", "auth_level")},
    "since": "f.updated_at >= :since",
    "until": "f.updated_at < :until",
}
AFTER_CURSOR = "q.rank < :cursor"
CURSOR = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
REVIEW_WIDTH = 4


def queue(project_id: str, wanted: ReviewFilter, *, limit: int, cursor: str | None) -> Steps[Page[ReviewItem]]:
    """See `ports.Store.review_queue`."""
    values: dict[str, Any] = {name: getattr(wanted, name) for name in CONDITIONS}
    conditions = [EVERYTHING, *(CONDITIONS[name] for name, value in values.items() if value is not None)]
    bindings = {**values, "project_id": project_id, "limit": limit + 1}  # one more tells whether there is a next page
    if cursor is not None:
        bindings["cursor"] = _decoded(cursor)
        conditions.append(AFTER_CURSOR)
    if wanted.search is not None:
        bindings |= _search(project_id, wanted.search)
    statement = "read_review_queue" if wanted.search is None else "search_review_queue"
    found: list[Row] = []
    for reviewed in (False, True) if wanted.reviewed is None else (wanted.reviewed,):
        found += yield Ask(statement, {**bindings, "reviewed": reviewed}, {"conditions": " AND ".join(conditions)})
    found.sort(key=itemgetter(0), reverse=True)
    more = str(found[limit - 1][0]) if len(found) > limit else None
    return Page(tuple(map(_item, found[:limit])), more)


def review(project_id: str, message_id: str, subject: Subject, revision: int, said: Review | None) -> Steps[None]:
    """See `ports.Store.review`."""
    key: dict[str, Any] = {"project_id": project_id, "message_id": message_id, "subject": subject.key}
    found = yield Ask("read_standing", key)
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


def reviews(project_id: str, message_id: str) -> Steps[list[tuple[Subject, int, Review]]]:
    """See `ports.Store.reviews`."""
    found = yield Ask("read_reviews", {"project_id": project_id, "message_id": message_id})
    return [(Subject(subject), revision, Review(*said)) for subject, revision, *said in found]


def _item(row: Row) -> ReviewItem:
    """A rank, a rated message, then label, note, reviewer and when."""
    said = row[-REVIEW_WIDTH:]
    return ReviewItem(rows.rated_message(row[1:-REVIEW_WIDTH]), Review(*said) if said[0] is not None else None)


def _search(project_id: str, search: str) -> dict[str, str]:
    """As FTS5 takes it and as PostgreSQL does. A word is letters and digits, so there is nothing to escape. Raises
    `Invalid`."""
    found = asked(search)
    if not found:
        raise Invalid("search", "has no word in it")
    found.insert(0, (project_word(project_id), False))
    return {"match": " AND ".join(f'"{word}"{"*" if begins else ""}' for word, begins in found),
            "tsquery": " & ".join(f"'{word}'{':*' if begins else ''}" for word, begins in found)}


def _decoded(cursor: str) -> int:
    """Raises `Invalid`. Whatever looks like a cursor is one."""
    if not CURSOR.fullmatch(cursor):
        raise Invalid("cursor", "is not one that this server gave")
    return int(cursor)
