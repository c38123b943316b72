"""HandAuncle v1 between its JSON and our nouns."""

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
from plaudit.http.contracts.handauncle import DIALECT, wire
from plaudit.http.contracts.handauncle.refusals import refusal
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
    RatedMessage,
    Role,
    Subject,
    Vote,
)

ID = "507f1f77bcf86cd799439011"
USER = Subject.user("https://tenant.example/", "auth0|1")
MORNING = 1_765_355_700_000  # 2025-12-10T08:35:00.000Z


def feedback(vote, comment=None):
    return Feedback("p", ID, USER, AuthLevel.JWT, Contract.HANDAUNCLE, vote, comment, 1, MORNING, MORNING)


def rated(message_id, stored=None):
    message = Message("p", message_id, "c-1", Role.ASSISTANT, USER, MORNING, model="gpt-x", content="Hello")
    return RatedMessage(message, stored)


@pytest.mark.parametrize(("body", "read"), [
    (b'{"rating":1}', (Vote.LIKE, None)),
    (b'{"rating":-1}', (Vote.DISLIKE, None)),
    (b'{"rating":1.0}', (Vote.LIKE, None)),
    (b'{"rating":-1.0}', (Vote.DISLIKE, None)),
    (b'{"rating":1e0}', (Vote.LIKE, None)),
    (b'{"rating":1,"rating":-1}', (Vote.DISLIKE, None)),
    (b'{"rating":1,"feedback":null}', (Vote.LIKE, None)),
    (b'{"rating":1,"feedback":""}', (Vote.LIKE, None)),
    (b'{"rating":1,"feedback":"Great"}', (Vote.LIKE, "Great")),
    (b'{"rating":1,"feedback":" "}', (Vote.LIKE, " ")),
    (b'{"rating":1,"feedback":"\'); DROP TABLE feedback; --"}', (Vote.LIKE, "'); DROP TABLE feedback; --")),
    (b'{"rating":1,"__proto__":{"rating":-1},"userId":"x","updatedAt":1,"project":"q"}', (Vote.LIKE, None)),
])
def test_a_vote_is_read(body, read):
    """JSON has one kind of number; the last of two equal keys wins; whatever else is in the body is ignored."""
    assert wire.decode_vote(json_object(body)) == read


@pytest.mark.parametrize("rating", [
    b"true", b"false", b'"1"', b'"-1"', b"0", b"-0", b"-0.0", b"2", b"-2", b"1.5", b"0.9999", b"null", b"[]", b"[1]",
    b"{}", b'""', b"1" * 300, b"1e300", b'"like"',
])
def test_another_rating_is_refused(rating):
    """In the very words of the published page."""
    with pytest.raises(Invalid) as error:
        wire.decode_vote(json_object(b'{"rating":' + rating + b"}"))
    assert (error.value.field, error.value.reason) == ("rating", "Rating must be 1 (like) or -1 (dislike)")


def test_a_rating_is_required():
    """A comment alone is no vote."""
    with pytest.raises(Invalid, match="Rating must be"):
        wire.decode_vote({"feedback": "Great"})


@pytest.mark.parametrize("comment", ["x" * 1000, "😀" * 1000, "é" * 1000, "\u202e<script>", "a\r\nb\tc"])
def test_a_comment_has_up_to_1000_characters(comment):
    """Counted in code points, and kept as it is."""
    assert wire.decode_vote({"rating": 1, "feedback": comment}) == (Vote.LIKE, comment)


@pytest.mark.parametrize("comment", ["x" * 1001, "😀" * 1001, "a\0b", "\0", 1, 0, True, False, [], {}, ["x"]])
def test_another_comment_is_refused(comment):
    """Too long, with a NUL in it, or no string at all."""
    with pytest.raises(Invalid) as error:
        wire.decode_vote({"rating": 1, "feedback": comment})
    assert error.value.field == "feedback"


def test_an_id_is_an_object_id():
    """24 hexadecimal digits in lower case."""
    assert wire.decode_message_id(ID) == ID


