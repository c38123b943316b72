"""Everything Plaudit refuses, as one tree. A code each, no HTTP: a contract's `wire` gives it a status and a shape.

    PlauditError
    ├── MalformedBody         the body is not what the operation can read at all
    ├── Invalid               a field is missing or wrong
    ├── Unauthenticated       nobody, or nobody we can believe
    ├── PaymentRequired       the project's plan lacks the feature
    ├── Forbidden             known, but not allowed
    │   └── FeedbackOff       the project has switched feedback off
    ├── NotFound              no such thing in this project
    ├── Conflict              the same id says something else already
    ├── RateLimited           too many requests
    └── Unavailable           cannot say now; trying again is safe
        └── DependencyDown    …because another service does not answer

A class's docstring is its default message.
"""

from typing import ClassVar


class PlauditError(Exception):
    """Something went wrong"""

    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)

    @property
    def message(self) -> str:
        return str(self.args[0])


class MalformedBody(PlauditError):
    """The body must be a JSON object"""

    code = "malformed_body"


class Invalid(PlauditError):
    """A field is missing or wrong"""

    code = "invalid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


class Unauthenticated(PlauditError):
    """Authentication required"""

    code = "unauthenticated"

    def __init__(self, message: str | None = None, *, token_invalid: bool = False) -> None:
        """`token_invalid` says that a token was given and refused, as RFC 6750 wants it told apart from none."""
        super().__init__(message)
        self.token_invalid = token_invalid


class PaymentRequired(PlauditError):
    """A higher pricing plan is required to access this feature"""

    code = "payment_required"

    def __init__(self, current_plan: str, required_plan: str, feature: str) -> None:
        super().__init__()
        self.current_plan = current_plan
        self.required_plan = required_plan
        self.feature = feature


class Forbidden(PlauditError):
    """Access denied"""

    code = "forbidden"


class FeedbackOff(Forbidden):
    """Feedback is switched off for this project"""


class NotFound(PlauditError):
    """Not found"""

    code = "not_found"

    def __init__(self, resource: str, resource_id: str) -> None:
        super().__init__(f"No such {resource}")
        self.resource = resource
        self.resource_id = resource_id


class Conflict(PlauditError):
    """Resource already exists"""

    code = "conflict"

    def __init__(self, resource: str, field: str) -> None:
        super().__init__()
        self.resource = resource
        self.field = field


class RateLimited(PlauditError):
    """Rate limit exceeded. Please try again later."""

    code = "rate_limited"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__()
        self.retry_after_seconds = max(1, retry_after_seconds)


class Unavailable(PlauditError):
    """Service temporarily unavailable"""

    code = "unavailable"

    def __init__(self, message: str | None = None, *, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = max(1, retry_after_seconds)


class DependencyDown(Unavailable):
    """Service temporarily unavailable"""

    code = "dependency_down"

    def __init__(self, service: str, message: str | None = None, *, retry_after_seconds: int = 5) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.service = service
