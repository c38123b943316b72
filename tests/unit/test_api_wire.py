"""Plaudit's own API between its JSON and our nouns."""

import msgspec
import pytest

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
from plaudit.http import registration
from plaudit.http.api import DIALECT, wire
from plaudit.http.errors import BodyTooLarge, HeadersTooLarge, MethodNotAllowed, RouteNotFound, UnsupportedMediaType
from plaudit.http.identifiers import read_id, read_instant
from plaudit.model import (
    AuthLevel,
    Contract,
    Conversation,
    Feedback,
    Message,
    Page,
    RatedMessage,
    Role,
    Subject,
    SubjectKind,
    Vote,
)

NOON = 1_705_314_600_000  # 2024-01-15T10:30:00.000Z
USER = Subject.user("https://tenant.auth0.com/", "auth0|1#2")
OWNER = {"user": {"issuer": "https://tenant.auth0.com/", "subject": "auth0|1#2"}}
LEAST = {"conversation_id": "c-1", "role": "assistant", "owner": OWNER}
WHOLE = {
    **LEAST, "created_at": "2024-01-15T11:30:00+01:00", "model": "gpt-x", "prompt_version": "v7",
    "arms": {"greeting": "b"}, "content": "Line\n\ttwo", "in_reply_to": "m-0", "locale": "en", "platform": "web",
    "trace_id": "t", "span_id": "s", "metadata": {"a": [1, 2.5, None, 10**30]},
}
LOWER = "123e4567-e89b-12d3-a456-42661417400a"


def decoded(changes, message_id="m-1"):
    body = msgspec.json.encode({**LEAST, **changes})
    return registration.decode(message_id, body, NOON).message("p", USER)


def feedback(vote, **changes):
    return Feedback(**{
        "project_id": "p", "message_id": "m-1", "subject": USER, "auth_level": AuthLevel.JWT,
        "contract": Contract.HANDAUNCLE, "vote": vote, "comment": "why", "revision": 2, "created_at": NOON,
        "updated_at": NOON + 1, **changes,
    })


def test_a_registration_becomes_the_message_that_it_says():
    """Every field has its place."""
    assert decoded(WHOLE) == Message(
        project_id="p", id="m-1", conversation_id="c-1", role=Role.ASSISTANT, owner=USER, created_at=NOON,
        model="gpt-x", prompt_version="v7", arms={"greeting": "b"}, content="Line\n\ttwo", in_reply_to="m-0",
        locale="en", platform="web", trace_id="t", span_id="s", metadata={"a": [1, 2.5, None, 10**30]},
    )


def test_what_is_optional_may_be_left_out_or_null():
    """Both mean the same; the time is then the server's."""
    least = Message("p", "m-1", "c-1", Role.ASSISTANT, USER, NOON)
    assert decoded({}) == least
    assert decoded(dict.fromkeys(set(WHOLE) - set(LEAST))) == least


@pytest.mark.parametrize(("owner", "subject"), [
    (OWNER, USER),
    ({"visitor": {"id": "v-1"}}, Subject.of(SubjectKind.VISITOR, "v-1")),
    ({"visitor": {"id": LOWER.upper()}}, Subject.of(SubjectKind.VISITOR, LOWER)),
    ({"visitor": {"id": "v-1"}, "user": None, "guest": None}, Subject.of(SubjectKind.VISITOR, "v-1")),
])
def test_an_owner_is_a_subject(owner, subject):
    """A visitor's UUID is the same person in either case."""
    draft = registration.decode("m-1", msgspec.json.encode({**LEAST, "owner": owner}), NOON)
    assert registration.known_owner(draft.registration.owner) == subject


@pytest.mark.parametrize(("given", "kept"), [
    (LOWER.upper(), LOWER),
    (f"{{{LOWER.upper()}}}", f"{{{LOWER.upper()}}}"),
    ("507F1F77BCF86CD799439011", "507F1F77BCF86CD799439011"),
    ("é" * 128, "é" * 128),
    ("a/b c", "a/b c"),
    ("m/1 ü", "m/1 ü"),
    ("...", "..."),
])
def test_ids_are_kept_as_they_are_but_for_uuids(given, kept):
    """A UUID is one id in either case, in its plain form only."""
    assert read_id(given, "id") == kept


@pytest.mark.parametrize("given", ["", "x" * 129, ".", "..", "a\n", "a\nb", "a\x00", "\x7f", "\x85", "a\u2028b"])
def test_what_can_be_no_id(given):
    """Control characters, and what no URL can hold."""
    with pytest.raises(Invalid) as refusal:
        read_id(given, "message_id")
    assert refusal.value.field == "message_id"


@pytest.mark.parametrize(("text", "instant"), [
    ("2024-01-15T10:30:00Z", NOON),
    ("2024-01-15t10:30:00.0009z", NOON + 1),
    ("2024-01-15T09:30:00-01:00", NOON),
    ("1969-12-31T23:59:59.999Z", -1),
])
def test_instants_are_rfc_3339(text, instant):
    """Any offset, any case, to the millisecond."""
    assert read_instant(text, "since") == instant


