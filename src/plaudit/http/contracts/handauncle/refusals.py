"""How HandAuncle v1 says no: a status and `{"success": false, error, meta}` for each of our errors. Pure but for the
clock that `meta` shows."""

import time
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
from plaudit.http.contracts.handauncle import wire
from plaudit.http.errors import HTTP_CODES, HttpError, camel_case

Refusal = tuple[int, str, str, dict[str, Any]]  # status, code, message, details


class HandAuncleDialect:
    prefix = "/api/v1/"

    def refuse(self, error: PlauditError, request_id: str) -> tuple[int, dict[str, Any]]:
        status, code, message, details = refusal(error)
        body: dict[str, Any] = {"message": message, "code": code}
        if details:
            body["details"] = details
        return status, {"success": False, "error": body, "meta": wire.meta(time.time_ns() // 1_000_000, request_id)}


DIALECT = HandAuncleDialect()


def refusal(error: PlauditError) -> Refusal:  # noqa: PLR0911  # a table: an answer each
    match error:
        case HttpError():
            return error.status, HTTP_CODES[error.status], error.message, {}
        case Unavailable():
            return 503, "SERVICE_UNAVAILABLE", Unavailable().message, {"retryAfter": error.retry_after_seconds}
        case RateLimited():
            return 429, "RATE_LIMIT_EXCEEDED", error.message, {"retryAfter": error.retry_after_seconds}
        case Invalid():
            return 400, "VALIDATION_ERROR", f"{error.field}: {error.reason}", {}
        case MalformedBody():
            return 400, "VALIDATION_ERROR", f"body: {error.message}", {}
        case Unauthenticated() | Forbidden() | PaymentRequired():
            return _denied(error)
        case NotFound():
            return 404, "NOT_FOUND", f"{error.resource.capitalize()} not found", {}
        case Conflict():
            return 409, "CONFLICT", error.message, _conflict(error)
        case _:
            return 500, "INTERNAL_SERVER_ERROR", "An internal server error occurred", {}


def _denied(error: Unauthenticated | Forbidden | PaymentRequired) -> Refusal:
    match error:
        case Unauthenticated():
            return 401, "UNAUTHORIZED", error.message, {}
        case PaymentRequired():
            details = {"currentPlan": error.current_plan, "requiredPlan": error.required_plan, "feature": error.feature}
            return 402, "PAYMENT_REQUIRED", error.message, details
        case Forbidden():
            own_text = error.message != Forbidden.__doc__
            return 403, "FORBIDDEN", error.message if own_text else "You do not have access to this message", {}


def _conflict(error: Conflict) -> dict[str, Any]:
    return {"resource": error.resource, "conflictingField": camel_case(error.field)}
