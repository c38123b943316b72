"""The queue's pages as a browser without a script meets them; only the socket is left out."""

import re
from html import unescape

import httpx2
import pytest

from plaudit.analytics import Analytics
from plaudit.auth.jwks import JwksCache
from plaudit.auth.oidc import Provider
from plaudit.auth.viewers import Viewers
from plaudit.charts.drawing import Drawing
from plaudit.http.app import Application, EdgeSettings
from plaudit.http.dashboard.routes import Parts
from plaudit.http.metrics import Metrics
from plaudit.model import AuthLevel, Contract, Message, Role, Subject, SubjectKind, Vote, Voter
from plaudit.service import Service
from plaudit.store import reviewing

pytestmark = pytest.mark.anyio

SECRET = b"s" * 32
SOMEBODY = Subject.of(SubjectKind.VISITOR, "v-1")


@pytest.fixture
async def browser(store, clock, authenticator, server_key):
    """Signed in to a project in which the second of six disliked answers is a rare model's."""
    key, project = server_key
    service, keys = Service(store, now=clock, new_id=lambda: "unused"), authenticator(project)
    for n in range(6):
        await service.register([Message(project.id, f"m-{n}", "c-1", Role.ASSISTANT, SOMEBODY, clock(),
                                        model="rare" if n == 1 else "frequent")])
        await service.submit(Voter(project, SOMEBODY, AuthLevel.SESSION), Contract.HANDAUNCLE, f"m-{n}", Vote.DISLIKE,
                             f"comment {n}")
    jwks = JwksCache(clock)
    provider = Provider(jwks, SECRET, clock)
    pages = Parts(Viewers([project], keys, provider, SECRET, clock), Drawing())
    app = Application(service, Analytics(store, now=clock), keys, Metrics(), EdgeSettings(), pages=pages)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://plaudit") as client:
        answer = await client.post("/dashboard/sign-in", data={"key": key}, headers={"origin": "http://plaudit"})
        assert answer.status_code == httpx2.codes.SEE_OTHER
        yield client
    await provider.aclose()
    await jwks.aclose()


async def queue(browser, path):
    answer = await browser.get(path)
    assert answer.status_code == httpx2.codes.OK
    return answer.text


def onward(page):
    """Where its link to more leads."""
    return unescape(re.search(r'rel="next" href="([^"]+)"', page)[1])


async def test_a_page_on_which_nothing_was_found_yet_leads_further(browser, monkeypatch):
    """What a filter asks for may be rarer than what one page looks at."""
    monkeypatch.setattr(reviewing, "LOOKED_AT_MAX", 3)
    page = await queue(browser, "/dashboard/review?days=all&model=rare")
    assert "None among the newest" in page
    page = await queue(browser, onward(page))
    assert "comment 1" in page
    assert "comment 0" not in page


async def test_a_page_on_which_nothing_is_left_says_so(browser):
    page = await queue(browser, "/dashboard/review?days=all&model=unknown")
    assert "Nothing to review here" in page
    assert 'rel="next"' not in page
