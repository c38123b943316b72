"""What is allowed, and what follows: pure decisions over whole values."""

from dataclasses import replace
from itertools import product

import pytest

from plaudit.errors import Conflict, FeedbackOff, Forbidden, Invalid, NotFound, PaymentRequired
from plaudit.model import (
    AuthLevel,
    Contract,
    Conversation,
    Feedback,
    Message,
    Plan,
    Project,
    Role,
    Subject,
    SubjectKind,
    Submission,
    Vote,
)
from plaudit.rules import MessageHead, Standing, decide, registration_conflict, require_feedback

NOW = 1_795_334_400_000
ANNA = Subject.user("https://tenant.example/", "auth0|anna")
BORIS = Subject.user("https://tenant.example/", "auth0|boris")
ANSWER = MessageHead(Role.ASSISTANT, ANNA)
STANDING = Standing(Vote.LIKE, revision=3, created_at=NOW - 10, updated_at=NOW - 5)
REMOVED = replace(STANDING, vote=None)
SUBMISSION = Submission("acme", "m-1", ANNA, AuthLevel.JWT, Contract.HANDAUNCLE, Vote.DISLIKE, "too long", NOW)
REMOVAL = replace(SUBMISSION, vote=None, comment=None)
DECIDED = Feedback("acme", "m-1", ANNA, AuthLevel.JWT, Contract.HANDAUNCLE, Vote.DISLIKE, "too long",
                   revision=4, created_at=NOW - 10, updated_at=NOW)

# ---------------------------------------------------------------- a vote


@pytest.mark.parametrize(("existing", "submission", "expected"), [
    pytest.param(None, SUBMISSION, replace(DECIDED, revision=1, created_at=NOW), id="the first vote"),
    pytest.param(STANDING, SUBMISSION, DECIDED, id="another vote"),
    pytest.param(REMOVED, SUBMISSION, DECIDED, id="a vote after a removal"),
    pytest.param(replace(STANDING, vote=Vote.DISLIKE), SUBMISSION, DECIDED, id="the same again"),
    pytest.param(STANDING, replace(SUBMISSION, comment=None), replace(DECIDED, comment=None), id="no comment"),
    pytest.param(STANDING, replace(SUBMISSION, contract=Contract.SITEASSIST, auth_level=AuthLevel.SESSION),
                 replace(DECIDED, contract=Contract.SITEASSIST, auth_level=AuthLevel.SESSION), id="another contract"),
    pytest.param(STANDING, REMOVAL, replace(DECIDED, vote=None, comment=None), id="a removal"),
    pytest.param(None, REMOVAL, None, id="removing what never was"),
    pytest.param(REMOVED, REMOVAL, None, id="removing what is gone"),
    pytest.param(STANDING, replace(SUBMISSION, at=NOW - 5), replace(DECIDED, updated_at=NOW - 5), id="at one instant"),
    pytest.param(STANDING, replace(SUBMISSION, at=0), replace(DECIDED, updated_at=NOW - 5), id="a clock gone back"),
])
def test_what_follows_from_a_submission(existing, submission, expected):
    """The whole new state, or nothing to do."""
    assert decide(ANSWER, existing, submission) == expected


def test_a_decision_can_stand_in_for_what_was_there():
    """Deciding on a decision goes on where it ended."""
    assert decide(ANSWER, DECIDED, SUBMISSION) == replace(DECIDED, revision=5)


@pytest.mark.parametrize(("message", "submission", "refusal"), [
    pytest.param(None, SUBMISSION, NotFound, id="no such message"),
    pytest.param(replace(ANSWER, owner=BORIS), SUBMISSION, Forbidden, id="another's"),
    pytest.param(replace(ANSWER, role=Role.USER), SUBMISSION, Invalid, id="the user's own words"),
    pytest.param(MessageHead(Role.USER, BORIS), SUBMISSION, Forbidden, id="another's own words"),
])
@pytest.mark.parametrize("vote", [Vote.LIKE, Vote.DISLIKE, None])
@pytest.mark.parametrize("existing", [None, STANDING, REMOVED], ids=["nothing", "standing", "removed"])
def test_what_is_refused(message, submission, refusal, vote, existing):
    """Whatever is asked for and whatever was there."""
    with pytest.raises(refusal):
        decide(message, existing, replace(submission, vote=vote))


def test_a_refusal_names_what_it_refuses():
    """The id that was not found; the field that was wrong."""
    with pytest.raises(NotFound) as unknown:
        decide(None, None, SUBMISSION)
    assert (unknown.value.resource, unknown.value.resource_id) == ("message", "m-1")
    with pytest.raises(Invalid) as wrong:
        decide(replace(ANSWER, role=Role.USER), None, SUBMISSION)
    assert wrong.value.field == "messageId"


