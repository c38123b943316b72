"""assistant-ui's JSON and our nouns, each made of the other."""

import pytest

from plaudit.errors import Invalid
from plaudit.http.contracts.assistant_ui import wire
from plaudit.http.identifiers import vote_id
from plaudit.model import AuthLevel, Contract, Feedback, Subject, Vote


@pytest.mark.parametrize(("body", "expected"), [
    ({"type": "positive"}, (Vote.LIKE, None)),
    ({"type": "negative", "comment": "Wrong."}, (Vote.DISLIKE, "Wrong.")),
    ({"type": "negative", "comment": " \n"}, (Vote.DISLIKE, None)),
    ({"type": "negative", "comment": None, "more": 1}, (Vote.DISLIKE, None)),
])
def test_what_is_read_as_a_vote(body, expected):
    assert wire.decode_vote(body) == expected


@pytest.mark.parametrize(("body", "field"), [
    ({}, "type"),
    ({"type": None}, "type"),
    ({"type": "neutral"}, "type"),
    ({"type": {}}, "type"),
    ({"type": "positive", "comment": 7}, "comment"),
    ({"type": "positive", "comment": "x" * 1001}, "comment"),
    ({"type": "positive", "comment": "\0"}, "comment"),
])
def test_what_is_no_vote(body, field):
    """Nothing is taken back in this contract."""
    with pytest.raises(Invalid) as refused:
        wire.decode_vote(body)
    assert refused.value.field == field


def test_what_is_stored_is_answered():
    """With the vote's id."""
    stored = Feedback("main", "m-1", Subject("user:i#s"), AuthLevel.JWT, Contract.ASSISTANT_UI, Vote.DISLIKE, "Wrong.",
                      1, 0, 0)
    assert wire.encode_vote(stored) == {"feedback_id": vote_id(stored), "type": "negative", "comment": "Wrong."}
