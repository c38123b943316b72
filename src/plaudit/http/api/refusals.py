"""How Plaudit's own API says no: {"error": {"code", "message", "details"?, "request_id"}}, with a status."""

from typing import Any

from plaudit.errors import (
    Conflict,
    DependencyDown,
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
    DependencyDown: 502,
    Unavailable: 503,
}
FACTS = {  # in `details` -> in the error
    "resource": "resource",
    "id": "resource_id",
    "field": "field",
    "reason": "reason",
    "service": "service",
    "retry_after": "retry_after_seconds",
    "current_plan": "current_plan",
    "required_plan": "required_plan",
    "feature": "feature",
}


class OwnDialect:
    """The last dialect: its prefix fits every path."""

    prefix = ""

    def refuse(self, error: PlauditError, request_id: str) -> tuple[int, Any]:
        return status_of(error), {"error": {**described(error), "request_id": request_id}}


DIALECT = OwnDialect()


def status_of(error: PlauditError) -> int:
    if isinstance(error, HttpError):
        return error.status
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)


def described(error: PlauditError) -> dict[str, Any]:
    """The error without the request that met it, as a batch says it of a line."""
    message = f"{error.field}: {error.reason}" if isinstance(error, Invalid) else error.message
    what: dict[str, Any] = {"code": error.code, "message": message}
    if details := _details(error):
        what["details"] = details
    return what


def _details(error: PlauditError) -> dict[str, Any]:
    """What a program can act on: the error's own facts, by the names they have there."""
    return {name: getattr(error, attribute) for name, attribute in FACTS.items() if hasattr(error, attribute)}
