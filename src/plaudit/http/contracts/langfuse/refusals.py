"""How Langfuse says no: a status and `{"message", "error"}`, and within a batch the same of one score. Pure."""

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
    Invalid: 400,
    Unauthenticated: 401,
    PaymentRequired: 402,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    RateLimited: 429,
    Unavailable: 503,
}


class LangfuseDialect:
    prefix = "/langfuse/"

    def refuse(self, error: PlauditError, request_id: str) -> tuple[int, dict[str, Any]]:  # noqa: ARG002  # no place for the id
        return status_of(error), said(error)


DIALECT = LangfuseDialect()


def status_of(error: PlauditError) -> int:
    if isinstance(error, HttpError):
        return error.status
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)


def said(error: PlauditError) -> dict[str, Any]:
    """`error` is the same word as in Plaudit's own API."""
    message = f"{error.field}: {error.reason}" if isinstance(error, Invalid) else error.message
    return {"message": message, "error": error.code}
