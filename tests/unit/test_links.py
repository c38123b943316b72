"""Links to vote by, as this server signs them."""

import jwt
import pytest

from plaudit.auth import links, sessions
from plaudit.errors import Invalid, Unauthenticated
from plaudit.model import Plan, Project
from plaudit.ports import VoteLink
from plaudit.rules import check_link

NOW = 1_795_334_400_000
HOUR, DAY = 3_600_000, 86_400_000
SECRET = b"s" * 32
ACME = Project(id="acme", name="Acme", plan=Plan("pro", frozenset({"feedback"})), feedback_plan="pro")
LINK = VoteLink(ACME, "m-1", "user_score")
TOKEN = links.mint(SECRET, LINK, NOW, NOW + HOUR)


def test_a_link_says_what_it_was_made_for():
    assert links.verify(SECRET, TOKEN, NOW) == ("acme", "m-1", "user_score")


@pytest.mark.parametrize(("secret", "token", "now"), [
    pytest.param(SECRET, TOKEN, NOW + HOUR + DAY, id="run out"),
    pytest.param(b"o" * 32, TOKEN, NOW, id="another server's"),
    pytest.param(SECRET, TOKEN[:-2], NOW, id="cut off"),
    pytest.param(SECRET, "", NOW, id="empty"),
    pytest.param(SECRET, "x" * 100_000, NOW, id="huge"),
    pytest.param(SECRET, "é.é.é", NOW, id="not ASCII"),
    pytest.param(SECRET, sessions.mint(SECRET, "acme", "m-1", NOW, 3600), NOW, id="a session"),
    pytest.param(SECRET, jwt.encode({"iss": links.LINK_ISSUER, "project": "acme", "sub": "m-1", "key": "vote",
                                     "iat": NOW // 1000, "exp": NOW // 1000 + 60}, SECRET, "HS256"), NOW,
                 id="signed with the sessions' key"),
    pytest.param(SECRET, jwt.encode({"iss": links.LINK_ISSUER, "project": "acme", "sub": "m-1", "key": "vote",
                                     "iat": NOW // 1000, "exp": NOW // 1000 + 60}, None, "none"), NOW, id="unsigned"),
])
def test_anything_else_is_refused(secret, token, now):
    """Without a word why."""
    with pytest.raises(Unauthenticated):
        links.verify(secret, token, now)


def test_a_link_is_no_session():
    """A bearer of one is nobody elsewhere."""
    with pytest.raises(Unauthenticated):
        sessions.verify(SECRET, TOKEN, NOW)


@pytest.mark.parametrize(("after", "good"), [
    (1, True), (14 * DAY, True), (0, False), (-1, False), (14 * DAY + 1, False),
])
def test_a_link_is_good_for_two_weeks_at_the_most(after, good):
    """As a bearer receipt."""
    if good:
        check_link(NOW + after, NOW)
    else:
        with pytest.raises(Invalid):
            check_link(NOW + after, NOW)