@pytest.mark.parametrize("role", [Role.ASSISTANT, Role.HUMAN_AGENT])
def test_every_answer_can_be_rated(role):
    """Whoever wrote it, as long as it was not the user."""
    assert decide(replace(ANSWER, role=role), None, SUBMISSION)


# ---------------------------------------------------------------- subjects


LOOKALIKES = [
    *(Subject.of(kind, "x") for kind in SubjectKind), Subject.of(SubjectKind.USER, "X"),
    Subject.of(SubjectKind.USER, "guest:x"), Subject.of(SubjectKind.GUEST, "user:x"),
    Subject.user("https://tenant.example/", "x"), Subject.user("https://tenant.example", "x"),
    Subject.user("https://tenant.example", "/x"), Subject.user("https://a/", "b#c"), Subject.user("https://a/", "c"),
]


@pytest.mark.parametrize(("owner", "voter"), list(product(LOOKALIKES, repeat=2)))
def test_only_the_owner_is_the_owner(owner, voter):
    """Nobody whose name merely looks like it, by value or by the form that is stored."""
    assert (owner.key == voter.key) == (owner is voter)
    if owner is voter:
        assert decide(replace(ANSWER, owner=owner), None, replace(SUBMISSION, subject=voter))
    else:
        with pytest.raises(Forbidden):
            decide(replace(ANSWER, owner=owner), None, replace(SUBMISSION, subject=voter))


@pytest.mark.parametrize("subject", LOOKALIKES, ids=lambda it: it.key)
def test_a_subject_is_read_back_from_its_stored_form(subject):
    """Also with colons and hashes in its name."""
    assert Subject(subject.key) == subject


# ---------------------------------------------------------------- a project


FREE, PRO = Plan("free", frozenset()), Plan("pro", frozenset({"feedback", "exports"}))
PROJECT = Project(id="acme", name="Acme", plan=PRO, feedback_plan="pro")


def test_a_project_with_the_feature_takes_votes():
    """Nothing is raised."""
    require_feedback(PROJECT)


@pytest.mark.parametrize("enabled", [True, False])
def test_a_plan_without_feedback_asks_for_payment(enabled):
    """It names the plan that there is, the one to have, and for what; the switch does not matter then."""
    with pytest.raises(PaymentRequired) as refused:
        require_feedback(replace(PROJECT, plan=FREE, feedback_enabled=enabled))
    assert (refused.value.current_plan, refused.value.required_plan, refused.value.feature) == (
        "free", "pro", "feedback")


def test_a_project_may_switch_feedback_off():
    """Which is told apart from other refusals."""
    with pytest.raises(FeedbackOff):
        require_feedback(replace(PROJECT, feedback_enabled=False))


# ---------------------------------------------------------------- a registration


MESSAGE = Message("acme", "m-1", "c-1", Role.ASSISTANT, ANNA, NOW, model="gpt-x")
CONVERSATION = Conversation("acme", "c-1", ANNA, NOW, NOW)


@pytest.mark.parametrize(("existing", "conversation", "expected"), [
    pytest.param(None, None, None, id="new in a new conversation"),
    pytest.param(None, CONVERSATION, None, id="new in one's own conversation"),
    pytest.param(None, replace(CONVERSATION, owner=BORIS), ("conversation", "owner"), id="another's conversation"),
    pytest.param(MESSAGE, CONVERSATION, None, id="the same again"),
    pytest.param(replace(MESSAGE, model="gpt-y", content="else"), CONVERSATION, None, id="what is not fixed differs"),
    pytest.param(replace(MESSAGE, owner=BORIS), CONVERSATION, ("message", "owner"), id="another owner"),
    pytest.param(replace(MESSAGE, conversation_id="c-2"), None, ("message", "conversation_id"),
                 id="another conversation"),
    pytest.param(replace(MESSAGE, role=Role.USER), CONVERSATION, ("message", "role"), id="another role"),
    pytest.param(replace(MESSAGE, conversation_id="c-2", owner=BORIS), None, ("message", "conversation_id"),
                 id="several: the first is named"),
])
def test_what_contradicts_a_registration(existing, conversation, expected):
    """The resource and the field that say something else already; None when it may be registered."""
    conflict = registration_conflict(MESSAGE, existing, conversation)
    assert (conflict and (conflict.resource, conflict.field)) == expected
    assert conflict is None or isinstance(conflict, Conflict)