@pytest.mark.parametrize("text", [
    "", "now", "2024-01-15", "2024-01-15T10:30:00", "2024-01-15 10:30:00Z", "2024-02-30T00:00:00Z", "20240115T103000Z",
    "2024-W03-1T10:30:00Z", "2024-01-15T10:30Z", "2024-01-15T10:30:00Z\n", "٢024-01-15T10:30:00Z", "1705314600000",
    "9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00Z",
])
def test_what_is_no_instant(text):
    """Neither other forms of ISO 8601 nor days that there are not."""
    with pytest.raises(Invalid):
        read_instant(text, "since")


@pytest.mark.parametrize(("changes", "field"), [
    ({"conversation_id": None}, "conversation_id"),
    ({"conversation_id": ""}, "conversation_id"),
    ({"conversation_id": "a\n"}, "conversation_id"),
    ({"role": "boss"}, "role"),
    ({"owner": {}}, "owner"),
    ({"owner": {**OWNER, "visitor": {"id": "v"}}}, "owner"),
    ({"owner": {"user": {"issuer": "https://i/"}}}, "owner.user.subject"),
    ({"owner": {"user": {"issuer": "https://i/#x", "subject": "s"}}}, "owner.user.issuer"),
    ({"owner": {"user": {"issuer": "https://ü/", "subject": "s"}}}, "owner.user.issuer"),
    ({"owner": {"user": {"issuer": "https://i/", "subject": "x" * 256}}}, "owner.user.subject"),
    ({"owner": {"robot": {}}}, "owner.robot"),
    ({"owner": {"guest": {"device_id": 1, "user_id": "u"}}}, "owner.guest.device_id"),
    ({"created_at": "yesterday"}, "created_at"),
    ({"created_at": 1705314600000}, "created_at"),
    ({"model": "x" * 257}, "model"),
    ({"model": ""}, "model"),
    ({"arms": {"a": 1}}, "arms"),
    ({"arms": {"": "b"}}, "arms"),
    ({"arms": {str(number): "b" for number in range(33)}}, "arms"),
    ({"content": "a\x00b"}, "content"),
    ({"content": "x" * (256 * 1024 + 1)}, "content"),
    ({"metadata": []}, "metadata"),
    ({"metadata": {"a": "x" * (16 * 1024)}}, "metadata"),
    ({"modle": "gpt-x"}, "modle"),
    ({"id": "m-2"}, "id"),
    ({"project": "other"}, "project"),
])
def test_a_wrong_field_is_named_by_its_path(changes, field):
    """Unknown ones too: a typo is found when it is made."""
    with pytest.raises(Invalid) as refusal:
        decoded(changes)
    assert refusal.value.field == field


@pytest.mark.parametrize(("changes", "reason"), [
    ({"role": "boss" * 1000}, "must be one of user, assistant, human_agent"),
    ({"model": "a\nb"}, "has a character that is not allowed here"),
    ({"modle": "gpt-x"}, "is not a field of this object"),
], ids=["choice", "character", "typo"])
def test_a_wrong_field_is_told_what_would_be_right(changes, reason):
    """In words for whoever integrates a server, and without what was sent."""
    with pytest.raises(Invalid) as refusal:
        decoded(changes)
    assert refusal.value.reason == reason


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b"null", b"nope", b"\xff", b"\xef\xbb\xbf{}", b'{"conversation_id":"\\ud800"}', b"[" * 100_000,
    b'{"metadata":{"a":' + b"[" * 100_000, '{"a":1}'.encode("utf-16"),
    b'{"conversation_id":"c-1","role":"assistant","owner":{"visitor":{"id":"v"}},"metadata":'
    + b'{"a":' * 64 + b"1" + b"}" * 65,
])
def test_what_is_no_object_at_all(body):
    """Not JSON, not UTF-8, not an object, or too deep to read."""
    with pytest.raises(MalformedBody):
        registration.decode("m-1", body, NOON)


@pytest.mark.parametrize(("line", "claimed"), [
    (b'{"id":"m-1"}', "m-1"),
    (b'{"id":"%s"}' % LOWER.upper().encode(), LOWER),
    (b'{"id":1}', None),
    (b'{"id":".."}', None),
    (b"[1]", None),
    (b"nope", None),
])
def test_a_refused_line_is_named_where_it_can_be(line, claimed):
    """By the id that it claims."""
    with pytest.raises((Invalid, MalformedBody)):
        registration.decode_line(line, NOON)
    assert registration.claimed_id(line) == claimed


def test_a_message_is_shown_as_it_was_registered():
    """Every field, and the time in UTC with milliseconds."""
    shown = {**WHOLE, "id": "m-1", "created_at": "2024-01-15T10:30:00.000Z"}
    assert wire.message(decoded(WHOLE)) == shown


@pytest.mark.parametrize(("subject", "shown"), [
    (USER, OWNER),
    (Subject.of(SubjectKind.GUEST, "ab12"), {"guest": {"hash": "ab12"}}),
    (Subject.of(SubjectKind.VISITOR, "v-1"), {"visitor": {"id": "v-1"}}),
])
def test_a_subject_is_shown(subject, shown):
    """A `#` in a user's name is its own; a guest is a hash."""
    assert wire.subject(subject) == shown


