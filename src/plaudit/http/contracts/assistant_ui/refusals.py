"""How assistant-ui's cloud says no: a status and `{"error": text}` for each of our errors, with `details` of a wrong
field. Pure."""

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


class AssistantUiDialect:
    prefix = "/assistant-ui/"

    def refuse(self, error: PlauditError, request_id: str) -> tuple[int, dict[str, Any]]:  # noqa: ARG002  # no place for it
        status = _status(error)
        if isinstance(error, Invalid):
            details = [{"path": [error.field], "message": error.reason}]
            return status, {"error": f"{error.field}: {error.reason}", "details": details}
        return status, {"error": Unavailable().message if isinstance(error, Unavailable) else error.message}


DIALECT = AssistantUiDialect()


def _status(error: PlauditError) -> int:
    if isinstance(error, HttpError):
        return error.status
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)
