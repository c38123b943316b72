"""A server that is away, full or counting requests: the vote is told again when it says so, or after growing pauses."""

import pytest
from loopback import free_port, wait_until
from playwright.sync_api import Route, expect
from running import MAIN, plaudit, project
from test_voting import told

ANYWHERE = {"access-control-allow-origin": "*", "access-control-expose-headers": "retry-after"}


class Mortal:
    """A server that can be killed and comes back on its port, with its folder."""

    def __init__(self, folder, projects):
        self._folder, self._projects, self._port = folder, projects, free_port()
        self.start()

    def start(self):
        self._life = plaudit(self._folder, self._projects, port=self._port)
        self.server = self._life.__enter__()

    def kill(self):
        self.server.process.kill()
        with pytest.raises(AssertionError):  # for it does not end well
            self._life.__exit__(None, None, None)

    def stop(self):
        self._life.__exit__(None, None, None)


@pytest.fixture
def mortal(tmp_path, site, keys):
    made = Mortal(tmp_path, [project(MAIN, keys, origins=[site.url])])
    yield made
    made.stop()


def test_a_server_that_is_killed_between_two_clicks_gets_the_second_when_it_is_back(chat, way, mortal):
    it = chat(way, at=mortal.server)
    thumbs = it.show()
    thumbs.like.click()
    it.hears("vote")
    mortal.kill()
    with it.tab.expect_event("requestfailed"):
        thumbs.dislike.click()
    thumbs.shows("dislike")
    expect(thumbs.status).to_have_text("Will be sent later")
    mortal.start()
    it.server = mortal.server
    assert [each["vote"] for each in it.hears("vote", 2)] == ["like", "dislike"]
    assert it.votes(thumbs.message_id) == ["like", "dislike"]
    expect(thumbs.status).to_have_text("")
    it.tab.complaints.clear()  # the browser's words on a server that is away


def test_fast_clicks_around_a_kill_end_in_the_last_state(chat, mortal):
    it = chat(at=mortal.server)
    thumbs = it.show()
    for number in range(50):
        if number == 20:
            mortal.kill()
        thumbs.like.click()
    thumbs.dislike.click()
    mortal.start()
    it.server = mortal.server
    wait_until(lambda: it.tab.evaluate("heard.at(-1)?.[1].vote") == "dislike")
    assert [each["vote"] for each in it.server.standing(thumbs.message_id)] == ["dislike"]
    assert it.votes(thumbs.message_id)[-1] == "dislike"
    it.tab.complaints.clear()


# ---------------------------------------------------------------- pauses


def refused(it, status, times=1, **headers):
    """The next votes are answered by something that stands before the server."""
    it.tab.route("**/messages/*/feedback", times=times, handler=lambda route: route.fulfill(
        status=status, headers={**ANYWHERE, **headers}, json={"error": {"code": "wait"}}))


def seconds(it, number):
    """Go by on the page's clock."""
    it.tab.clock.run_for(number * 1000)


@pytest.mark.parametrize(("status", "told_seconds", "least", "most"), [
    (429, "7", 7, 9), (503, "7", 7, 9), (503, "3600", 60, 75), (429, None, 1, 2), (503, "0", 1, 2),
    (503, "Wed, 21 Oct 2015 07:28:00 GMT", 1, 2), (408, None, 1, 2), (502, None, 1, 2), (504, None, 1, 2),
])
def test_a_vote_waits_as_long_as_it_is_told_but_hardly_more_than_a_minute(chat, status, told_seconds, least, most):
    it = chat()
    it.tab.clock.install()
    thumbs = it.show()
    refused(it, status, **({"retry-after": told_seconds} if told_seconds else {}))
    asked = told(it)
    with it.tab.expect_response("**/messages/*/feedback"):
        thumbs.like.click()
    expect(thumbs.status).to_have_text("Will be sent later")
    thumbs.shows("like")
    seconds(it, least - 0.1)
    assert len(asked) == 1
    with it.tab.expect_response("**/messages/*/feedback"):
        seconds(it, most - least + 0.1)
    it.hears("vote")
    it.stands(thumbs.message_id, "like")
    assert it.heard("error") == []
    it.tab.complaints.clear()


