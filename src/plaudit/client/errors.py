"""Everything that can go wrong with a call, as one tree.

    PlauditError              code, message, details, request_id, status
    ├── Invalid               a field is missing or wrong: said by the server, or by this library before it asks
    ├── Unauthenticated       the key or the token is not believed
    ├── PaymentRequired       the project's plan lacks the feature
    ├── Forbidden             known, but not allowed
    ├── NotFound              no such thing in this project
    ├── Conflict              the same id says something else already
    ├── RateLimited           too many requests; `retry_after_seconds`
    ├── Unavailable           cannot say now, trying again is safe; `retry_after_seconds`
    │   └── Unreachable       …for there was no answer at all
    ├── UnreadableAnswer      whoever answered was not Plaudit
    └── Closed                the client was closed before the call

What the server refuses otherwise is a `PlauditError` with its code. A class's docstring is its default message.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

NO_DETAILS: Mapping[str, Any] = MappingProxyType({})


class PlauditError(Exception):
    """Something went wrong"""

    default_code: ClassVar[str] = "internal_error"

    def __init__(self, message: str | None = None, *, code: str | None = None,
                 details: Mapping[str, Any] = NO_DETAILS, request_id: str | None = None, status: int | None = None,
                 retry_after_seconds: float | None = None) -> None:
        """`status` and `request_id` are None where no server has answered."""
        super().__init__(message or type(self).__doc__)
        self.code = code or self.default_code
        self.details = dict(details)  # a view of them could not go to another process
        self.request_id = request_id
        self.status = status
        self.retry_after_seconds = retry_after_seconds

    @property
    def message(self) -> str:
        return str(self.args[0])

    def __str__(self) -> str:
        known = [f"code {self.code}"]
        known += [f"status {self.status}"] if self.status else []
        known += [f"request {self.request_id}"] if self.request_id else []
        return f"{self.message} ({', '.join(known)})"


class Invalid(PlauditError, ValueError):
    """A field is missing or wrong"""

    default_code = "invalid"

    @classmethod
    def field(cls, field: str, reason: str) -> "Invalid":
        """As the server says it, before it was asked."""
        return cls(f"{field}: {reason}", details={"field": field, "reason": reason})


class Unauthenticated(PlauditError):
    """Authentication required"""

    default_code = "unauthenticated"


class PaymentRequired(PlauditError):
    """A higher pricing plan is required to access this feature"""

    default_code = "payment_required"


class Forbidden(PlauditError):
    """Access denied"""

    default_code = "forbidden"


class NotFound(PlauditError):
    """Not found"""

    default_code = "not_found"


class Conflict(PlauditError):
    """Resource already exists"""

    default_code = "conflict"


class RateLimited(PlauditError):
    """Rate limit exceeded. Please try again later."""

    default_code = "rate_limited"


class Unavailable(PlauditError):
    """Service temporarily unavailable"""

    default_code = "unavailable"


class Unreachable(Unavailable):
    """The server did not answer"""

    default_code = "unreachable"


class UnreadableAnswer(PlauditError):
    """The answer is not one of Plaudit's; is the URL right, and what stands in between?"""

    default_code = "unreadable_answer"


class Closed(PlauditError):
    """The client is closed"""

    default_code = "closed"


KINDS: Mapping[int, type[PlauditError]] = MappingProxyType({
    400: Invalid,
    401: Unauthenticated,
    402: PaymentRequired,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: Invalid,
    422: Invalid,
    429: RateLimited,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
    **dict.fromkeys(range(520, 531), Unavailable),  # Cloudflare's, where the server behind it is away
})
KINDS_OF_LINES: Mapping[str, type[PlauditError]] = MappingProxyType(
    {kind.default_code: kind for kind in (Invalid, Conflict)})