@pytest.mark.parametrize("text", [
    "", "1", ID.upper(), ID[:-1], ID + "0", ID + "\n", " " + ID, ID.replace("5", "\u0665"), ID.replace("f", "g"),
    ID[:-3] + "%00", ID[:-1] + "/", ID + ";x", "..", "123e4567-e89b-12d3-a456-426614174000",
])
def test_another_form_of_id_is_refused(text):
    """Upper case included: the published pattern says so."""
    with pytest.raises(Invalid) as error:
        wire.decode_message_id(text)
    assert error.value.field == "messageId"


@pytest.mark.parametrize("text", ["", "x" * 129, "a\0", "a\nb", "a\u2028b", "\x7f"])
def test_a_conversation_id_is_what_can_be_registered(text):
    """The contract does not say how they look, so only what can be no id is refused."""
    assert wire.decode_conversation_id("c-1/ü") == "c-1/ü"
    with pytest.raises(Invalid):
        wire.decode_conversation_id(text)


def test_lists_have_defaults():
    """A request without parameters gets the newest of everything."""
    assert wire.decode_conversations_query({}) == wire.ConversationsQuery(
        limit=20, offset=0, is_active=True, order_by="updated_at", descending=True, search=None)
    assert wire.decode_messages_query({}) == wire.MessagesQuery(limit=50, before=None, role=None)


@pytest.mark.parametrize(("decode", "query", "field"), [
    (wire.decode_conversations_query, {"limit": "0"}, "limit"),
    (wire.decode_conversations_query, {"limit": "101"}, "limit"),
    (wire.decode_conversations_query, {"offset": "-1"}, "offset"),
    (wire.decode_conversations_query, {"sortBy": "title"}, "sortBy"),
    (wire.decode_conversations_query, {"sortOrder": "down"}, "sortOrder"),
    (wire.decode_conversations_query, {"status": "open"}, "status"),
    (wire.decode_conversations_query, {"q": "x" * 201}, "q"),
    (wire.decode_conversations_query, {"q": "\0"}, "q"),
    (wire.decode_messages_query, {"limit": "101"}, "limit"),
    (wire.decode_messages_query, {"before": ""}, "before"),
    (wire.decode_messages_query, {"role": "system"}, "role"),
])
def test_a_wrong_parameter_is_refused(decode, query, field):
    """The parameter is named."""
    with pytest.raises(Invalid) as error:
        decode(query)
    assert error.value.field == field


def test_a_stored_vote_is_shown():
    """As the published example shows it."""
    assert wire.success(wire.encode_vote(feedback(Vote.LIKE, "Very helpful explanation!")), MORNING, "req_abc123") == {
        "success": True,
        "data": {"messageId": ID, "rating": 1, "feedback": "Very helpful explanation!",
                 "updatedAt": "2025-12-10T08:35:00.000Z"},
        "meta": {"timestamp": "2025-12-10T08:35:00.000Z", "requestId": "req_abc123"},
    }


@pytest.mark.parametrize(("stored", "rating", "comment"), [
    (None, None, None), (feedback(None), None, None), (feedback(Vote.DISLIKE, "No"), -1, "No"),
])
def test_a_message_shows_its_vote(stored, rating, comment):
    """A vote that was taken back through the other contract is no vote here."""
    assert wire.encode_message(rated(ID, stored)) == {
        "id": ID, "conversationId": "c-1", "role": "assistant", "content": "Hello",
        "createdAt": "2025-12-10T08:35:00.000Z", "tokenCount": None, "model": "gpt-x", "toolCalls": None,
        "rating": rating, "feedback": comment,
    }


@pytest.mark.parametrize(("newest_first", "page", "pagination"), [
    ("", "", {"hasMore": False, "before": None}),
    ("ba", "ab", {"hasMore": False, "before": None}),
    ("cba", "bc", {"hasMore": True, "before": "b"}),
])
def test_a_page_of_messages_says_where_the_next_begins(newest_first, page, pagination):
    """Pages go back in time; within one, time goes on. Two fit on a page here."""
    shown = wire.encode_messages([rated(name) for name in newest_first], limit=2)
    assert ("".join(each["id"] for each in shown["messages"]), shown["pagination"]) == (page, pagination)


