"""How LangSmith says no: a status and `{"detail", "error"}`. Pure."""

from typing import Any

from plaudit.errors import (
    Conflict,
    Forbidden,
    Invalid,
    MalformedBody,
    NotFound,
    PaymentRequired,
    PlauditError,
    RateLimited,
    Unauthenticated,
    Unavailable,
)
from plaudit.http.errors import HttpError

STATUSES: dict[type[PlauditError], int] = {
    MalformedBody: 400,
    Unauthenticated: 401,
    PaymentRequired: 402,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Invalid: 422,
    RateLimited: 429,
    Unavailable: 503,
}


class LangSmithDialect:
    prefix = "/langsmith/"

    def refuse(self, error: PlauditError, request_id: str) -> tuple[int, dict[str, Any]]:  # noqa: ARG002  # no place for the id
        """`error` is the same word as in Plaudit's own API."""
        detail = f"{error.field}: {error.reason}" if isinstance(error, Invalid) else error.message
        return _status(error), {"detail": detail, "error": error.code}


DIALECT = LangSmithDialect()


def _status(error: PlauditError) -> int:
    if isinstance(error, HttpError):
        return error.status
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)
