"""LangSmith's feedback between its JSON and our nouns."""

import uuid

import pytest

from plaudit.errors import Invalid, MalformedBody
from plaudit.http.contracts.langsmith import wire
from plaudit.model import AuthLevel, Contract, Feedback, Subject, Vote

LIKE, DISLIKE = Vote.LIKE, Vote.DISLIKE
NOON = 1_795_608_000_000  # 2026-11-25T12:00:00.000Z
HOUR = 3_600_000


@pytest.mark.parametrize(("given", "read"), [
    ({"run_id": "m-1", "key": "user_score", "score": 1}, ("m-1", LIKE, None)),
    ({"run_id": "m-1", "key": "user-feedback", "score": 0.0, "comment": "No."}, ("m-1", DISLIKE, "No.")),
    ({"trace_id": "m-1", "key": "thumbs_up", "score": False}, ("m-1", DISLIKE, None)),
    ({"run_id": "m-1", "trace_id": "t", "key": "vote", "score": -1, "value": "like"}, ("m-1", DISLIKE, None)),
    ({"run_id": None, "trace_id": "m-1", "key": "vote", "value": "thumbs-down"}, ("m-1", DISLIKE, None)),
    ({"run_id": "m-1", "key": "vote", "score": None, "value": True, "comment": ""}, ("m-1", LIKE, None)),
    ({"run_id": "m-1", "key": "user_liked"}, ("m-1", LIKE, None)),
    ({"run_id": "m-1", "key": "user_disliked", "comment": "No."}, ("m-1", DISLIKE, "No.")),
    ({"run_id": "m-1", "key": "User Disliked", "score": 1}, ("m-1", DISLIKE, None)),
    ({"run_id": "m-1", "key": "vote", "score": 1, "feedback_source": {"type": "api"}, "extra": {}, "id": 7},
     ("m-1", LIKE, None)),
    ({"run_id": "0F8FAD5B-D9CB-469F-A165-70867728950E", "key": "vote", "score": 1},
     ("0f8fad5b-d9cb-469f-a165-70867728950e", LIKE, None)),
])
def test_feedback_becomes_a_vote(given, read):
    """What has no place in a vote is not read."""
    assert wire.decode_feedback(given) == wire.Given(*read)


@pytest.mark.parametrize(("given", "field"), [
    ({"key": "correctness"}, "key"),
    ({"key": None}, "key"),
    ({"key": "x" * 10_000}, "key"),
    ({"run_id": None}, "trace_id"),
    ({"run_id": 7}, "run_id"),
    ({"run_id": ""}, "run_id"),
    ({"score": None}, "score"),
    ({"score": 0.92}, "score"),
    ({"score": "like"}, "score"),
    ({"score": None, "value": "very good"}, "value"),
    ({"score": None, "value": {"like": 1}}, "value"),
    ({"key": "user_liked", "score": 0}, "score"),
    ({"key": "user_disliked", "score": -1}, "score"),
    ({"comment": 7}, "comment"),
    ({"comment": "x" * 1001}, "comment"),
    ({"feedback_source": {"type": "model"}}, "feedback_source"),
])
def test_feedback_that_is_no_vote_says_why(given, field):
    """Naming the field."""
    with pytest.raises(Invalid) as refused:
        wire.decode_feedback({"run_id": "m-1", "key": "user_score", "score": 1, **given})
    assert refused.value.field == field


@pytest.mark.parametrize(("given", "change"), [
    ({}, (None, None, False)),
    ({"score": 0}, (DISLIKE, None, False)),
    ({"value": "like"}, (LIKE, None, False)),
    ({"comment": "Yes."}, (None, "Yes.", True)),
    ({"comment": None}, (None, None, True)),
    ({"score": 1, "comment": "", "correction": {"a": 1}}, (LIKE, None, True)),
])
def test_a_change_says_what_it_changes(given, change):
    """`null` clears a comment; what is absent stays."""
    assert wire.decode_change(given) == wire.Change(*change)


