"""Dify's JSON and our nouns, each made of the other."""

import pytest

from plaudit.errors import Invalid
from plaudit.http.contracts.dify import wire
from plaudit.http.identifiers import vote_id
from plaudit.model import AuthLevel, Contract, Feedback, Message, RatedMessage, Role, Subject, Vote

FEEDBACK = Feedback("main", "m-1", Subject("visitor:abc-123"), AuthLevel.SERVER_KEY, Contract.DIFY, Vote.DISLIKE,
                    "Wrong.", 2, 0, 1000)
MESSAGE = Message("main", "m-1", "c-1", Role.ASSISTANT, FEEDBACK.subject, 0)


@pytest.mark.parametrize(("body", "expected"), [
    ({"rating": "like"}, (Vote.LIKE, None)),
    ({"rating": "dislike", "content": "Wrong."}, (Vote.DISLIKE, "Wrong.")),
    ({"rating": "like", "content": ""}, (Vote.LIKE, None)),
    ({"rating": "like", "content": "x" * 1000}, (Vote.LIKE, "x" * 1000)),
    ({"rating": None}, (None, None)),
    ({"rating": None, "content": 7}, (None, None)),
    ({}, (None, None)),
])
def test_what_is_read_as_a_vote(body, expected):
    """No rating is none that stands; a comment goes with a vote only."""
    assert wire.decode_vote(body) == expected


@pytest.mark.parametrize(("body", "field"), [
    ({"rating": "LIKE"}, "rating"),
    ({"rating": 1}, "rating"),
    ({"rating": {}}, "rating"),
    ({"rating": "like", "content": 7}, "content"),
    ({"rating": "like", "content": "x" * 1001}, "content"),
    ({"rating": "like", "content": "\0"}, "content"),
])
def test_what_is_no_vote(body, field):
    with pytest.raises(Invalid) as refused:
        wire.decode_vote(body)
    assert refused.value.field == field


@pytest.mark.parametrize(("query", "expected"), [
    ({}, wire.FeedbacksQuery(0, 20)),
    ({"page": "1", "limit": "101"}, wire.FeedbacksQuery(0, 101)),
    ({"page": "100", "limit": "3"}, wire.FeedbacksQuery(297, 3)),
])
def test_what_is_read_as_a_page(query, expected):
    assert wire.decode_feedbacks_query(query) == expected


def test_a_vote_as_dify_lists_it():
    """Each of its fields, those that are always the same too."""
    assert wire.encode_feedbacks([RatedMessage(MESSAGE, FEEDBACK)]) == {"data": [{
        "id": vote_id(FEEDBACK), "app_id": "main", "conversation_id": "c-1", "message_id": "m-1", "rating": "dislike",
        "content": "Wrong.", "from_source": "user", "from_end_user_id": "abc-123", "from_account_id": None,
        "created_at": "1970-01-01T00:00:00.000Z", "updated_at": "1970-01-01T00:00:01.000Z"}]}
