"""Plaudit's own contract between its JSON and our nouns."""

import pytest

from plaudit.errors import Invalid
from plaudit.http.contracts.plaudit import wire
from plaudit.model import AuthLevel, Contract, Feedback, Message, RatedMessage, Role, Subject, Vote

ANN = Subject.user("https://tenant.example/", "ann")
LIKED = Feedback("shop", "m-1", ANN, AuthLevel.JWT, Contract.PLAUDIT, Vote.LIKE, "ok", 3, 0, 1_795_334_400_000,
                 ("short",))
SHOWN = Message("shop", "m-1", "c-1", Role.ASSISTANT, ANN, 0)


@pytest.mark.parametrize(("body", "said"), [
    ({"vote": "like"}, (Vote.LIKE, None, [])),
    ({"vote": "dislike", "comment": "no"}, (Vote.DISLIKE, "no", [])),
    ({"vote": "like", "comment": ""}, (Vote.LIKE, None, [])),
    ({"vote": "like", "comment": None, "reasons": None}, (Vote.LIKE, None, [])),
    ({"vote": "like", "comment": "😀" * 1000}, (Vote.LIKE, "😀" * 1000, [])),
    ({"vote": None}, (None, None, [])),
    ({"vote": None, "comment": "", "reasons": []}, (None, None, [])),
    ({"vote": "dislike", "reasons": ["old", "long"]}, (Vote.DISLIKE, None, ["old", "long"])),
    ({"vote": "like", "user": "mallory", "__proto__": {}}, (Vote.LIKE, None, [])),
])
def test_a_vote_is_a_choice_and_maybe_a_comment_and_reasons(body, said):
    assert wire.decode_vote(body) == said


@pytest.mark.parametrize(("body", "field"), [
    ({}, "vote"), ({"vote": "LIKE"}, "vote"), ({"vote": 1}, "vote"), ({"vote": True}, "vote"), ({"vote": []}, "vote"),
    ({"vote": {}}, "vote"), ({"vote": ""}, "vote"),
    ({"vote": "like", "comment": 1}, "comment"), ({"vote": "like", "comment": "x" * 1001}, "comment"),
    ({"vote": "like", "comment": "a\0b"}, "comment"), ({"vote": None, "comment": "x"}, "comment"),
    ({"vote": "like", "reasons": "old"}, "reasons"), ({"vote": "like", "reasons": [1]}, "reasons"),
    ({"vote": "like", "reasons": ["x"] * 21}, "reasons"),
])
def test_anything_else_is_refused_by_name(body, field):
    with pytest.raises(Invalid) as refused:
        wire.decode_vote(body)
    assert refused.value.field == field


def test_an_answer_says_what_stands_now():
    assert wire.encode_vote("m-1", LIKED) == {
        "message_id": "m-1", "vote": "like", "comment": "ok", "reasons": ["short"], "revision": 3,
        "updated_at": "2026-11-22T08:00:00.000Z"}
    assert wire.encode_vote("m-1", None) == {
        "message_id": "m-1", "vote": None, "comment": None, "reasons": [], "revision": None, "updated_at": None}


def test_ones_own_votes_are_those_that_stand():
    assert wire.encode_votes([RatedMessage(SHOWN, None), RatedMessage(SHOWN, LIKED)]) == {
        "data": [wire.encode_vote("m-1", LIKED)]}
