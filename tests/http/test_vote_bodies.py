"""Bodies of every kind, sent to both contracts: what is stored, what is refused, and that a refusal stores nothing."""

import json

import pytest
from running import user
from wires import HANDAUNCLE, SITEASSIST, Refusal

HERE = "<here>"
BAD_BODY = {"siteassist": Refusal(400, "INVALID_REQUEST_BODY", {"field": "body"}),
            "handauncle": Refusal(400, "VALIDATION_ERROR", {})}


def send(server, wire, message_id: str, body: bytes):
    headers = {"content-type": "application/json", **user().headers}
    return server.http.post(wire.url(message_id), content=body, headers=headers)


def good(wire) -> bytes:
    """A good body with room for one more member."""
    return json.dumps(wire.like).removesuffix("}").encode() + b',"x":%b}'


@pytest.mark.parametrize("value", [
    b"NaN", b"Infinity", b"-Infinity", b"1" * 5000, b"-" + b"1" * 5000, b"1e999",
    pytest.param(b"[" * 7_000 + b"]" * 7_000, id="7 000 arrays deep"),
    pytest.param(b'{"a":' * 2_500 + b"1" + b"}" * 2_500, id="2 500 objects deep"),
    pytest.param(b'"\xc0\xaf"', id="overlong UTF-8"),
    pytest.param(b'"\xed\xa0\x80"', id="surrogate in UTF-8"),
    pytest.param(rb'"\ud800"', id="lone high surrogate"),
    pytest.param(rb'"\udc00"', id="lone low surrogate"),
    pytest.param(b'"\n"', id="raw line feed"),
], ids=lambda value: value[:9].decode())
def test_what_is_no_json_is_refused_beside_a_good_vote_too(server, wire, value):
    """The vote in it would be good: nothing of it is stored."""
    message_id = wire.registered(server, user())
    answer = send(server, wire, message_id, good(wire) % value)
    assert wire.refusal(answer) == BAD_BODY[wire.name]
    assert server.history(message_id) == []


@pytest.mark.parametrize("encode", [
    pytest.param(lambda text: b"\xef\xbb\xbf" + text.encode(), id="byte order mark"),
    pytest.param(lambda text: text.encode("utf-16"), id="UTF-16"),
    pytest.param(lambda text: text.encode("utf-32"), id="UTF-32"),
    pytest.param(lambda text: text.encode() + b"\0", id="NUL after it"),
])
def test_other_encodings_are_refused(server, wire, encode):
    message_id = wire.registered(server, user())
    answer = send(server, wire, message_id, encode(json.dumps(wire.like)))
    assert wire.refusal(answer) == BAD_BODY[wire.name]


def test_a_body_100_000_deep_is_refused_for_its_size(server, wire):
    """Nothing this deep is ever parsed; what fits the cap is refused above, without a bug."""
    answer = send(server, wire, wire.new_id(), b"[" * 100_000 + b"]" * 100_000)
    assert wire.refusal(answer).status == 413


@pytest.mark.parametrize("rating", ["true", "false", '"1"', "0", "2", "-2", "-0", "1.5", "null", "[]", "{}", "[1]",
                                    '""', "1e1", "9223372036854775808"])
def test_only_one_and_minus_one_are_ratings_in_handauncle(server, rating):
    message_id = HANDAUNCLE.registered(server, user())
    answer = send(server, HANDAUNCLE, message_id, b'{"rating":%b}' % rating.encode())
    assert HANDAUNCLE.refusal(answer) == Refusal(400, "VALIDATION_ERROR", {})
    assert answer.json()["error"]["message"] == "rating: Rating must be 1 (like) or -1 (dislike)"
    assert server.history(message_id) == []


@pytest.mark.parametrize(("rating", "stored"), [("1", 1), ("-1", -1), ("1.0", 1), ("-1.0", -1), ("1e0", 1)])
def test_json_has_one_kind_of_number(server, rating, stored):
    message_id = HANDAUNCLE.registered(server, user())
    answer = send(server, HANDAUNCLE, message_id, b'{"rating":%b}' % rating.encode())
    assert (answer.status_code, answer.json()["data"]["rating"]) == (200, stored)
    assert type(answer.json()["data"]["rating"]) is int


@pytest.mark.parametrize("vote", ["true", "1", "-1", "0", '""', '"LIKE"', '"like "', '"none"', "[]", "{}", '["like"]',
                                  "1.5"])
