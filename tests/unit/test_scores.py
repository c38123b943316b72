"""What other tools call a score, and which of them are votes."""

import pytest

from plaudit.errors import Invalid
from plaudit.http import scores
from plaudit.http.contracts.langfuse import wire
from plaudit.model import Vote

LIKE, DISLIKE = Vote.LIKE, Vote.DISLIKE


@pytest.mark.parametrize("name", ["user-feedback", "user_feedback", "User Feedback", "userFeedback", "feedback",
                                  "user-score", "USER_SCORE", "thumbs-up", "thumbs_up", "vote"])
def test_a_name_that_says_that_a_person_spoke(name):
    """However it is spelled."""
    assert scores.is_vote(name)


@pytest.mark.parametrize("name", ["", "accuracy", "user-feedback-2", "rating", "a" * 10_000, None, 7, ["vote"], True])
def test_any_other_name_is_no_vote(name):
    """An evaluator's number is nobody's word."""
    assert not scores.is_vote(name)
    with pytest.raises(Invalid):
        scores.check_name(name, "name")


def test_no_name_is_the_beginning_of_another():
    """So an id that begins with one can be read in one way."""
    assert [(one, other) for one in scores.NAMES for other in scores.NAMES - {one} if other.startswith(one)] == []


@pytest.mark.parametrize(("given", "vote"), [(1, LIKE), (1.0, LIKE), (True, LIKE), (0, DISLIKE), (0.0, DISLIKE),
                                             (False, DISLIKE), (-1, DISLIKE), (-1.0, DISLIKE)])
def test_a_number_that_is_a_vote(given, vote):
    assert scores.of_number(given, "value") is vote


@pytest.mark.parametrize("given", [0.5, 2, -2, 5, 1e300, "1", None, [1], {}])
def test_any_other_number_is_none(given):
    with pytest.raises(Invalid):
        scores.of_number(given, "value")


@pytest.mark.parametrize(("given", "vote"), [
    ("like", LIKE), ("Up", LIKE), ("thumbs-up", LIKE), ("thumbs_up", LIKE), ("positive", LIKE),
    ("dislike", DISLIKE), ("DOWN", DISLIKE), ("thumbs down", DISLIKE), ("negative", DISLIKE),
])
def test_a_word_that_is_a_vote(given, vote):
    assert scores.of_word(given, "value") is vote


@pytest.mark.parametrize("given", ["", "great", "1", "like it", "x" * 10_000, None, 1, ["like"]])
def test_any_other_word_is_none(given):
    with pytest.raises(Invalid):
        scores.of_word(given, "value")


# ---------------------------------------------------------------- Langfuse's


@pytest.mark.parametrize(("given", "score"), [
    ({"traceId": "m-1", "value": 1}, ("m-1", LIKE, None)),
    ({"traceId": "m-1", "value": "down", "comment": "No."}, ("m-1", DISLIKE, "No.")),
    ({"traceId": "t", "observationId": "m-1", "value": 0, "id": "s"}, ("m-1", DISLIKE, None)),
    ({"traceId": "m-1", "observationId": None, "value": True, "dataType": "BOOLEAN", "comment": ""},
     ("m-1", LIKE, None)),
    ({"traceId": "m-1", "value": -1.0, "dataType": "NUMERIC", "metadata": {"a": 1}, "environment": "x"},
     ("m-1", DISLIKE, None)),
    ({"traceId": "0F8FAD5B-D9CB-469F-A165-70867728950E", "value": 1, "id": "s"},
     ("0f8fad5b-d9cb-469f-a165-70867728950e", LIKE, None)),
])
def test_a_score_of_langfuse_becomes_a_vote(given, score):
    """What has no place in a vote is not read."""
    assert wire.decode_score({"name": "user-feedback", **given}) == wire.Score(*score)


@pytest.mark.parametrize(("given", "field"), [
    ({"name": "accuracy"}, "name"),
    ({"name": None}, "name"),
    ({"traceId": None}, "traceId"),
    ({"traceId": None, "sessionId": "s-1"}, "traceId"),
    ({"traceId": 7}, "traceId"),
    ({"traceId": "x" * 129}, "traceId"),
    ({"observationId": ""}, "observationId"),
    ({"observationId": ["m-1"]}, "observationId"),
    ({"value": None}, "value"),
    ({"value": 0.92}, "value"),
    ({"value": "very good"}, "value"),
    ({"value": [1]}, "value"),
    ({"value": "like", "dataType": "NUMERIC"}, "value"),
    ({"value": 1, "dataType": "CATEGORICAL"}, "value"),
    ({"value": "like", "dataType": "TEXT"}, "dataType"),
    ({"dataType": ["NUMERIC"]}, "dataType"),
    ({"comment": 7}, "comment"),
    ({"comment": "x" * 1001}, "comment"),
    ({"comment": "a\0b"}, "comment"),
])
def test_a_score_that_is_no_vote_says_why(given, field):
    """Naming the field."""
    with pytest.raises(Invalid) as refused:
        wire.decode_score({"name": "user-feedback", "traceId": "m-1", "value": 1, **given})
    assert refused.value.field == field


@pytest.mark.parametrize("given", [None, 7, "x", [], True])
def test_what_is_no_object_is_no_score(given):
    with pytest.raises(Invalid):
        wire.decode_score(given)


@pytest.mark.parametrize(("score_id", "message_id"), [
    ("user-feedback-m-1", "m-1"), ("user_feedback-feedback-1", "feedback-1"), ("feedback-vote-1", "vote-1"),
    ("thumbs-up-up-1", "up-1"), ("Vote-x", "x"),
])
def test_a_scores_id_names_its_message(score_id, message_id):
    """In one way."""
    assert wire.decode_score_id(score_id) == message_id