def test_a_page_of_conversations_says_whether_there_are_more():
    """By how many there are in all."""
    asked = wire.decode_conversations_query({"limit": "1", "offset": "1"})
    found = [Conversation("p", "c-1", USER, MORNING, MORNING, "Rent")]
    assert wire.encode_conversations(3, found, asked) == {
        "conversations": [{"id": "c-1", "title": "Rent", "status": "active", "createdAt": "2025-12-10T08:35:00.000Z",
                           "updatedAt": "2025-12-10T08:35:00.000Z"}],
        "pagination": {"total": 3, "limit": 1, "offset": 1, "hasMore": True},
    }


@pytest.mark.parametrize(("error", "said"), [
    (MalformedBody(), (400, "VALIDATION_ERROR", "body: The body must be a JSON object", {})),
    (Invalid("rating", "why"), (400, "VALIDATION_ERROR", "rating: why", {})),
    (Unauthenticated(), (401, "UNAUTHORIZED", "Authentication required", {})),
    (Unauthenticated(wire.MISSING), (401, "UNAUTHORIZED", wire.MISSING, {})),
    (PaymentRequired("free", "pro", "feedback"), (
        402, "PAYMENT_REQUIRED", "A higher pricing plan is required to access this feature",
        {"currentPlan": "free", "requiredPlan": "pro", "feature": "feedback"})),
    (Forbidden(), (403, "FORBIDDEN", "You do not have access to this message", {})),
    (FeedbackOff(), (403, "FORBIDDEN", "Feedback is switched off for this project", {})),
    (NotFound("message", ID), (404, "NOT_FOUND", "Message not found", {})),
    (NotFound("conversation", ID), (404, "NOT_FOUND", "Conversation not found", {})),
    (Conflict("message", "conversation_id"), (
        409, "CONFLICT", "Resource already exists", {"resource": "message", "conflictingField": "conversationId"})),
    (RateLimited(60), (
        429, "RATE_LIMIT_EXCEEDED", "Rate limit exceeded. Please try again later.", {"retryAfter": 60})),
    (Unavailable("disk full at /var", retry_after_seconds=30), (
        503, "SERVICE_UNAVAILABLE", "Service temporarily unavailable", {"retryAfter": 30})),
    (DependencyDown("identity_provider"), (
        503, "SERVICE_UNAVAILABLE", "Service temporarily unavailable", {"retryAfter": 5})),
    (PlauditError("secret inside"), (500, "INTERNAL_SERVER_ERROR", "An internal server error occurred", {})),
    (BadRequest(), (400, "BAD_REQUEST", BadRequest.__doc__, {})),
    (RouteNotFound(), (404, "NOT_FOUND", RouteNotFound.__doc__, {})),
    (MethodNotAllowed("POST"), (405, "METHOD_NOT_ALLOWED", MethodNotAllowed.__doc__, {})),
    (RequestTimeout(), (408, "REQUEST_TIMEOUT", RequestTimeout.__doc__, {})),
    (BodyTooLarge(9), (413, "PAYLOAD_TOO_LARGE", "The body is larger than 9 bytes", {})),
    (UnsupportedMediaType(), (415, "UNSUPPORTED_MEDIA_TYPE", UnsupportedMediaType.__doc__, {})),
    (HeadersTooLarge(), (431, "REQUEST_HEADER_FIELDS_TOO_LARGE", HeadersTooLarge.__doc__, {})),
])
def test_every_refusal_has_its_answer(error, said):
    """One row a condition."""
    assert refusal(error) == said


def test_a_refusal_comes_in_the_envelope():
    """With the request's id, so that the operator can find it, and without empty details."""
    status, body = DIALECT.refuse(Forbidden(), "req_1")
    assert status == 403
    assert body["meta"].pop("timestamp").endswith("Z")
    assert body == {
        "success": False,
        "error": {"message": "You do not have access to this message", "code": "FORBIDDEN"},
        "meta": {"requestId": "req_1"},
    }
