"""All that there is of one person as JSON Lines: model -> wire. The command line writes the same."""

from collections.abc import AsyncIterator

from plaudit.http.api import wire
from plaudit.http.api.wire import Json
from plaudit.http.body import to_json
from plaudit.instants import to_text
from plaudit.model import Conversation
from plaudit.people import Erased, Held, Traces


async def lines(found: AsyncIterator[Traces | Conversation | Held]) -> AsyncIterator[bytes]:
    """Each with its newline. The last one says how much came before it: what ends without it is not whole."""
    count = {"conversations": 0, "messages": 0}
    async for each in found:
        match each:
            case Traces():
                yield _line("person", _traces(each))
            case Conversation():
                count["conversations"] += 1
                yield _line("conversation", _conversation(each))
            case Held():
                count["messages"] += 1
                yield _line("message", _held(each))
    yield _line("end", count)


def erased(what: Erased, *, purged: bool) -> Json:
    """`purged`: it is gone from the database's files as well."""
    return {
        "conversations": what.conversations,
        "messages": what.messages,
        "votes": what.votes,
        "entries": what.entries,
        "reviews": what.reviews,
        "deliveries": what.deliveries,
        "identities": what.identities,
        "purged": purged,
    }


def _line(kind: str, value: Json) -> bytes:
    return to_json({"kind": kind, **value}) + b"\n"


def _traces(what: Traces) -> Json:
    """Devices are known by keyed hashes only: how many there are is all that can be said."""
    return {
        "guests": [wire.subject(guest) for guest in what.guests],
        "visitor_devices": len(what.visitor_devices),
        "guest_device": what.guest_device,
        "conversations": what.conversations,
    }


def _conversation(held: Conversation) -> Json:
    return {
        "id": held.id,
        "owner": wire.subject(held.owner),
        "title": held.title,
        "created_at": to_text(held.created_at),
        "updated_at": to_text(held.updated_at),
    }


def _held(held: Held) -> Json:
    return {
        **wire.message(held.message),
        "history": wire.history(list(held.history))["items"],
        "reviews": [{"subject": wire.subject(subject), "revision": revision, "label": review.label,
                     "note": review.note, "reviewer": review.reviewer, "at": to_text(review.at)}
                    for subject, revision, review in held.reviews],
        "deliveries": [{"endpoint": endpoint, "kind": kind, "dead": dead} for endpoint, kind, dead in held.deliveries],
    }
