"""What becomes of a guest, and of a guest's vote, when the guest becomes a user. No storage: rules alone."""

from dataclasses import replace

import pytest

from plaudit import rules
from plaudit.errors import Conflict, Invalid
from plaudit.model import AuthLevel, Contract, Feedback, Subject, SubjectKind, Vote

NOW = 1_795_334_400_000
ANNA, BORIS = (Subject.user("https://tenant.example/", name) for name in ("anna", "boris"))
GUEST, VISITOR = Subject.of(SubjectKind.GUEST, "5f" * 32), Subject.of(SubjectKind.VISITOR, "v-1")
VOTED = Feedback(project_id="acme", message_id="m-1", subject=GUEST, auth_level=AuthLevel.GUEST_BOUND,
                 contract=Contract.HANDAUNCLE, vote=Vote.DISLIKE, comment="late", revision=2, created_at=NOW,
                 updated_at=NOW + 1, reasons=("slow",))
REMOVED = replace(VOTED, vote=None, comment=None, reasons=())


@pytest.mark.parametrize("owner", [GUEST, VISITOR])
def test_a_guest_or_a_visitor_becomes_a_user(owner):
    rules.require_link(owner, ANNA)


@pytest.mark.parametrize(("owner", "user", "field"), [
    (ANNA, BORIS, "guest"), (ANNA, ANNA, "guest"), (ANNA, GUEST, "guest"),
    (GUEST, GUEST, "user"), (GUEST, VISITOR, "user"), (VISITOR, GUEST, "user"),
])
def test_nobody_else_becomes_anybody_else(owner, user, field):
    with pytest.raises(Invalid) as refused:
        rules.require_link(owner, user)
    assert refused.value.field == field


def test_a_link_is_for_good():
    """New, known, or another user's."""
    assert rules.is_new_link(GUEST, ANNA, None)
    assert not rules.is_new_link(GUEST, ANNA, ANNA)
    with pytest.raises(Conflict) as refused:
        rules.is_new_link(GUEST, ANNA, BORIS)
    assert (refused.value.resource, refused.value.field) == ("guest", "user")
    with pytest.raises(Conflict) as refused:
        rules.is_new_link(VISITOR, ANNA, BORIS)
    assert refused.value.resource == "visitor"


@pytest.mark.parametrize("vote", [VOTED, REMOVED])
def test_a_vote_goes_on_as_the_users(vote):
    """Nothing else of it changes, not even how its voter was known."""
    assert rules.become(vote, ANNA, NOW + 9, user_has_voted=False) == replace(
        vote, subject=ANNA, revision=3, updated_at=NOW + 9)


def test_it_is_never_older_than_it_was():
    assert rules.become(VOTED, ANNA, NOW - 9, user_has_voted=False).updated_at == NOW + 1


def test_where_the_user_has_voted_it_is_taken_back():
    """As its own voter's last word, so that the history says when."""
    assert rules.become(VOTED, ANNA, NOW + 9, user_has_voted=True) == replace(REMOVED, revision=3, updated_at=NOW + 9)


def test_what_was_taken_back_is_not_taken_back_again():
    assert rules.become(REMOVED, ANNA, NOW + 9, user_has_voted=True) is None


@pytest.mark.parametrize(("count", "refused"), [(0, False), (20_000, False), (20_001, True)])
def test_there_is_a_limit_to_what_is_taken_over_at_once(count, refused):
    if refused:
        with pytest.raises(Invalid, match="more than 20,000 messages"):
            rules.require_few_messages(count)
    else:
        rules.require_few_messages(count)
