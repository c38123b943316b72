"""A span, of which only what can say something about an answer is read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from plaudit.errors import Invalid
from plaudit.model import Instant

READ = ("gen_ai.", "openinference.span.kind", "llm.", "input.", "output.", "session.id", "user.id", "enduser.id",
        "error.type", "plaudit.")
ATTRIBUTES_MAX = 1000  # of one span; SDKs stop at 128 unless they are told otherwise
ERROR = 2  # as a status
UNSIGNED_64 = 2**64
NANOSECONDS = 1_000_000  # in a millisecond

Attributes = Mapping[str, Any]
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Span:
    """Ids are hexadecimal. `resource`: the attributes of what sends it; an instant of 0 was not given."""

    trace_id: str
    span_id: str
    started_at: Instant
    ended_at: Instant
    failed: bool
    attributes: Attributes
    resource: Attributes

    def said(self, name: str) -> Any:
        """What the span says, or else what its resource does, for all of its spans."""
        return self.attributes.get(name, self.resource.get(name))


def read_attributes(pairs: Iterable[tuple[str, V]], value_of: Callable[[V], Any]) -> Attributes:
    """Those that are read at all. Raises `Invalid` for too many."""
    found = {}
    for number, (key, value) in enumerate(pairs, 1):
        if number > ATTRIBUTES_MAX:
            raise Invalid("attributes", f"are more than {ATTRIBUTES_MAX}")
        if key.startswith(READ):
            found[key] = value_of(value)
    return found


def instant(nanoseconds: int) -> Instant:
    """Raises `Invalid` for what has no place in 64 bits: JSON holds any number."""
    if not 0 <= nanoseconds < UNSIGNED_64:
        raise Invalid("time", "must be nanoseconds since 1970 in 64 bits")
    return nanoseconds // NANOSECONDS
