"""One request for a page: who looks, at what, in which language. And how such requests are received."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from itertools import count
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from plaudit.errors import Unauthenticated
from plaudit.http.dashboard import languages, rendering
from plaudit.http.dashboard.languages import Language
from plaudit.http.dashboard.rendering import HEADERS, PATH
from plaudit.http.dashboard.view import View, read_view
from plaudit.http.dashboard.words import Words
from plaudit.http.door import Door
from plaudit.http.exchange import Exchange, exchange
from plaudit.http.resource import Handler
from plaudit.model import Instant, Project
from plaudit.ports import Viewer, Viewers

SESSION_COOKIE = "plaudit_dashboard"
LANGUAGE_COOKIE = "plaudit_language"
LANGUAGE_SECONDS = 365 * 24 * 60 * 60
OK, SEE_OTHER = 200, 303


@dataclass(frozen=True, slots=True)
class Visit:
    request: Request
    viewer: Viewer
    language: Language
    words: Words
    view: View

    @property
    def project(self) -> Project:
        return self.viewer.project

    @property
    def here(self) -> str:
        return path_of(self.request)

    def page(self, template: str, **values: object) -> Response:
        return rendering.page(
            template, OK, visit=self, view=self.view, words=self.words, t=self.words.t, language=self.language,
            languages=other_languages(self.request, self.language), viewer=self.viewer, here=self.here,
            fresh=count(1).__next__, **values)


PageHandler = Callable[[Visit], Awaitable[Response]]


class Reception:
    """`now` gives milliseconds since 1970."""

    def __init__(self, viewers: Viewers, door: Door, now: Callable[[], Instant]) -> None:
        self._viewers = viewers
        self._door = door
        self._now = now

    def page(self, handler: PageHandler) -> Handler:
        """For whoever has signed in; others are led to do so, and back."""

        @wraps(handler)
        async def received(request: Request) -> Response:
            await self._door.knock(request)
            try:
                viewer = self._viewers.by_session(request.cookies.get(SESSION_COOKIE, ""))
            except Unauthenticated:
                return to_sign_in(request)
            self._door.admit_project(request, viewer.project)
            language = language_of(exchange(request.scope), request.query_params.get("lang"))
            response = await handler(self._visit(request, viewer, language))
            keep_language(request, response)
            return response

        return received

    def _visit(self, request: Request, viewer: Viewer, language: Language) -> Visit:
        pairs = [pair for pair in request.query_params.multi_items() if pair[0] != "lang"]
        view = read_view(pairs, viewer.project, self._now())
        return Visit(request, viewer, language, Words(language, viewer.project.time_zone), view)


def to_sign_in(request: Request) -> Response:
    """A form that somebody was too late to send is not sent again: they come back to the page before it."""
    query_string = request.scope["query_string"].decode("latin-1")
    asked = path_of(request) + (f"?{query_string}" if query_string else "")
    query = urlencode({"next": asked}) if request.method in {"GET", "HEAD"} else ""
    return redirect(f"{PATH}/sign-in" + (f"?{query}" if query else ""))


def path_of(request: Request) -> str:
    """As it was sent, still percent-encoded."""
    path: bytes = request.scope["raw_path"]
    return path.decode("ascii")


def redirect(url: str) -> Response:
    return RedirectResponse(url, SEE_OTHER, headers=HEADERS)


# ---------------------------------------------------------------- language


def language_of(notes: Exchange, asked: str | None = None) -> Language:
    kept = _cookie(notes, LANGUAGE_COOKIE)
    return languages.chosen(asked, kept, notes.asked.get(b"accept-language", b"").decode("latin-1"))


def keep_language(request: Request, response: Response) -> None:
    """What somebody has chosen once holds for the pages to come."""
    code = request.query_params.get("lang")
    if code in languages.CODES:
        response.set_cookie(LANGUAGE_COOKIE, code, max_age=LANGUAGE_SECONDS, path=PATH, httponly=True, samesite="lax")


def other_languages(request: Request, language: Language) -> list[tuple[Language, str]]:
    """Each of the others, and this very page in it."""
    kept = [pair for pair in request.query_params.multi_items() if pair[0] != "lang"]
    path = path_of(request) if request.method in {"GET", "HEAD"} else PATH
    return [(languages.language(code), f"{path}?{urlencode([*kept, ('lang', code)])}")
            for code in languages.CODES if code != language.code]


def _cookie(notes: Exchange, name: str) -> str | None:
    pairs = (part.strip().partition("=") for part in notes.asked.get(b"cookie", b"").decode("latin-1").split(";"))
    return next((value for key, _, value in pairs if key == name), None)