def test_a_conversation_is_shown_with_the_votes_that_stand():
    """A vote that was removed is none."""
    message = decoded({})
    rated = [RatedMessage(message, given) for given in (feedback(Vote.LIKE), feedback(None), None)]
    shown = wire.conversation(Conversation("p", "c-1", USER, NOON, NOON + 1, "Hello"), 7, rated)
    assert [each.pop("feedback") for each in shown["messages"]] == [
        {
            "subject": OWNER, "vote": "like", "comment": "why", "reasons": [], "revision": 2, "contract": "handauncle",
            "auth_level": "jwt", "created_at": "2024-01-15T10:30:00.000Z", "updated_at": "2024-01-15T10:30:00.001Z",
        },
        None,
        None,
    ]
    assert shown == {
        "id": "c-1", "owner": OWNER, "title": "Hello", "created_at": "2024-01-15T10:30:00.000Z",
        "updated_at": "2024-01-15T10:30:00.001Z", "total": 7, "messages": [wire.message(message)] * 3,
    }


def test_a_page_of_feedback_is_shown_with_what_the_message_was_registered_with():
    """So that a rate by model needs no second request."""
    page = Page((RatedMessage(decoded({"model": "gpt-x", "arms": {"a": "b"}}), feedback(Vote.DISLIKE)),), "3.4")
    assert wire.feedback_page(page) == {
        "items": [{
            "message_id": "m-1", "conversation_id": "c-1", "subject": OWNER, "vote": "dislike", "comment": "why",
            "reasons": [],
            "revision": 2, "contract": "handauncle", "auth_level": "jwt", "created_at": "2024-01-15T10:30:00.000Z",
            "updated_at": "2024-01-15T10:30:00.001Z", "model": "gpt-x", "prompt_version": None, "arms": {"a": "b"},
        }],
        "cursor": "3.4",
    }


def test_a_history_tells_removals():
    """As a revision without a vote."""
    assert wire.history([feedback(None, comment=None)]) == {"items": [{
        "subject": OWNER, "revision": 2, "vote": None, "comment": None,
        "reasons": [], "contract": "handauncle", "auth_level": "jwt",
        "at": "2024-01-15T10:30:00.001Z",
    }]}


def test_a_batch_is_counted():
    """By what became of its lines."""
    results = [
        wire.line_result(1, "m-1", "created"),
        wire.line_result(2, "m-2", "conflict", Conflict("message", "owner")),
        wire.line_result(4, None, "invalid", MalformedBody()),
    ]
    assert wire.batch(results) == {
        "results": [
            {"line": 1, "id": "m-1", "status": "created"},
            {"line": 2, "id": "m-2", "status": "conflict", "error": {
                "code": "conflict", "message": "Resource already exists",
                "details": {"resource": "message", "field": "owner"},
            }},
            {"line": 4, "id": None, "status": "invalid", "error": {
                "code": "malformed_body", "message": "The body must be a JSON object",
            }},
        ],
        "created": 1, "unchanged": 0, "conflict": 1, "invalid": 1,
    }


@pytest.mark.parametrize(("error", "status", "code", "details"), [
    (MalformedBody(), 400, "malformed_body", None),
    (Unauthenticated(), 401, "unauthenticated", None),
    (PaymentRequired("free", "pro", "feedback"), 402, "payment_required",
     {"current_plan": "free", "required_plan": "pro", "feature": "feedback"}),
    (Forbidden(), 403, "forbidden", None),
    (NotFound("message", "m-9"), 404, "not_found", {"resource": "message", "id": "m-9"}),
    (RouteNotFound(), 404, "route_not_found", None),
    (MethodNotAllowed("GET"), 405, "method_not_allowed", None),
    (Conflict("conversation", "owner"), 409, "conflict", {"resource": "conversation", "field": "owner"}),
    (BodyTooLarge(9), 413, "body_too_large", None),
    (UnsupportedMediaType(), 415, "unsupported_media_type", None),
    (Invalid("limit", "is wrong"), 422, "invalid", {"field": "limit", "reason": "is wrong"}),
    (RateLimited(7), 429, "rate_limited", {"retry_after": 7}),
    (HeadersTooLarge(), 431, "headers_too_large", None),
    (PlauditError(), 500, "internal_error", None),
    (DependencyDown("identity_provider"), 502, "dependency_down", {"service": "identity_provider", "retry_after": 5}),
    (Unavailable(), 503, "unavailable", {"retry_after": 1}),
])
def test_every_refusal_has_its_status_and_envelope(error, status, code, details):
    """And the request's id, to find it by."""
    found_status, body = DIALECT.refuse(error, "req_1")
    message = body["error"].pop("message")
    assert message.endswith(error.message)
    assert (found_status, body) == (status, {
        "error": {"code": code, **({"details": details} if details else {}), "request_id": "req_1"},
    })
