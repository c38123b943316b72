"""Langfuse's published clients send their scores to Plaudit: only their base URL and keys are other than before."""

import json
from pathlib import Path

import pytest
from published import node, npm_installed, pip_installed, python
from running import plaudit, project, publishable_key, receipt, server_key, user

SOURCES = Path(__file__).parent / "langfuse"
ANN = user("ann")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with plaudit(tmp_path_factory.mktemp("plaudit"), [project("main")]) as running:
        yield running


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    return npm_installed(SOURCES, tmp_path_factory.mktemp("langfuse"))


def back_end(server, message_id):
    assert server.register(message_id, ANN).status_code == 201
    return f"http://127.0.0.1:{server.port}/langfuse", publishable_key(), server_key(scope="feedback:write"), message_id


def history(server, message_id):
    return [(each["vote"], each["comment"], each["auth_level"]) for each in server.history(message_id)]


@pytest.mark.parametrize(("version", "answers"), [
    ("4", [True, {"id": "user-feedback-python-4"}, ["Error", 400, "invalid"]]),
    ("5", [True, {"message": "Accepted"}, {"accepted": 0, "rejected": 1, "errors": [{
        "message": "name: names no vote: user-feedback, user-score, feedback, thumbs-up or vote does"}]}]),
])
def test_the_client_for_python(server, tmp_path_factory, version, answers):
    """It finds its keys good, votes in batches and at once, and takes the vote back."""
    folder = pip_installed(SOURCES / f"python-{version}", tmp_path_factory.mktemp("langfuse"))
    message_id = f"python-{version}"
    said = python(folder, str(SOURCES / "vote.py"), *back_end(server, message_id))
    assert [json.loads(line) for line in said.splitlines()] == answers
    assert history(server, message_id) == [
        ("like", "Exactly.", "server-key"), ("dislike", None, "server-key"), ("like", None, "server-key"),
        (None, None, "server-key")]


def test_the_client_for_javascript(server, packages):
    """The same, on a back end."""
    said = node(packages, "vote.mjs", *back_end(server, "javascript"))
    assert [json.loads(line) for line in said.splitlines()] == [
        {"id": "user-feedback-javascript"}, [400, "invalid"], [404, "not_found"]]
    assert history(server, "javascript") == [
        ("like", "Exactly.", "server-key"), ("dislike", None, "server-key"), ("like", None, "server-key"),
        (None, None, "server-key")]


def test_the_client_for_pages(server, packages):
    """With the publishable key only: it votes with a receipt of the message, and not without."""
    address, message_id = f"http://127.0.0.1:{server.port}/langfuse", "page"
    assert server.register(message_id, ANN, "c-page").status_code == 201
    node(packages, "page.mjs", address, publishable_key(), message_id)
    assert history(server, message_id) == []
    held = receipt(message_id, ANN, "c-page", bearer=True)["x-message-receipt"]
    node(packages, "page.mjs", address, publishable_key(), message_id, held)
    assert history(server, message_id) == [("dislike", "The notice period is wrong.", "receipt")]
