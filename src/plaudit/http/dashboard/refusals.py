"""How the pages say no: as a page, in the reader's language, with the number under which the log has it."""

from starlette.responses import Response

from plaudit.errors import (
    Conflict,
    DependencyDown,
    Forbidden,
    Invalid,
    MalformedBody,
    NotFound,
    PlauditError,
    RateLimited,
    Unauthenticated,
    Unavailable,
)
from plaudit.http.dashboard import rendering
from plaudit.http.dashboard.rendering import PATH
from plaudit.http.dashboard.visit import language_of
from plaudit.http.errors import HttpError
from plaudit.http.exchange import Exchange

STATUSES: dict[type[PlauditError], int] = {
    MalformedBody: 400, Invalid: 400, Unauthenticated: 403, Forbidden: 403, NotFound: 404, Conflict: 409,
    RateLimited: 429, DependencyDown: 502, Unavailable: 503,
}
SAID = {400: "invalid", 403: "forbidden", 404: "not_found", 405: "method", 409: "conflict", 413: "too_large",
        429: "too_many", 502: "provider_down", 503: "unavailable"}
OUR_FAULT = 500


class DashboardDialect:
    prefix = PATH

    def answer(self, error: PlauditError, notes: Exchange) -> Response:
        status = status_of(error)
        language = language_of(notes)
        detail = f"{error.field}: {error.reason}" if isinstance(error, Invalid) else None
        return rendering.page(
            "error.html", status, t=language.text, language=language, status=status, request_id=notes.request_id,
            said=f"error.{SAID.get(status, 'unknown')}", detail=detail)


DIALECT = DashboardDialect()


def status_of(error: PlauditError) -> int:
    if isinstance(error, HttpError):
        return error.status
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), OUR_FAULT)
