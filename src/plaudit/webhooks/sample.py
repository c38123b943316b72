"""An event that nobody caused, to try an endpoint with."""

from plaudit.events import Event, Kind
from plaudit.model import AuthLevel, Contract, Feedback, Instant, Message, Role, Subject, Vote


def sample(project_id: str, now: Instant) -> Event:
    """Its number, 0, is no vote's."""
    who = Subject.user("https://issuer.example/", "plaudit-webhook-test")
    message = Message(project_id, "plaudit-webhook-test", "plaudit-webhook-test", Role.ASSISTANT, who, now,
                      model="none", content="An answer that nobody was shown.")
    feedback = Feedback(project_id, message.id, who, AuthLevel.SERVER_KEY, Contract.PLAUDIT, Vote.DISLIKE,
                        "This is a test of the endpoint by `plaudit webhook test`.", 1, now, now)
    return Event(0, Kind.DISLIKE, feedback, message, None, None)