def test_a_page_of_maintenance_acknowledges_nothing(chat):
    """Whatever its status."""
    it = chat()
    thumbs = it.show()
    it.tab.route("**/messages/*/feedback", times=1, handler=lambda route: route.fulfill(
        status=200, headers=ANYWHERE, content_type="text/html", body="<p>We are back soon</p>"))
    thumbs.like.click()
    expect(thumbs.status).to_have_text("Will be sent later")
    it.hears("vote")
    assert it.votes(thumbs.message_id) == ["like"]
    it.tab.complaints.clear()


def test_pauses_grow_while_a_server_does_not_answer(chat):
    """About 1, 2, 4, 8, … seconds, each up to a quarter longer, so that not everybody comes back at once."""
    it = chat()
    it.tab.clock.install()
    thumbs = it.show()
    it.tab.route("**/messages/*/feedback", times=5, handler=Route.abort)
    asked = told(it)
    with it.tab.expect_event("requestfailed"):
        thumbs.like.click()
    for number, pause in enumerate((1, 2, 4, 8), 1):
        expect(thumbs.status).to_have_text("Will be sent later")
        seconds(it, pause - 0.1)
        assert len(asked) == number
        with it.tab.expect_event("requestfailed"):
            seconds(it, pause / 4 + 0.2)
    with it.tab.expect_response("**/messages/*/feedback"):
        seconds(it, 20.1)
    it.hears("vote")
    it.tab.complaints.clear()


def test_a_click_during_a_pause_is_what_is_told_after_it(chat):
    it = chat()
    it.tab.clock.install()
    thumbs = it.show()
    refused(it, 503, **{"retry-after": "5"})
    with it.tab.expect_response("**/messages/*/feedback"):
        thumbs.like.click()
    expect(thumbs.status).to_have_text("Will be sent later")
    thumbs.dislike.click()
    seconds(it, 7)
    it.hears("vote")
    it.stands(thumbs.message_id, "dislike")
    it.tab.complaints.clear()


def test_a_page_whose_tokens_do_not_come_tries_again(chat):
    it = chat()
    thumbs = it.show()
    it.tab.evaluate("""() => {
      const { token } = proof;
      let failures = 1;
      Object.defineProperty(proof, "token", { get() { if (failures--) throw new Error("no network"); return token; } });
    }""")
    thumbs.like.click()
    it.hears("vote")
    it.stands(thumbs.message_id, "like")
    assert [complaint for complaint in it.tab.complaints if "no network" in complaint]
    it.tab.complaints.clear()


@pytest.mark.parametrize("body", ["null", "{}", '{"data": null}'])
def test_a_list_that_is_none_restores_nothing(chat, body):
    """The application's own way to Plaudit may not know it. Nothing is in the way of a vote."""
    it = chat()
    it.tab.route("**/v1/me/*", lambda route: route.fulfill(
        status=200, headers=ANYWHERE, content_type="application/json", body=body))
    thumbs = it.show(conversation_id=it.conversation, reasons="", comment="dislike")
    thumbs.dislike.click()
    it.hears("vote")
    expect(thumbs.comment).to_be_visible()
    assert it.heard("error") == []


def test_what_is_full_when_a_page_is_loaded_is_asked_again(chat):
    """The list of one's votes too."""
    it = chat()
    message_id = it.answer()
    it.way.wire.vote(it.server, message_id, it.reader.headers)
    it.tab.route("**/v1/me/feedback*", times=1, handler=lambda route: route.fulfill(status=503, headers=ANYWHERE))
    it.open(it.markup(message_id, conversation_id=it.conversation))
    it.thumbs(message_id).shows("like")
    it.tab.complaints.clear()


