"""The pages of reading: the queue of votes to review, and one message with all that is known of it.

Whoever may look may review: what reviewers say stays apart from the votes and changes no number.
"""

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from starlette.responses import Response

from plaudit.analytics import Analytics
from plaudit.errors import Conflict, Invalid
from plaudit.http.dashboard.filters import filter_form
from plaudit.http.dashboard.rendering import PATH
from plaudit.http.dashboard.signing_in import own_page
from plaudit.http.dashboard.view import Pairs, address, review_filter
from plaudit.http.dashboard.visit import Visit, redirect
from plaudit.http.forms import read_form
from plaudit.http.resource import path_id
from plaudit.model import Message, Project, RatedMessage, Subject
from plaudit.service import Service

PAGE_SIZE = 25
BEFORE_MAX, AFTER_MAX = 10, 10  # messages of a conversation around the one that is looked at
LABEL_LENGTH_MAX = 64
NOTE_LENGTH_MAX = 2000
CURSOR_LENGTH_MAX = 512
REVISION = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
SUGGESTED = ("wrong", "incomplete", "unclear", "unsafe", "refused", "fine")


@dataclass(frozen=True, slots=True)
class Around:
    """A conversation's messages about one of them, and how many there are before and after those."""

    messages: tuple[RatedMessage, ...]
    earlier: int
    later: int


class ReviewPages:
    def __init__(self, service: Service, analytics: Analytics) -> None:
        self._service = service
        self._analytics = analytics

    async def review(self, visit: Visit) -> Response:
        values = await self._analytics.dimensions(visit.project.id)
        wrong = None
        try:
            page = await self._service.review_queue(
                visit.project.id, review_filter(visit.view), limit=PAGE_SIZE, cursor=_cursor(visit))
        except Invalid as error:
            if error.field not in {"q", "search"}:
                raise
            page, wrong = None, error.reason
        return visit.page(
            "review.html", filters=filter_form(visit, values), items=page.items if page else (),
            wrong=wrong, onward=_further(visit, page.cursor) if page and page.cursor else None,
            suggested=[visit.words.t(f"review.labels.{label}") for label in SUGGESTED], link=message_path,
            done=visit.view.get("done"), label_max=LABEL_LENGTH_MAX, note_max=NOTE_LENGTH_MAX,
            back=visit.view.url(visit.here, done=None),
        )

    async def mark(self, visit: Visit) -> Response:
        """Then back to where the form was, with a word on how it went."""
        form = await read_form(visit.request)
        outcome = await self._marked(visit, form)
        return redirect(_with_outcome(own_page(form.get("next")), outcome))

    async def message(self, visit: Visit) -> Response:
        project, words = visit.project, visit.words
        message_id = path_id(visit.request, "id", "id")
        message = await self._service.message(project.id, message_id)
        around, history, reviews = await asyncio.gather(
            self._around(message), self._service.history(project.id, message.id),
            self._service.reviews(project.id, message.id))
        return visit.page(
            "message.html", message=message, around=around, history=history, reviews=reviews, link=message_path,
            trace=trace_link(project, message), standing=_standing(around, message), done=visit.view.get("done"),
            suggested=[words.t(f"review.labels.{label}") for label in SUGGESTED],
            label_max=LABEL_LENGTH_MAX, note_max=NOTE_LENGTH_MAX, back=visit.view.url(visit.here, done=None),
            review={(subject, revision): review for subject, revision, review in reviews},
        )

    async def _marked(self, visit: Visit, form: dict[str, str]) -> str:
        message_id, subject, revision = form.get("message", ""), _subject(form), _revision(form)
        try:
            if form.get("do") == "take-back":
                await self._service.take_back_review(visit.project.id, message_id, subject, revision,
                                                     reviewer=visit.viewer.name)
                return "taken-back"
            await self._service.review(visit.project.id, message_id, subject, revision, label=_label(form),
                                       note=_note(form), reviewer=visit.viewer.name)
        except Conflict:
            return "changed"
        return "reviewed"

    async def _around(self, message: Message) -> Around:
        place = message.project_id, message.conversation_id
        before, _ = await self._service.conversation_messages(*place, limit=1, before=message.id)
        first = max(0, before - BEFORE_MAX)
        total, messages = await self._service.conversation_messages(
            *place, limit=before - first + 1 + AFTER_MAX, offset=first)
        return Around(tuple(messages), first, max(0, total - first - len(messages)))


def message_path(view_pairs: Pairs, message_id: str) -> str:
    return address(f"{PATH}/messages/{quote(message_id, safe='')}", view_pairs)


def trace_link(project: Project, message: Message) -> str | None:
    """The settings have checked that the id stands behind the host; here it becomes one segment of a path."""
    if project.trace_url is None or message.trace_id is None:
        return None
    return project.trace_url.replace("{trace_id}", quote(message.trace_id, safe=""))


def _standing(around: Around, message: Message) -> RatedMessage | None:
    return next((one for one in around.messages if one.message.id == message.id and one.feedback), None)


# ---------------------------------------------------------------- the form


def _subject(form: dict[str, str]) -> Subject:
    """Raises `Invalid`."""
    subject = Subject(form.get("subject", ""))
    try:
        _ = subject.kind
    except ValueError:
        raise Invalid("subject", "is none") from None
    return subject


def _revision(form: dict[str, str]) -> int:
    text = form.get("revision", "")
    if not REVISION.fullmatch(text):
        raise Invalid("revision", "is none")
    return int(text)


def _label(form: dict[str, str]) -> str:
    label = " ".join(form.get("label", "").split())
    if not 0 < len(label) <= LABEL_LENGTH_MAX or CONTROL.search(label):
        raise Invalid("label", f"must be 1 to {LABEL_LENGTH_MAX} characters")
    return label


def _note(form: dict[str, str]) -> str | None:
    note = form.get("note", "").strip()
    if len(note) > NOTE_LENGTH_MAX or CONTROL.search(note.replace("\t", " ")):
        raise Invalid("note", f"must be at most {NOTE_LENGTH_MAX} characters")
    return note or None


# ---------------------------------------------------------------- addresses


def _cursor(visit: Visit) -> str | None:
    cursor = visit.view.get("cursor")
    if len(cursor) > CURSOR_LENGTH_MAX:
        raise Invalid("cursor", "is too long")
    return cursor or None


def _further(visit: Visit, cursor: str) -> str:
    return visit.view.url(visit.here, cursor=cursor, done=None)


def _with_outcome(page: str, outcome: str) -> str:
    path, _, query = page.partition("?")
    pairs = tuple(pair for pair in parse_qsl(query) if pair[0] != "done")
    return address(path, (*pairs, ("done", outcome)))
