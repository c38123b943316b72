"""What there is of one person: plans that find it, a part at a time."""

from collections.abc import Sequence

from plaudit.model import Message, Subject, SubjectKind
from plaudit.people import Held, Person, Traces
from plaudit.store import reads, reviewing
from plaudit.store.plans import Ask, Row, Steps
from plaudit.store.reads import EVERYTHING


def traces(project_id: str, person: Person) -> Steps[Traces]:
    """See `ports.Store.traces`."""
    owner, project = person.subject, {"project_id": project_id}
    guests: Sequence[Row] = ()
    devices: Sequence[Row] = ()
    bound: Sequence[Row] = ()
    if owner.kind is SubjectKind.USER:
        guests = yield Ask("read_guests_of", {**project, "user": owner.key})
    if owner.kind is SubjectKind.VISITOR:
        devices = yield Ask("read_visitor_devices", {**project, "visitor_id": owner.name})
    if person.device:
        user_hash, device_hash = person.device
        bound = yield Ask("read_device", {**project, "user_hash": user_hash, "device_hash": device_hash})
    [[conversations]] = yield Ask("count_conversations_of_owner", {**project, "owner": owner.key},
                                  {"search": EVERYTHING})
    return Traces(tuple(Subject(guest) for guest, in guests), tuple(device for device, in devices), bool(bound),
                  conversations)


def held(project_id: str, conversation_id: str, *, limit: int, offset: int) -> Steps[list[Held]]:
    """See `ports.Store.held`."""
    _, rated = yield from reads.conversation_messages(
        project_id, conversation_id, role=None, limit=limit, offset=offset, before=None, descending=False)
    found = []
    for each in rated:
        found += [(yield from _held(each.message))]
    return found


def _held(message: Message) -> Steps[Held]:
    history = yield from reads.history(message.project_id, message.id)
    reviews = yield from reviewing.reviews(message.project_id, message.id)
    waiting = yield Ask("read_deliveries_of", {"project_id": message.project_id, "message_id": message.id})
    return Held(message, tuple(history), tuple(reviews),
                tuple((endpoint, kind, bool(dead)) for endpoint, kind, dead in waiting))
