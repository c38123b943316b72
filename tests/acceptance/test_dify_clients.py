"""Dify's published clients, for JavaScript and for Python, vote through Plaudit: only their base URL and key are other
than before."""

import json
from pathlib import Path

import pytest
from published import node, npm_installed, pip_installed, python
from running import Person, plaudit, project, server_key

SOURCES = Path(__file__).parent / "dify"
OWNER = Person({"visitor": {"id": "abc-123"}}, {})


@pytest.fixture
def server(tmp_path):
    with plaudit(tmp_path, [project("main")]) as running:
        for message_id in ("m-1", "m-2"):
            assert running.register(message_id, OWNER, "c-1").status_code == 201
        yield running


def asked(server, *more):
    return f"http://127.0.0.1:{server.port}/dify/v1", server_key(scope="feedback:write"), *more


def history(server, message_id):
    return [(each["vote"], each["comment"], each["auth_level"]) for each in server.history(message_id)]


def test_the_client_for_javascript(server, tmp_path_factory):
    """Likes, dislikes, takes it back; what it is refused has Dify's shape."""
    folder = npm_installed(SOURCES, tmp_path_factory.mktemp("dify"))
    done = [200, {"result": "success"}]
    said = node(folder, "vote.mjs", *asked(server, "m-1", "abc-123", "like", "dislike", "null"))
    assert [json.loads(line) for line in said.splitlines()] == [done] * 3
    assert history(server, "m-1") == [
        ("like", None, "server-key"), ("dislike", None, "server-key"), (None, None, "server-key")]
    said = node(folder, "vote.mjs", *asked(server, "m-1", "somebody-else", "like", "up"))
    assert [json.loads(line) for line in said.splitlines()] == [
        [404, {"code": "not_found", "message": "No such message", "status": 404}],
        [400, {"code": "invalid_param", "message": "rating must be 'like', 'dislike' or null", "params": "rating",
               "status": 400}]]


def test_the_client_for_python(server, tmp_path_factory):
    """It raises its own exceptions, by status and code."""
    folder = pip_installed(SOURCES, tmp_path_factory.mktemp("dify"))
    said = python(folder, "vote.py", *asked(server, "m-2", "abc-123"))
    assert [json.loads(line) for line in said.splitlines()] == [
        "success", "success", "success",
        ["DifyResourceNotFound", 404, "not_found"],
        ["DifyInvalidParam", 400, "invalid_param"],
        ["DifyAPIError", 401, "unauthorized"],
        "success",
    ]
    assert history(server, "m-2") == [
        ("like", None, "server-key"), ("dislike", "Wrong.", "server-key"), (None, None, "server-key"),
        ("like", None, "server-key")]
