"""LibreChat's JSON and our nouns, each made of the other."""

import pytest

from plaudit.errors import Invalid
from plaudit.http.contracts.librechat import wire
from plaudit.http.contracts.librechat.wire import Thumb
from plaudit.model import AuthLevel, Contract, Feedback, Reason, Subject, Vote

LISTED = (Reason("inaccurate", Vote.DISLIKE, {"en": "Wrong"}), Reason("own", None, {"en": "Our own"}))


@pytest.mark.parametrize(("feedback", "expected"), [
    (None, Thumb(None)),
    ({"rating": "thumbsUp"}, Thumb(Vote.LIKE)),
    ({"rating": "thumbsDown", "text": "Wrong."}, Thumb(Vote.DISLIKE, "Wrong.")),
    ({"rating": "thumbsDown", "text": "", "tag": None}, Thumb(Vote.DISLIKE)),
    ({"rating": "thumbsDown", "tag": "inaccurate"}, Thumb(Vote.DISLIKE, None, ("inaccurate",))),
    ({"rating": "thumbsUp", "tag": "inaccurate"}, Thumb(Vote.LIKE, None, ("inaccurate",))),
    ({"rating": "thumbsUp", "tag": "own"}, Thumb(Vote.LIKE, None, ("own",))),
    ({"rating": "thumbsUp", "tag": "attention_to_detail"}, Thumb(Vote.LIKE)),
])
def test_what_is_read_as_a_thumb(feedback, expected):
    """A tag that the project lists goes on as its reason; whether it goes with the vote is asked later."""
    assert wire.decode_thumb({"feedback": feedback}, LISTED) == expected


def test_no_feedback_takes_back():
    assert wire.decode_thumb({}, LISTED) == Thumb(None)


@pytest.mark.parametrize(("feedback", "field"), [
    ("thumbsUp", "feedback"),
    ([], "feedback"),
    ({}, "feedback.rating"),
    ({"rating": "like"}, "feedback.rating"),
    ({"rating": None}, "feedback.rating"),
    ({"rating": "thumbsUp", "tag": "unheard_of"}, "feedback.tag"),
    ({"rating": "thumbsUp", "tag": {"key": "own"}}, "feedback.tag"),
    ({"rating": "thumbsUp", "text": 7}, "feedback.text"),
    ({"rating": "thumbsUp", "text": "x" * 1001}, "feedback.text"),
    ({"rating": "thumbsUp", "text": "\0"}, "feedback.text"),
])
def test_what_is_no_thumb(feedback, field):
    with pytest.raises(Invalid) as refused:
        wire.decode_thumb({"feedback": feedback}, LISTED)
    assert refused.value.field == field


@pytest.mark.parametrize(("vote", "comment", "reasons", "expected"), [
    (Vote.LIKE, None, (), {"rating": "thumbsUp"}),
    (Vote.DISLIKE, "Wrong.", ("inaccurate", "own"), {"rating": "thumbsDown", "tag": "inaccurate", "text": "Wrong."}),
    (None, None, (), None),
])
def test_what_is_stored_is_answered(vote, comment, reasons, expected):
    """Its page shows one tag."""
    stored = Feedback("main", "m-1", Subject("user:i#s"), AuthLevel.JWT, Contract.LIBRECHAT, vote, comment, 1, 0, 0,
                      reasons)
    said = wire.encode_thumb("c-1", "m-1", stored)
    assert said == {"messageId": "m-1", "conversationId": "c-1", "feedback": expected}


def test_nothing_to_take_back_is_no_feedback():
    assert wire.encode_thumb("c-1", "m-1", None)["feedback"] is None
