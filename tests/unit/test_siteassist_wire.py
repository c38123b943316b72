"""SiteAssist v2 between its JSON and our nouns."""

import pytest

from plaudit.errors import (
    Conflict,
    DependencyDown,
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
from plaudit.http.body import json_object
from plaudit.http.contracts.siteassist import DIALECT, wire
from plaudit.http.errors import (
    BadRequest,
    BodyTooLarge,
    HeadersTooLarge,
    MethodNotAllowed,
    RequestTimeout,
    RouteNotFound,
    UnsupportedMediaType,
)
from plaudit.model import (
    AuthLevel,
    Contract,
    Conversation,
    Feedback,
    Message,
    Plan,
    Project,
    RatedMessage,
    Role,
    Subject,
    SubjectKind,
    Vote,
)

ID = "123e4567-e89b-12d3-a456-426614174000"
VISITOR = Subject.of(SubjectKind.VISITOR, "0c6a5c1e-2f0e-4d6e-9b53-3c2c7e3f9a10")
NOON = 1_705_314_600_000  # 2024-01-15T10:30:00.000Z


def message(**changes):
    return Message(**{
        "project_id": "p", "id": ID, "conversation_id": ID, "role": Role.ASSISTANT, "owner": VISITOR,
        "created_at": NOON, "content": "Hello", **changes,
    })


def feedback(vote):
    return Feedback("p", ID, VISITOR, AuthLevel.SESSION, Contract.SITEASSIST, vote, None, 1, NOON, NOON + 1)


@pytest.mark.parametrize(("body", "vote"), [
    (b'{"feedback":"like"}', Vote.LIKE),
    (b'{"feedback":"dislike"}', Vote.DISLIKE),
    (b'{"feedback":null}', None),
    (b'{"feedback":"like","feedback":"dislike"}', Vote.DISLIKE),
    (b'{"feedback":"like","userId":"x","__proto__":{},"updatedAt":1,"project":"q"}', Vote.LIKE),
    (b' \r\n\t{ "feedback" : "li\\u006be" } ', Vote.LIKE),
])
def test_a_vote_is_read(body, vote):
    """Three values, and the last of two equal keys; whatever else is in the body is ignored."""
    assert wire.decode_vote(json_object(body)) is vote


@pytest.mark.parametrize("body", [
    b"{}", b'{"feedback":""}', b'{"feedback":"LIKE"}', b'{"feedback":"like "}', b'{"feedback":"like\\u0000"}',
    b'{"feedback":1}', b'{"feedback":-1}', b'{"feedback":0}', b'{"feedback":true}', b'{"feedback":false}',
    b'{"feedback":[]}', b'{"feedback":["like"]}', b'{"feedback":{}}', b'{"feedback":"null"}', b'{"rating":1}',
])
def test_another_vote_is_refused(body):
    """A well-formed body without one of the three values names the field."""
    with pytest.raises(Invalid) as refusal:
        wire.decode_vote(json_object(body))
    assert (refusal.value.field, refusal.value.reason) == ("feedback", "Feedback must be 'like', 'dislike' or null")


@pytest.mark.parametrize("text", [ID, ID.upper(), "00000000-0000-0000-0000-000000000000"])
def test_an_id_is_a_uuid_in_lower_case(text):
    """Either case is read; one is stored."""
    assert wire.decode_id(text, "messageId") == text.lower()


@pytest.mark.parametrize("text", [
    "", "1", ID[:-1], ID + "0", ID + "\n", " " + ID, "{" + ID + "}", "urn:uuid:" + ID, ID.replace("-", ""),
    ID.replace("1", "\u0661"), ID.replace("a", "g"), ID + "/x", ID + "%00", ID + ";", "507f1f77bcf86cd799439011",
])
def test_another_form_of_id_is_refused(text):
    """Only 8-4-4-4-12 hexadecimal digits, in ASCII."""
    with pytest.raises(Invalid) as refusal:
        wire.decode_id(text, "messageId")
    assert (refusal.value.field, refusal.value.reason) == ("messageId", "messageId must be a UUID")


@pytest.mark.parametrize(("body", "read"), [
    ({}, (None, None)),
    ({"id": None, "title": None}, (None, None)),
    ({"id": ID.upper(), "title": "Prices"}, (ID, "Prices")),
    ({"title": "😀" * 200}, (None, "😀" * 200)),
])
def test_a_conversation_to_open_is_read(body, read):
    """Both of its fields may be left out."""
    assert wire.decode_conversation(body) == read


@pytest.mark.parametrize(("body", "field"), [
    ({"id": 7}, "id"), ({"id": "c-1"}, "id"), ({"id": ""}, "id"), ({"id": [ID]}, "id"),
    ({"title": 7}, "title"), ({"title": "x" * 201}, "title"), ({"title": "a\0b"}, "title"), ({"title": []}, "title"),
])
def test_a_wrong_conversation_is_refused(body, field):
    """The field is named."""
    with pytest.raises(Invalid) as refusal:
        wire.decode_conversation(body)
    assert refusal.value.field == field


@pytest.mark.parametrize("body", [{}, {"apiKey": None}, {"apiKey": ""}, {"apiKey": 1}, {"apiKey": ["pk_1"]}])
def test_init_needs_a_key(body):
    """A key is at least one character."""
    with pytest.raises(Invalid) as refusal:
        wire.decode_key(body)
    assert refusal.value.field == "apiKey"


@pytest.mark.parametrize("body", [{}, {"saVid": None}, {"saVid": ""}, {"saVid": "x" * 101}, {"saVid": 1}])
def test_init_needs_a_device(body):
    """A device's id has 1 to 100 characters."""
    with pytest.raises(Invalid) as refusal:
        wire.decode_device(body)
    assert refusal.value.field == "saVid"


def test_lists_have_defaults():
    """A request without parameters gets the newest conversations, and the oldest messages first."""
    assert wire.decode_conversations_query({}) == wire.ConversationsQuery(20, 0, True, "created_at", True)  # noqa: FBT003  # positions
    assert wire.decode_messages_query({}) == wire.MessagesQuery(100, 0, None, True)  # noqa: FBT003  # positions


@pytest.mark.parametrize(("decode", "query", "field"), [
    (wire.decode_conversations_query, {"limit": "0"}, "limit"),
    (wire.decode_conversations_query, {"limit": "101"}, "limit"),
    (wire.decode_conversations_query, {"limit": "\u0661"}, "limit"),
    (wire.decode_conversations_query, {"limit": "1.0"}, "limit"),
    (wire.decode_conversations_query, {"limit": ""}, "limit"),
    (wire.decode_conversations_query, {"limit": "1" * 5000}, "limit"),
    (wire.decode_conversations_query, {"offset": "-1"}, "offset"),
    (wire.decode_conversations_query, {"offset": "1000001"}, "offset"),
    (wire.decode_conversations_query, {"status": "gone"}, "status"),
    (wire.decode_conversations_query, {"orderBy": "id"}, "orderBy"),
    (wire.decode_conversations_query, {"orderDir": "DESC"}, "orderDir"),
    (wire.decode_messages_query, {"limit": "1001"}, "limit"),
    (wire.decode_messages_query, {"role": "system"}, "role"),
    (wire.decode_messages_query, {"status": "done"}, "status"),
])
def test_a_wrong_parameter_is_refused(decode, query, field):
    """The parameter is named."""
    with pytest.raises(Invalid) as refusal:
        decode(query)
    assert refusal.value.field == field


@pytest.mark.parametrize(("stored", "said", "said_at"), [
    (None, None, None),
    (feedback(None), None, None),
    (feedback(Vote.LIKE), "like", "2024-01-15T10:30:00.001Z"),
    (feedback(Vote.DISLIKE), "dislike", "2024-01-15T10:30:00.001Z"),
])
def test_a_message_shows_its_vote(stored, said, said_at):
    """A vote that was taken back is no vote, and has no time."""
    assert wire.encode_message(RatedMessage(message(), stored)) == {
        "object": "message", "id": ID, "createdAt": "2024-01-15T10:30:00.000Z", "chatId": ID, "role": "assistant",
        "parts": [{"type": "text", "text": "Hello"}], "status": "complete", "error": None,
        "feedback": said, "feedbackAt": said_at, "metadata": None, "humanAgent": None,
        "pageUrl": None, "pageTitle": None, "textSelection": None,
    }


def test_a_message_without_content_has_no_parts():
    """An application need not tell us what was said."""
    shown = wire.encode_message(RatedMessage(message(content=None, metadata={"a": 1}), None))
    assert (shown["parts"], shown["metadata"]) == ([], {"a": 1})


def test_a_conversation_is_shown():
    """In the contract's spelling, mistakes included."""
    conversation = Conversation("p", ID, VISITOR, NOON, NOON + 5, "Prices")
    assert wire.encode_conversation(conversation) == {
        "object": "conversation", "id": ID, "title": "Prices", "createdAt": "2024-01-15T10:30:00.000Z",
        "updatedAt": "2024-01-15T10:30:00.005Z", "status": "open", "closedAt": None, "closeReason": None,
        "lastInterationAt": "2024-01-15T10:30:00.005Z", "isHumanHandled": False, "humanAgent": None, "messages": [],
    }


def test_a_visitor_is_shown():
    """Anonymous by its own id; a signed-in user under an id of the right form, the same each time."""
    assert wire.encode_visitor(VISITOR) == {
        "object": "visitor", "id": VISITOR.name, "type": "anonymous", "externalId": None, "name": None,
        "avatarUrl": None,
    }
    user = wire.encode_visitor(Subject.user("https://tenant.example/", "auth0|1"))
    assert (user["type"], user["externalId"]) == ("identified", "auth0|1")
    assert user["id"] == wire.encode_visitor(Subject.user("https://tenant.example/", "auth0|1"))["id"]
    assert wire.UUID.fullmatch(user["id"])


def test_a_project_tells_the_public_nothing_but_its_name():
    """No plan, key, origin or issuer."""
    project = Project("p", "Shop", Plan("pro", frozenset()), "pro", publishable_key="pk_secretless")
    shown = wire.encode_project(project)
    assert (shown["id"], shown["name"], shown["chatWidgetConfig"]["displayName"]) == ("p", "Shop", "Shop")
    assert set(shown) == {"object", "id", "name", "quickPrompts", "chatWidgetConfig"}


SAID_INTERNAL = "An internal server error occurred"


@pytest.mark.parametrize(("error", "status", "said"), [
    (MalformedBody(), 400, ("INVALID_REQUEST_BODY", "Invalid request body. The body must be a JSON object.",
                            {"field": "body"})),
    (Invalid("feedback", "why"), 422, ("VALIDATION_ERROR", "Validation failed",
                                       {"field": "feedback", "reason": "why"})),
    (Unauthenticated(), 401, ("UNAUTHORIZED", "Authentication required", None)),
    (PaymentRequired("free", "pro", "feedback"), 402, (
        "PAYMENT_REQUIRED", "A higher pricing plan is required to access this feature",
        {"currentPlan": "free", "requiredPlan": "pro", "feature": "feedback"})),
    (Forbidden(), 403, ("FORBIDDEN", "Access denied to this conversation", None)),
    (FeedbackOff(), 403, ("FORBIDDEN", "Feedback is switched off for this project", None)),
    (NotFound("message", ID), 404, ("CONVERSATION_NOT_FOUND", "Conversation not found!", {"messageId": ID})),
    (NotFound("conversation", ID), 404, ("CONVERSATION_NOT_FOUND", "Conversation not found!", {"conversationId": ID})),
    (Conflict("conversation", "id"), 409, ("CONFLICT", "Resource already exists",
                                           {"resource": "conversation", "conflictingField": "id"})),
    (Conflict("message", "conversation_id"), 409, ("CONFLICT", "Resource already exists",
                                                   {"resource": "message", "conflictingField": "conversationId"})),
    (RateLimited(60), 429, ("RATE_LIMIT_EXCEEDED", "Rate limit exceeded. Please try again later.", {"retryAfter": 60})),
    (Unavailable("disk full at /var", retry_after_seconds=30), 503, (
        "SERVICE_UNAVAILABLE", "Service temporarily unavailable", {"retryAfter": 30})),
    (DependencyDown("identity_provider"), 502, ("BAD_GATEWAY", "Service temporarily unavailable",
                                                {"service": "identity_provider"})),
    (PlauditError("secret inside"), 500, ("INTERNAL_SERVER_ERROR", SAID_INTERNAL, None)),
    (BadRequest(), 400, ("BAD_REQUEST", BadRequest.__doc__, None)),
    (RouteNotFound(), 404, ("NOT_FOUND", RouteNotFound.__doc__, None)),
    (MethodNotAllowed("POST"), 405, ("METHOD_NOT_ALLOWED", MethodNotAllowed.__doc__, None)),
    (RequestTimeout(), 408, ("REQUEST_TIMEOUT", RequestTimeout.__doc__, None)),
    (BodyTooLarge(9), 413, ("PAYLOAD_TOO_LARGE", "The body is larger than 9 bytes", None)),
    (UnsupportedMediaType(), 415, ("UNSUPPORTED_MEDIA_TYPE", UnsupportedMediaType.__doc__, None)),
    (HeadersTooLarge(), 431, ("REQUEST_HEADER_FIELDS_TOO_LARGE", HeadersTooLarge.__doc__, None)),
])
def test_every_refusal_has_its_answer(error, status, said):
    """One row a condition; `details` only where there are some."""
    code, text, details = said
    body = {"message": text, "code": code} | ({"details": details} if details else {})
    assert DIALECT.refuse(error, "req_1") == (status, {"error": body})
