"""A chat on an origin of its own, whose answers have thumbs, and the Plaudit that they vote at."""

from dataclasses import dataclass

import host_site
import httpx2
import identity_provider
import pytest
from loopback import wait_until
from playwright.sync_api import Page, Route, expect
from running import MAIN, REASONS, Person, Plaudit, plaudit, project
from ways import USER, WAYS, Way


@pytest.fixture(scope="session")
def site():
    with host_site.running() as running:
        yield running


@pytest.fixture(scope="session")
def keys():
    with identity_provider.running() as provider:
        yield provider.url


@pytest.fixture(scope="session")
def server(tmp_path_factory, site, keys):
    projects = [project(MAIN, keys, origins=[site.url], reasons=REASONS)]
    with plaudit(tmp_path_factory.mktemp("element"), projects) as running:
        yield running


@pytest.fixture(params=WAYS, ids=str)
def way(request):
    return request.param


class Thumbs:
    """One element of a page. `like`, `dislike`, `box`, …: its parts."""

    def __init__(self, tab: Page, message_id: str) -> None:
        self.tab, self.message_id = tab, message_id
        self.host = tab.locator(f'plaudit-thumbs[message-id="{message_id}"]')

    def __getattr__(self, part: str):
        return self.host.locator(f'[part~="{part}"]')

    def shows(self, vote: str | None) -> None:
        """Raises AssertionError unless it does, soon."""
        for each in ("like", "dislike"):
            expect(getattr(self, each)).to_have_attribute("aria-pressed", str(each == vote).lower())


@dataclass
class Chat:
    """One reader of the chat. `tab`: its page."""

    site: host_site.HostSite
    server: Plaudit
    way: Way
    reader: Person
    tab: Page
    conversation: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def answer(self) -> str:
        """The id of a new answer to the reader."""
        return self.way.wire.registered(self.server, self.reader, conversation_id=self.conversation)

    def markup(self, message_id: str, **attributes: str) -> str:
        """`message_id`'s element; an attribute's `_` is a `-`."""
        given = {"message-id": message_id, "contract": self.way.contract, "endpoint": self.url, **attributes}
        said = " ".join(f'{name.replace("_", "-")}="{value}"' for name, value in given.items())
        return f"<p>An answer. <plaudit-thumbs {said}></plaudit-thumbs></p>"

    def open(self, body: str, lang: str = "en") -> None:
        headers = {name: value for name, value in self.reader.headers.items() if name not in {"authorization", "host"}}
        token = self.reader.headers.get("authorization", "").removeprefix("Bearer ") or None
        self.tab.goto(self.site.page(self.url, body, token=token, headers=headers, lang=lang))
        self.tab.wait_for_function("!!customElements.get('plaudit-thumbs')")

    def show(self, **attributes: str) -> Thumbs:
        """The thumbs under a new answer, on a page of their own."""
        message_id = self.answer()
        self.open(self.markup(message_id, **attributes))
        return self.thumbs(message_id)

    def thumbs(self, message_id: str) -> Thumbs:
        return Thumbs(self.tab, message_id)

    def votes(self, message_id: str) -> list[str | None]:
        """What the server was told of a message, in order."""
        if self.server.message(message_id).status_code == httpx2.codes.NOT_FOUND:  # its receipt has not come yet
            return []
        return [each["vote"] for each in self.server.history(message_id)]

    def stands(self, message_id: str, *votes: str | None) -> None:
        """Raises `TimeoutError` unless these come to be all that the server was told."""
        wait_until(lambda: self.votes(message_id) == list(votes), 15)

    def held(self, pattern: str, times: int | None = None) -> list[Route]:
        """Requests that go no further until the test lets them, as they come."""
        waiting: list[Route] = []

        def hold(route: Route) -> None:
            waiting.append(route)

        self.tab.route(pattern, hold, times=times)
        return waiting

    def heard(self, name: str) -> list[dict]:
        """The details of the page's events of that name, so far."""
        return [detail for each, detail in self.tab.evaluate("heard") if each == name]

    def hears(self, name: str, count: int = 1) -> list[dict]:
        """The same, once there are so many."""
        self.tab.wait_for_function("([name, count]) => heard.filter(([each]) => each === name).length >= count",
                                   arg=[name, count])
        return self.heard(name)


@pytest.fixture
def chat(opened, site, server):
    """Makes readers, as many as are asked for."""

    def make(way=USER, *, at=None, reader=None, **options):
        plaudit_there = at or server
        conversation = way.wire.new_id()
        return Chat(site, plaudit_there, way, reader or way.voter(plaudit_there), opened(**options), conversation)

    return make