@pytest.mark.parametrize("given", [{"score": None}, {"value": None, "comment": "x"}, {"score": 2}])
def test_a_vote_is_not_cleared_by_a_change(given):
    """It is deleted."""
    with pytest.raises(Invalid):
        wire.decode_change(given)


@pytest.mark.parametrize(("given", "after"), [
    ({}, 3 * HOUR),
    ({"expires_in": None, "expires_at": None}, 3 * HOUR),
    ({"expires_in": {"days": 1, "hours": 2, "minutes": 30}}, 26 * HOUR + HOUR // 2),
    ({"expires_in": {"hours": 1}}, HOUR),
    ({"expires_in": {}}, 0),
    ({"expires_at": "2026-11-25T13:00:00Z"}, HOUR),
    ({"expires_at": "2026-11-25T13:00:00"}, HOUR),
    ({"expires_at": "2026-11-25T13:00:00.000000+01:00"}, 0),
])
def test_a_link_says_when_it_ends(given, after):
    """Three hours from now, unless it says otherwise."""
    [asked] = wire.decode_links({"run_id": "m-1", "feedback_key": "user_score", **given}, NOON)
    assert asked == wire.AskedLink("m-1", "user_score", NOON + after)


@pytest.mark.parametrize(("given", "field"), [
    ({"run_id": None}, "run_id"),
    ({"feedback_key": "correctness"}, "feedback_key"),
    ({"expires_at": 7}, "expires_at"),
    ({"expires_at": "tomorrow"}, "expires_at"),
    ({"expires_in": 7}, "expires_in"),
    ({"expires_in": {"days": -1}}, "expires_in"),
    ({"expires_in": {"days": 1.5}}, "expires_in"),
    ({"expires_in": {"hours": True}}, "expires_in"),
    ({"expires_in": {"minutes": 10 ** 30}}, "expires_in"),
])
def test_a_link_that_cannot_be_made_says_why(given, field):
    with pytest.raises(Invalid) as refused:
        wire.decode_links({"run_id": "m-1", "feedback_key": "user_score", **given}, NOON)
    assert refused.value.field == field


@pytest.mark.parametrize(("given", "refusal"), [([7], MalformedBody), ("x", MalformedBody), (None, MalformedBody),
                                                ([{}] * 101, Invalid)])
def test_what_asks_for_no_links(given, refusal):
    with pytest.raises(refusal):
        wire.decode_links(given, NOON)


def test_a_query_names_runs():
    """Each once; other filters are not read."""
    pairs = [("run", "a"), ("limit", "7"), ("run", "b"), ("key", "user_score"), ("run", "a"), ("offset", "1")]
    assert wire.decode_query(pairs) == (["a", "b"], 7, 1)


@pytest.mark.parametrize("pairs", [[], [("run", "")], [("run", "a"), ("limit", "0")], [("run", "a"), ("offset", "-1")],
                                   [("run", str(number)) for number in range(101)]])
def test_a_query_that_names_none_or_too_many_is_refused(pairs):
    with pytest.raises(Invalid):
        wire.decode_query(pairs)


@pytest.mark.parametrize(("vote", "score"), [(LIKE, 1), (DISLIKE, 0)])
def test_a_vote_reads_as_feedback(vote, score):
    """With the run's id for its own."""
    stored = Feedback("p", "m-1", Subject("user:x#y"), AuthLevel.JWT, Contract.PLAUDIT, vote, "Well.", 3, NOON,
                      NOON + 1)
    read = wire.encode_feedback(stored)
    assert {name: value for name, value in read.items() if value is not None} == {
        "id": "m-1", "run_id": "m-1", "key": "user_score", "score": score, "comment": "Well.",
        "feedback_source": {"type": "api", "metadata": {}},
        "created_at": "2026-11-25T12:00:00.000Z", "modified_at": "2026-11-25T12:00:00.001Z"}


def test_a_link_has_a_uuid_which_follows_from_it():
    """For clients that want one."""
    made = wire.encode_link(wire.AskedLink("m-1", "user_score", NOON), "https://votes.example/x")
    assert made == wire.encode_link(wire.AskedLink("m-1", "user_score", NOON), "https://votes.example/x")
    assert uuid.UUID(made["id"]).version == 5
