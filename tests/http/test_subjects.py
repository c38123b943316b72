"""All that there is of one person, over the wire: given out and erased, by whoever holds a key that may do it all."""

import json
from urllib.parse import quote

import pytest
from running import bearer, fresh, guest, server_key, user
from wires import PLAUDIT

from plaudit.model import Scope


def path(person):
    [(kind, names)] = person.owner.items()
    return "/v1/subjects/" + "/".join([kind, *(quote(name, safe="") for name in names.values())])


def export(server, person, scope=Scope.ADMIN):
    return server.http.get(path(person), headers=bearer(server_key(scope=scope)))


def erase(server, person, scope=Scope.ADMIN, **query):
    return server.http.delete(path(person), headers=bearer(server_key(scope=scope)), params=query)


def lines(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.fixture(params=["user", "guest", "visitor"])
def person(request, server):
    if request.param == "visitor":
        return server.visitor()
    return user(fresh("ann|/ä")) if request.param == "user" else guest(fresh("gus"))


@pytest.fixture
def voted(server, person):
    """A message with a vote that was changed."""
    message_id = PLAUDIT.registered(server, person, content="It is 42.")
    for vote in ({"vote": "like"}, {"vote": "dislike", "comment": "It was 43."}):
        assert PLAUDIT.vote(server, message_id, person.headers, vote).status_code == 200
    return message_id


def test_everything_about_somebody_is_given_out(server, person, voted):
    first, conversation, message, end = lines(export(server, person))
    assert (first["kind"], first["guests"], first["conversations"]) == ("person", [], 1)
    assert (conversation["kind"], conversation["id"]) == ("conversation", message["conversation_id"])
    assert (message["kind"], message["id"], message["content"]) == ("message", voted, "It is 42.")
    assert [(it["revision"], it["vote"], it["comment"]) for it in message["history"]] == [
        (1, "like", None), (2, "dislike", "It was 43.")]
    assert end == {"kind": "end", "conversations": 1, "messages": 1}


def test_everything_about_somebody_is_erased(server, person, voted, database):
    answer = erase(server, person)
    assert answer.status_code == 200
    said = answer.json()
    assert (said["conversations"], said["messages"], said["votes"], said["entries"]) == (1, 1, 1, 2)
    assert said["purged"] is not bool(database)
    assert server.message(voted).status_code == 404
    assert [line["kind"] for line in lines(export(server, person))] == ["person", "end"]
    assert erase(server, person).json() == {**dict.fromkeys(said, 0), "purged": said["purged"]}


def test_who_was_erased_votes_anew(server, person, voted):
    """Also a guest whose device had been bound."""
    erase(server, person, votes="remove")
    message_id = PLAUDIT.registered(server, person)
    assert PLAUDIT.vote(server, message_id, person.headers).json()["revision"] == 1
    assert PLAUDIT.vote(server, voted, person.headers).status_code == 404


def test_a_guest_who_has_become_a_user_is_that_user(server):
    ann, gus = user(fresh("ann")), guest(fresh("gus"))
    PLAUDIT.registered(server, gus)
    server.http.post("/v1/identities/link", headers=bearer(server_key()), json={**gus.owner, **ann.owner})
    [first, *_] = lines(export(server, gus))
    assert [list(it) for it in first["guests"]] == [["guest"]]
    assert erase(server, gus).json()["identities"] == 2
    assert [line["kind"] for line in lines(export(server, ann))] == ["person", "end"]


@pytest.mark.parametrize("scope", [Scope.FEEDBACK_READ, Scope.MESSAGES_WRITE, Scope.FEEDBACK_WRITE])
def test_only_who_may_do_it_all_may_do_that(server, voted, person, scope):
    assert [export(server, person, scope).status_code, erase(server, person, scope).status_code] == [403, 403]
    assert server.message(voted).status_code == 200


@pytest.mark.parametrize("place", [
    "user/https:%2F%2Ftenant.example%2F/%00", "guest/short/U-1", "guest/9774d56d682e549c/U-1", "visitor/%0A",
    "user/a%23b/c"])
def test_who_can_be_nobody_is_refused(server, place):
    for method in ("GET", "DELETE"):
        answer = server.http.request(method, f"/v1/subjects/{place}", headers=bearer(server_key()))
        assert PLAUDIT.refusal(answer).status == 422


def test_it_is_in_the_audit_log_without_a_name(server, person, voted):
    export(server, person)
    erase(server, person)
    log = server.http.get("/v1/audit", params={"limit": 1000}, headers=bearer(server_key())).json()["items"]
    exported, erased = log[-2:]
    assert (exported["action"], exported["details"]) == ("subject_exported", {})
    assert (erased["action"], erased["actor"]) == ("subject_erased", exported["actor"])
    assert erased["details"]["messages"] == 1
    assert voted not in json.dumps(log)
