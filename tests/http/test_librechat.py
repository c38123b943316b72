"""LibreChat's thumbs: whatever can be wrong, tags and reasons, and that a message is where the path says."""

from typing import Any

import httpx2
import pytest
from identity_provider import ISSUER, OTHER_ISSUER
from running import Json, Person, Plaudit, fresh, receipt, server_key, user
from wires import LIBRECHAT

UP, DOWN = {"rating": "thumbsUp"}, {"rating": "thumbsDown"}


def put(server: Plaudit, owner: Person, content: Any = None, *, message_id: str = "", **headers: str
        ) -> httpx2.Response:
    """On a new message of the owner's, unless an id says which. Bytes are sent as they are."""
    message_id = message_id or LIBRECHAT.registered(server, owner)
    given = {"content": content} if isinstance(content, bytes) else {"json": {"feedback": content}}
    return server.http.put(LIBRECHAT.url(message_id), headers={
        "content-type": "application/json", **owner.headers, **headers}, **given)


def thumb(**more: Any) -> Json:
    return {"rating": "thumbsUp", **more}


CONDITIONS = {
    "no JSON": ({"content": b"{"}, 400, "The body must be a JSON object"),
    "not an object": ({"content": b"[1]"}, 400, "The body must be a JSON object"),
    "bad UTF-8": ({"content": b'{"feedback":"\xc0\xaf"}'}, 400, "The body must be a JSON object"),
    "feedback no object": ({"content": "thumbsUp"}, 400, "feedback: must be an object or null"),
    "rating missing": ({"content": {}}, 400, "feedback.rating: must be 'thumbsUp' or 'thumbsDown'"),
    "rating wrong": ({"content": {"rating": ["thumbsUp"]}}, 400, "feedback.rating: must be 'thumbsUp' or 'thumbsDown'"),
    "tag no text": ({"content": thumb(tag={"key": "other"})}, 400, "feedback.tag: must be a string"),
    "tag unknown": ({"content": thumb(tag="nonsense")}, 400,
                    "feedback.tag: is neither one of LibreChat's nor one of the project's reasons"),
    "text too long": ({"content": thumb(text="x" * 1001)}, 400,
                      "feedback.text: must be a string of at most 1000 characters, none of them NUL"),
    "forged receipt": ({"content": UP, "x-message-receipt": "x.y.z"}, 400, None),
    "another scheme": ({"content": UP, "authorization": "Basic YTpi"}, 401, "Authentication required"),
    "a bad token": ({"content": UP, "authorization": "Bearer x.y.z"}, 401, "Authentication required"),
    "a server's key": ({"content": UP, "authorization": f"Bearer {server_key()}"}, 403, "Access denied"),
    "wrong media type": ({"content": b"{}", "content-type": "text/plain"}, 415, None),
    "body too large": ({"content": b" " * 16_385}, 413, None),
    "headers too large": ({"content": UP, "x-large": "1" * 16_384}, 431, None),
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_condition_has_its_answer(server, condition):
    """A status, and a sentence for people."""
    asked, status, text = CONDITIONS[condition]
    answer = put(server, user(), **asked)
    assert LIBRECHAT.refusal(answer).status == status
    assert text in (None, answer.json()["error"])


@pytest.mark.parametrize(("project", "status"), [
    ("free", 402), ("off", 403), ("siteassist-only", 404), ("unreachable-issuer", 503)])
def test_a_project_that_is_not_in_order_says_so(server, project, status):
    """Each in one way; what is not listed is not there."""
    ann = user("ann", project, OTHER_ISSUER if project == "unreachable-issuer" else ISSUER)
    assert LIBRECHAT.refusal(put(server, ann, UP)).status == status


def test_a_users_own_words_are_not_rated(server):
    message_id = LIBRECHAT.registered(server, user(), role="user")
    assert LIBRECHAT.refusal(put(server, user(), UP, message_id=message_id)).status == 400


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_there_is_nothing_but_put(server, method):
    answer = server.http.request(method, LIBRECHAT.url("m"), headers=user().headers)
    assert (LIBRECHAT.refusal(answer).status, answer.headers["allow"]) == (405, "OPTIONS, PUT")


@pytest.mark.parametrize("project", ["few-a-subject", "few-a-project"])
def test_who_asks_too_often_waits(server, project):
    eager = fresh("eager")
    names = [fresh("ann") if project == "few-a-project" else eager for _ in range(4)]
    answers = [put(server, user(name, project), UP, message_id="m") for name in names]
    assert LIBRECHAT.refusal(answers[-1]).status == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


# ---------------------------------------------------------------- votes


def test_a_vote_is_given_changed_and_taken_back(server):
    """The answer says what is stored. Feedback that is absent takes back too: so its page says that there is none."""
    ann = user()
    message_id = LIBRECHAT.registered(server, ann)
    said = [put(server, ann, content, message_id=message_id) for content in (
        UP, {**DOWN, "text": "Wrong."}, {**DOWN, "text": ""}, None, b"{}", b'{"feedback":null}')]
    assert [answer.status_code for answer in said] == [200] * 6
    assert [answer.json() for answer in said] == [
        {"messageId": message_id, "conversationId": f"c-of-{message_id}", "feedback": feedback}
        for feedback in (UP, {**DOWN, "text": "Wrong."}, DOWN, None, None, None)]
    assert [(each["vote"], each["comment"], each["contract"]) for each in server.history(message_id)] == [
        ("like", None, "librechat"), ("dislike", "Wrong.", "librechat"), ("dislike", None, "librechat"),
        (None, None, "librechat")]


@pytest.mark.parametrize(("feedback", "status", "stored"), [
    ({**DOWN, "tag": "old"}, 200, ["old"]),
    ({**UP, "tag": "surprising"}, 200, ["surprising"]),
    ({**DOWN, "tag": "inaccurate"}, 200, []),
    ({**UP, "tag": "inaccurate"}, 200, []),
    ({**UP, "tag": None}, 200, []),
    ({**UP, "tag": "old"}, 400, None),
    ({**UP, "tag": "nonsense"}, 400, None),
])
def test_a_tag_is_the_projects_reason_of_that_id(server, feedback, status, stored):
    """One of LibreChat's that the project does not list is left out, for its page sends one with each thumb. One that
    is nobody's, or that does not go with the vote, is refused."""
    ann = user(project_id="with-reasons")
    message_id = LIBRECHAT.registered(server, ann)
    answer = put(server, ann, feedback, message_id=message_id)
    assert answer.status_code == status, answer.text
    standing = [vote["reasons"] for vote in server.standing(message_id, "with-reasons")]
    assert standing == ([] if stored is None else [stored])
    if stored is not None:
        assert answer.json()["feedback"].get("tag") == next(iter(stored), None)


# ---------------------------------------------------------------- where the message is


def test_a_message_is_in_the_conversation_that_the_path_names(server):
    """In another one it is not found, its owner's or not, and nothing is stored."""
    ann, message_id = user(), fresh("m")
    server.register(message_id, ann, "another")
    assert LIBRECHAT.refusal(put(server, ann, UP, message_id=message_id)).status == 404
    assert server.history(message_id) == []


@pytest.mark.parametrize(("conversation_id", "status"), [("c-of-{}", 200), ("another", 404)])
def test_a_receipt_registers_the_message_in_its_conversation(server, conversation_id, status):
    ann, message_id = user(), fresh("m")
    held = receipt(message_id, ann, conversation_id.format(message_id))
    assert put(server, ann, UP, message_id=message_id, **held).status_code == status
    assert server.message(message_id).status_code == status


def test_where_a_message_was_registered_a_receipt_does_not_change(server):
    """The path agrees with the receipt, and still the message is not there."""
    ann, message_id = user(), fresh("m")
    server.register(message_id, ann, "another")
    held = receipt(message_id, ann, f"c-of-{message_id}")
    assert put(server, ann, UP, message_id=message_id, **held).status_code == 404
    assert server.history(message_id) == []
