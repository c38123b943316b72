"""The numbers of a running server: what is said by voters is in them at once, and commands read them meanwhile."""

import json
import subprocess
import sys

import pytest
from running import bearer, fresh, guest, server_key, user
from wires import HANDAUNCLE, PLAUDIT, SITEASSIST


@pytest.fixture
def numbers(server):
    """How to ask for them."""

    def ask(look, project_id="main", **asked):
        headers = {**bearer(server_key(project_id)), **asked.pop("headers", {})}
        return server.http.get(f"/v1/analytics/{look}", params=asked, headers=headers)

    return ask


def counts(answer):
    assert answer.status_code == 200, answer.text
    said = answer.json()
    return said["shown"], said["votes"], said["likes"], said["dislikes"]


def test_a_vote_and_a_change_are_counted_at_once(server, numbers, wire):
    """Each in the answer to the very next request."""
    model, person = fresh("model"), user(fresh("ann"))
    message_id = wire.registered(server, person, model=model)
    assert counts(numbers("summary", model=model)) == (1, 0, 0, 0)
    wire.vote(server, message_id, person.headers)
    assert counts(numbers("summary", model=model)) == (1, 1, 1, 0)
    wire.vote(server, message_id, person.headers, wire.dislike)
    assert counts(numbers("summary", model=model)) == (1, 1, 0, 1)


def test_what_was_taken_back_counts_no_longer(server, numbers):
    """The answer was shown all the same."""
    model, person = fresh("model"), user(fresh("ann"))
    message_id = SITEASSIST.registered(server, person, model=model)
    for vote, likes in (("like", 1), (None, 0)):
        SITEASSIST.vote(server, message_id, person.headers, {"feedback": vote})
        assert counts(numbers("summary", model=model)) == (1, likes, likes, 0)


def test_a_known_answer_is_known_until_somebody_votes(server, numbers):
    """304 until then."""
    model, person = fresh("model"), user(fresh("ann"))
    message_id = HANDAUNCLE.registered(server, person, model=model)
    etag = numbers("summary", model=model).headers["etag"]
    assert numbers("summary", model=model, headers={"if-none-match": etag}).status_code == 304
    HANDAUNCLE.vote(server, message_id, person.headers)
    assert numbers("summary", model=model, headers={"if-none-match": etag}).status_code == 200


def test_questions_are_not_answers(server, numbers):
    """Only what a model said is counted."""
    model, person = fresh("model"), user(fresh("ann"))
    for role in ("user", "human_agent", "assistant"):
        HANDAUNCLE.registered(server, person, model=model, role=role)
    assert counts(numbers("summary", model=model))[0] == 1


def test_a_project_counts_its_own_answers_only(server, numbers):
    """Neither totals nor values of another one are shown."""
    model = fresh("model")
    HANDAUNCLE.registered(server, user(fresh("ann")), model=model)
    assert counts(numbers("summary", project_id="other", model=model)) == (0, 0, 0, 0)
    groups = numbers("breakdown", project_id="other", by="model").json()["groups"]
    assert model not in [group["value"] for group in groups]


def test_csv_comes_over_the_wire(server, numbers):
    """With lines that end as RFC 4180 says."""
    model, person = fresh("=model"), guest(fresh("gus"))
    message_id = HANDAUNCLE.registered(server, person, model=model)
    HANDAUNCLE.vote(server, message_id, person.headers)
    answer = numbers("breakdown", by="model", model=model, headers={"accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.content.startswith(b"model,shown,votes,")
    assert f"\r\n'{model},1,1,1,0,1.0,".encode() in answer.content


def test_nothing_is_sent_for_a_head(server, numbers):
    """But what a GET would be."""
    key = bearer(server_key())
    asked = server.http.head("/v1/analytics/summary?model=none", headers=key)
    assert (asked.status_code, asked.content, asked.headers["etag"]) == (
        200, b"", numbers("summary", model="none").headers["etag"])


def test_a_report_is_read_while_the_server_runs(server, numbers):
    """And says the same as the API."""
    model, person = fresh("model"), user(fresh("ann"))
    HANDAUNCLE.vote(server, HANDAUNCLE.registered(server, person, model=model), person.headers)
    ran = subprocess.run(
        [sys.executable, "-m", "plaudit", "report", "--json", "--since", "all", "--model", model, "--project", "main",
         "--config", str(server.folder / "plaudit.toml")], text=True, capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    found = json.loads(ran.stdout)["summary"]
    said = numbers("summary", model=model).json()
    assert found == {name: said[name] for name in found}


def test_votes_are_broken_down_by_their_reasons(server):
    """In which each vote counts for each of its own; and nothing is compared or ranked by them."""
    ann = user(fresh("ann"), "with-reasons")
    for reasons in (["old"], ["old", "surprising"], []):
        message_id = PLAUDIT.registered(server, ann, model="m-reasons")
        PLAUDIT.vote(server, message_id, ann.headers, {"vote": "dislike", "reasons": reasons})

    def asked(path):
        return server.http.get(f"/v1/analytics/{path}", headers=bearer(server_key("with-reasons")))

    groups = asked("breakdown?by=reason&model=m-reasons").json()["groups"]
    assert [(group["value"], group["dislikes"]) for group in groups] == [("old", 2), ("surprising", 1)]
    for path in ("compare?by=reason", "ranking?by=reason", "breakdown?by=reason&has_comment=true"):
        assert asked(path).status_code == 422, path