def test_only_like_dislike_and_null_are_votes_in_siteassist(server, vote):
    message_id = SITEASSIST.registered(server, user())
    answer = send(server, SITEASSIST, message_id, b'{"feedback":%b}' % vote.encode())
    assert SITEASSIST.refusal(answer) == Refusal(422, "VALIDATION_ERROR", {
        "field": "feedback", "reason": "Feedback must be 'like', 'dislike' or null"})
    assert server.history(message_id) == []


# ---------------------------------------------------------------- comments


@pytest.mark.parametrize(("comment", "stored"), [
    ("", None),
    (None, None),
    ("a" * 1000, HERE),
    pytest.param("👍" * 1000, HERE, id="1 000 emoji"),
    pytest.param("e\u0301" * 500, HERE, id="500 letters of two code points"),
    ("'; DROP TABLE feedback; --", HERE),
    ('"\\%_${jndi:ldap://x}{{7*7}}', HERE),
    ("<script>alert(1)</script>", HERE),
    ("=cmd|' /C calc'!A0", HERE),
    (" \t\r\n ", HERE),
    ("\u202e\u2028\ufeff\U0010ffff", HERE),
])
def test_a_comment_is_stored_as_it_is(server, comment, stored):
    """Byte for byte, whatever it would mean elsewhere; length counts code points; nothing is no comment."""
    message_id = HANDAUNCLE.registered(server, user())
    answer = HANDAUNCLE.vote(server, message_id, user().headers, {"rating": -1, "feedback": comment})
    expected = comment if stored == HERE else stored
    assert (answer.status_code, answer.json()["data"]["feedback"]) == (200, expected)
    assert [vote["comment"] for vote in server.standing(message_id)] == [expected]


@pytest.mark.parametrize("comment", ["a" * 1001, "👍" * 1001, "\0", "a\0b", 7, True, [], {}],
                         ids=lambda comment: repr(comment)[:8])
def test_what_can_be_no_comment_is_refused(server, comment):
    """1,001 code points, the character NUL, anything but a string: with a good rating beside it."""
    message_id = HANDAUNCLE.registered(server, user())
    answer = HANDAUNCLE.vote(server, message_id, user().headers, {"rating": 1, "feedback": comment})
    assert HANDAUNCLE.refusal(answer) == Refusal(400, "VALIDATION_ERROR", {})
    assert answer.json()["error"]["message"].startswith("feedback: ")
    assert server.history(message_id) == []


def test_a_vote_without_comment_clears_the_comment_before(server):
    """A submission overwrites all of the one before; the history keeps both."""
    message_id, ann = HANDAUNCLE.registered(server, user()), user().headers
    HANDAUNCLE.vote(server, message_id, ann, {"rating": 1, "feedback": "first"})
    second = HANDAUNCLE.vote(server, message_id, ann, {"rating": 1})
    assert second.json()["data"]["feedback"] is None
    assert [revision["comment"] for revision in server.history(message_id)] == ["first", None]


# ---------------------------------------------------------------- members that mean nothing


@pytest.mark.parametrize("more", [
    {"unknown": 1}, {"__proto__": {"rating": -1}}, {"constructor": {}}, {"userId": "auth0|bob"}, {"user_id": "U-bob"},
    {"updatedAt": "1999-01-01T00:00:00.000Z"}, {"updated_at": 1}, {"project": "other"}, {"project_id": "other"},
    {"messageId": "x"}, {"revision": 99}, {"subject": "user:x"}, {"contract": "own"}, {"comment": "not this"},
], ids=lambda more: next(iter(more)))
def test_unknown_members_are_ignored_and_never_assigned(server, wire, more):
    """The vote is the caller's own, now, on the message in the path, in the token's project."""
    message_id = wire.registered(server, user())
    assert wire.vote(server, message_id, user().headers, {**wire.like, **more}).status_code == 200
    [vote] = server.standing(message_id)
    assert {name: vote[name] for name in ("message_id", "subject", "vote", "comment", "revision", "contract")} == {
        "message_id": message_id, "subject": user().owner, "vote": "like", "comment": None, "revision": 1,
        "contract": wire.name}
    assert vote["updated_at"] > "2020"
    assert server.standing(message_id, "other") == []


@pytest.mark.parametrize(("wire", "body", "vote"), [
    (SITEASSIST, b'{"feedback":"like","feedback":"dislike"}', "dislike"),
    (HANDAUNCLE, b'{"rating":1,"rating":-1}', "dislike"),
    (HANDAUNCLE, rb'{"rating":-1,"r\u0061ting":1}', "like"),
])
def test_of_two_equal_keys_the_last_one_wins(server, wire, body, vote):
    message_id = wire.registered(server, user())
    assert send(server, wire, message_id, body).status_code == 200
    assert [standing["vote"] for standing in server.standing(message_id)] == [vote]
