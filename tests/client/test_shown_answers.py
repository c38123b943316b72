"""An answer on its way to a page: its receipt goes before it, and when it was shown it is registered."""

import asyncio
import itertools
import threading

import httpx2
import pytest
from application import ANN, KEY, SEED, asker, believed, key_text, running, signed_in, vote
from loopback import wait_until
from running import MAIN, fresh, plaudit, project, server_key

from plaudit.client import AsyncPlaudit, Plaudit
from plaudit.client.starlette import Thumbs
from plaudit.client.wire import CONTENT_LENGTH_MAX


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    believing = project(MAIN, receipt_keys=[believed(SEED, "app-1")])
    with plaudit(tmp_path_factory.mktemp("plaudit"), [believing]) as running:
        yield running


@pytest.fixture(scope="module")
def back_end(server):
    """What the application does besides serving pages."""
    with Plaudit(f"http://127.0.0.1:{server.port}", server_key(), receipt_key=key_text(), trust_env=False) as client:
        yield client


def test_a_streamed_answer_can_be_voted_on_before_it_is_registered_and_is_registered_when_it_was_shown(
        server, back_end):
    """With the receipt that came with its first byte, and in the end with its text."""
    go_on = threading.Event()

    def pieces():
        yield "It is "
        assert go_on.wait(20)
        yield "42."

    with running(server.port, pieces=pieces) as page:
        with page.stream("POST", "/chat", headers=signed_in()) as response:
            message_id, receipt = response.headers["x-message-id"], response.headers["x-message-receipt"]
            assert vote(page, message_id, receipt).status_code == 200
            assert back_end.message(message_id).content is None
            go_on.set()
            assert response.read() == b"It is 42."
        wait_until(lambda: page.application.client.counts.stored == 1)
    registered = back_end.message(message_id)
    assert (registered.owner.user, registered.model, registered.content) == (ANN, "gpt-x", "It is 42.")
    assert [item["vote"] for item in server.standing(message_id)] == ["like"]


@pytest.mark.parametrize(("pieces", "content"), [
    (["It ", "is ", "42."], "It is 42."),
    (["a\0b"], "a\N{REPLACEMENT CHARACTER}b"),
    (["x" * CONTENT_LENGTH_MAX], "x" * CONTENT_LENGTH_MAX),
    (["x" * CONTENT_LENGTH_MAX, "y"], None),
])
def test_an_answer_is_registered_with_what_was_shown_of_it(server, back_end, pieces, content):
    """Without its text where that is longer than can be kept."""
    with running(server.port, pieces=lambda: pieces) as page:
        answer = page.post("/chat", headers=signed_in())
        wait_until(lambda: page.application.client.counts.stored == 1)
    assert answer.text == "".join(pieces)
    assert back_end.message(answer.headers["x-message-id"]).content == content


@pytest.mark.parametrize(("pieces", "content"), [
    (["\ud83d", "\udc4d"], "\N{THUMBS UP SIGN}"),
    (["It is 42 \ud83d"], "It is 42 \N{REPLACEMENT CHARACTER}"),
])
def test_half_a_character_finds_its_other_half(server, back_end, pieces, content):
    """Models send them in two pieces, in JSON, where each is well-formed by itself."""

    async def story():
        async with AsyncPlaudit(f"http://127.0.0.1:{server.port}", KEY, receipt_key=key_text(), trust_env=False
                                ) as client:
            with Thumbs(client, asker).answer(fresh("chat"), ANN) as answer:
                for piece in pieces:
                    answer.add(piece)
        return answer.message.id

    assert back_end.message(asyncio.run(story())).content == content


def test_an_answer_that_broke_off_is_registered_with_what_was_shown(server, back_end):
    def pieces():
        yield "It is "
        raise ConnectionError("the model is gone")

    with running(server.port, pieces=pieces) as page:
        with page.stream("POST", "/chat", headers=signed_in()) as response, pytest.raises(httpx2.RemoteProtocolError):
            response.read()
        wait_until(lambda: page.application.client.counts.stored == 1)
    assert back_end.message(response.headers["x-message-id"]).content == "It is "


def test_an_answer_whose_page_went_away_is_registered_with_what_was_shown(server, back_end):
    def pieces():
        yield from itertools.repeat("It is ", 10_000_000)

    with running(server.port, pieces=pieces) as page:
        with page.stream("POST", "/chat", headers=signed_in()) as response:
            next(response.iter_raw())
        wait_until(lambda: page.application.client.counts.stored == 1)
    assert back_end.message(response.headers["x-message-id"]).content.startswith("It is It is ")


def test_an_answer_of_which_nothing_was_shown_is_none(server):
    with running(server.port, pieces=list) as page:
        assert page.post("/chat", headers=signed_in()).text == ""
        assert page.application.client.counts.waiting == page.application.client.counts.stored == 0
