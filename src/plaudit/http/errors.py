"""Refusals that only HTTP knows. They are raised at the edge and, unlike the core's errors, carry their status."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from plaudit.errors import (
    Conflict,
    FeedbackOff,
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


class HttpError(PlauditError):
    """The request cannot be served"""

    status: ClassVar[int]


class BadRequest(HttpError):
    """The request is not valid HTTP"""

    code = "bad_request"
    status = 400


class RouteNotFound(HttpError):
    """No such operation. The documents under /docs list what there is."""

    code = "route_not_found"
    status = 404


class MethodNotAllowed(HttpError):
    """This method is not allowed here; the Allow header lists those that are"""

    code = "method_not_allowed"
    status = 405

    def __init__(self, allow: str) -> None:
        super().__init__()
        self.allow = allow


class RequestTimeout(HttpError):
    """The request took too long to arrive"""

    code = "request_timeout"
    status = 408


class BodyTooLarge(HttpError):
    """The body is too large"""

    code = "body_too_large"
    status = 413

    def __init__(self, bytes_max: int) -> None:
        super().__init__(f"The body is larger than {bytes_max} bytes")


class UnsupportedMediaType(HttpError):
    """Send the body as application/json in UTF-8, without Content-Encoding"""

    code = "unsupported_media_type"
    status = 415


class HeadersTooLarge(HttpError):
    """The request's headers are too many or too large"""

    code = "headers_too_large"
    status = 431


# The words that both public contracts use, each in its own envelope, for what HTTP itself refuses.
HTTP_CODES = {
    400: "BAD_REQUEST",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    408: "REQUEST_TIMEOUT",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    431: "REQUEST_HEADER_FIELDS_TOO_LARGE",
}


# What other tools' contracts answer. A wrong field is a bad request, and whatever is down is Plaudit.
USUAL_STATUSES: dict[type[PlauditError], int] = {
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


def usual_status(error: PlauditError) -> int:
    if isinstance(error, HttpError):
        return error.status
    return next((USUAL_STATUSES[kind] for kind in type(error).__mro__ if kind in USUAL_STATUSES), 500)


def usual_text(error: PlauditError) -> str:
    """Without what is down, and why: that is the operator's business."""
    if isinstance(error, Invalid):
        return f"{error.field}: {error.reason}"
    return Unavailable().message if isinstance(error, Unavailable) else error.message


@contextmanager
def without_saying_whose(message_id: str) -> Iterator[None]:
    """For contracts in which somebody else's message is as if it were not there."""
    try:
        yield
    except FeedbackOff:
        raise
    except Forbidden:
        raise NotFound("message", message_id) from None


def camel_case(name: str) -> str:
    """One of our names as both public contracts spell it: conversation_id -> conversationId."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))
