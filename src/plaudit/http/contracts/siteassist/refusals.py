"""How SiteAssist v2 says no: a status and `{"error": {message, code, details}}` for each of our errors. Pure."""

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
from plaudit.http.errors import HTTP_CODES, HttpError, camel_case

Refusal = tuple[int, dict[str, Any]]


class SiteAssistDialect:
    prefix = "/v2/"

    def refuse(self, error: PlauditError, request_id: str) -> Refusal:  # noqa: ARG002, PLR0911  # no place for the id; a table
        match error:
            case HttpError():
                return _refusal(error.status, HTTP_CODES[error.status], error.message)
            case Unavailable():
                return _unavailable(error)
            case RateLimited():
                return _refusal(429, "RATE_LIMIT_EXCEEDED", error.message, retryAfter=error.retry_after_seconds)
            case MalformedBody() | Invalid():
                return _invalid(error)
            case Unauthenticated() | Forbidden() | PaymentRequired():
                return _denied(error)
            case NotFound():
                return _refusal(404, "CONVERSATION_NOT_FOUND", "Conversation not found!",
                                **{f"{error.resource}Id": error.resource_id})
            case Conflict():
                return _refusal(409, "CONFLICT", error.message,
                                resource=error.resource, conflictingField=camel_case(error.field))
            case _:
                return _refusal(500, "INTERNAL_SERVER_ERROR", "An internal server error occurred")


DIALECT = SiteAssistDialect()


def _invalid(error: MalformedBody | Invalid) -> Refusal:
    if isinstance(error, Invalid):
        return _refusal(422, "VALIDATION_ERROR", "Validation failed", field=error.field, reason=error.reason)
    return _refusal(400, "INVALID_REQUEST_BODY", f"Invalid request body. {error.message}.", field="body")


def _denied(error: Unauthenticated | Forbidden | PaymentRequired) -> Refusal:
    match error:
        case Unauthenticated():
            return _refusal(401, "UNAUTHORIZED", error.message)
        case PaymentRequired():
            return _refusal(402, "PAYMENT_REQUIRED", error.message, currentPlan=error.current_plan,
                            requiredPlan=error.required_plan, feature=error.feature)
        case Forbidden():
            own_text = error.message != Forbidden.__doc__
            return _refusal(403, "FORBIDDEN", error.message if own_text else "Access denied to this conversation")


def _unavailable(error: Unavailable) -> Refusal:
    if isinstance(error, DependencyDown):
        return _refusal(502, "BAD_GATEWAY", error.message, service=error.service)
    return _refusal(503, "SERVICE_UNAVAILABLE", Unavailable().message, retryAfter=error.retry_after_seconds)


def _refusal(status: int, code: str, message: str, **details: Any) -> Refusal:
    error: dict[str, Any] = {"message": message, "code": code}
    if details:
        error["details"] = details
    return status, {"error": error}
