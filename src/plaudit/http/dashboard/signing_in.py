"""In and out: by a server key, or through the project's identity provider.

The session's cookie is SameSite=Strict, so nothing that another site links to or sends comes with it. A browser that
comes back from an identity provider comes from another site: what it must bring along is in a cookie of its own, which
is Lax and good for one trip, and the page that then says hello goes on by itself, from this site.
"""

import re
from urllib.parse import quote, unquote, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from plaudit.charts.drawing import Drawing
from plaudit.errors import DependencyDown, Forbidden, Invalid, Unauthenticated
from plaudit.http.dashboard import rendering
from plaudit.http.dashboard.rendering import PATH
from plaudit.http.dashboard.visit import (
    OK,
    SESSION_COOKIE,
    keep_language,
    language_of,
    other_languages,
    redirect,
)
from plaudit.http.door import Door
from plaudit.http.errors import RouteNotFound
from plaudit.http.exchange import exchange
from plaudit.http.forms import check_own, read_form
from plaudit.model import Project
from plaudit.ports import Viewer, Viewers

SIGN_IN = f"{PATH}/sign-in"
RETURN = f"{SIGN_IN}/return"
LUGGAGE_COOKIE, NEXT_COOKIE = "plaudit_sign_in", "plaudit_sign_in_next"
SESSION_SECONDS = 12 * 60 * 60
LUGGAGE_SECONDS = 10 * 60
OWN_PAGE = re.compile(rf"{PATH}(?:/(?!\.{{1,2}}(?:[/?]|\Z))[A-Za-z0-9._~%!$&'()*+,;=:@-]+)*(?:\?[!-\[\]-~]*)?",
                      re.ASCII)
NEXT_LENGTH_MAX = 2000


class SigningIn:
    def __init__(self, viewers: Viewers, door: Door, drawing: Drawing) -> None:
        self._viewers = viewers
        self._door = door
        self._drawing = drawing

    async def sign_in_page(self, request: Request) -> Response:
        """Who is asked to sign in wants to see charts next."""
        await self._door.knock(request)
        self._drawing.wake()
        return self._form(request)

    async def sign_in(self, request: Request) -> Response:
        await self._door.knock(request)
        await self._door.admit_sign_in(request)
        form = await read_form(request)
        try:
            viewer, session = self._viewers.by_key(form.get("key", "").strip())
        except Unauthenticated:
            return self._form(request, 403, "sign_in.unknown_key", form.get("next"))
        except Forbidden:
            return self._form(request, 403, "sign_in.weak_key", form.get("next"))
        self._door.admit_project(request, viewer.project)
        response = redirect(own_page(form.get("next")))
        self._keep(request, response, session)
        return response

    async def sign_out(self, request: Request) -> Response:
        await self._door.knock(request)
        check_own(request)
        response = redirect(SIGN_IN)
        response.delete_cookie(SESSION_COOKIE, path=PATH)
        return response

    # ------------------------------------------------------------ through an identity provider

    async def depart(self, request: Request) -> Response:
        await self._door.knock(request)
        await self._door.admit_sign_in(request)
        project = self._viewers.sign_in_of(request.query_params.get("project"))
        if project is None:
            raise RouteNotFound
        departure = await self._viewers.depart(project, self._return_url(request))
        response = redirect(departure.url)
        for name, value in ((LUGGAGE_COOKIE, departure.luggage),
                            (NEXT_COOKIE, quote(own_page(request.query_params.get("next")), safe=""))):
            response.set_cookie(name, value, max_age=LUGGAGE_SECONDS, path=SIGN_IN, httponly=True, samesite="lax",
                                secure=self._door.came_by_https(request))
        return response

    async def arrive(self, request: Request) -> Response:
        await self._door.knock(request)
        await self._door.admit_sign_in(request)
        query, luggage = request.query_params, request.cookies.get(LUGGAGE_COOKIE, "")
        try:
            viewer, session = await self._viewers.arrive(
                luggage, query.get("state", ""), query.get("code", ""), self._return_url(request))
        except (Unauthenticated, Invalid):
            return self._unpacked(self._form(request, 403, "sign_in.not_believed"))
        except Forbidden:
            return self._unpacked(self._form(request, 403, "sign_in.not_allowed"))
        except DependencyDown:
            return self._unpacked(self._form(request, 502, "sign_in.provider_down"))
        self._door.admit_project(request, viewer.project)
        return self._welcome(request, viewer, session)

    def _welcome(self, request: Request, viewer: Viewer, session: str) -> Response:
        language = language_of(exchange(request.scope))
        onward = own_page(unquote(request.cookies.get(NEXT_COOKIE, "")))
        response = rendering.page("welcome.html", OK, t=language.text, language=language, viewer=viewer, onward=onward)
        self._keep(request, response, session)
        return self._unpacked(response)

    def _unpacked(self, response: Response) -> Response:
        for name in (LUGGAGE_COOKIE, NEXT_COOKIE):
            response.delete_cookie(name, path=SIGN_IN)
        return response

    def _return_url(self, request: Request) -> str:
        """This server as the browser knows it. The provider takes it only if it was told so before."""
        scheme = "https" if self._door.came_by_https(request) else "http"
        return f"{scheme}://{request.headers.get('host', '')}{RETURN}"

    # ------------------------------------------------------------ the form

    def _form(self, request: Request, status: int = OK, wrong: str | None = None, onward: str | None = None
              ) -> Response:
        language = language_of(exchange(request.scope), request.query_params.get("lang"))
        asked = request.query_params.get("project")
        people = self._viewers.sign_in_of(asked)
        onward = own_page(onward or request.query_params.get("next"))
        start = f"{SIGN_IN}/start?" + urlencode({"project": people.id, "next": onward}) if people else None
        response = rendering.page(
            "sign_in.html", status, t=language.text, language=language, languages=other_languages(request, language),
            wrong=wrong, onward=onward, start=start, provider=_host(people))
        keep_language(request, response)
        return response

    def _keep(self, request: Request, response: Response, session: str) -> None:
        response.set_cookie(SESSION_COOKIE, session, max_age=SESSION_SECONDS, path=PATH, httponly=True,
                            samesite="strict", secure=self._door.came_by_https(request))


def _host(project: Project | None) -> str:
    """Of the project's identity provider, to be named on the button."""
    return urlsplit(project.sign_in.issuer).netloc if project and project.sign_in else ""


def own_page(text: str | None) -> str:
    """Where to go on: a page of ours, whatever was asked for; never another site, and never out of here again."""
    if not text or len(text) > NEXT_LENGTH_MAX or not OWN_PAGE.fullmatch(text) or text.startswith(SIGN_IN):
        return PATH
    return text
