"""LangSmith's published clients send their feedback to Plaudit: only their address and key are other than before."""

import json
import uuid
from pathlib import Path

import httpx2
import pytest
from published import node, npm_installed, pip_installed, python
from running import plaudit, project, server_key, user

SOURCES = Path(__file__).parent / "langsmith"
ANN = user("ann")
COMMON = [["like", "Exactly."], ["dislike", None], ["dislike", "On second thoughts."], [None, None]]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with plaudit(tmp_path_factory.mktemp("plaudit"), [project("main")]) as running:
        yield running


@pytest.fixture
def run(server):
    """The id of a run, which clients want to be a UUID."""
    run_id = str(uuid.uuid4())
    assert server.register(run_id, ANN).status_code == 201
    return run_id


def asked(server, run):
    return f"http://127.0.0.1:{server.port}/langsmith", server_key(), run


def history(server, run):
    return [[each["vote"], each["comment"]] for each in server.history(run)]


def what_was_read(run):
    return [[run, "user_score", 1, "Exactly."], [run, "user_score", 0, None],
            [run, "user_score", 0, "On second thoughts."], [run]]


def test_the_client_for_python(server, run, tmp_path_factory):
    """It votes, reads, changes and takes back, and makes links that anybody can use."""
    folder = pip_installed(SOURCES, tmp_path_factory.mktemp("langsmith"))
    *said, refused, link, links = map(json.loads, python(folder, "vote.py", *asked(server, run)).splitlines())
    assert said == what_was_read(run)
    assert refused == ["LangSmithError", True, True]
    assert history(server, run) == COMMON
    for url, body in ((link, {"score": 1}), (links[1], None)):
        assert httpx2.post(url, json=body, trust_env=False).status_code == 200
    assert history(server, run)[len(COMMON):] == [["like", None], ["dislike", None]]


def test_the_client_for_javascript(server, run, tmp_path_factory):
    """The same."""
    folder = npm_installed(SOURCES, tmp_path_factory.mktemp("langsmith"))
    *said, refused, link = map(json.loads, node(folder, "vote.mjs", *asked(server, run)).splitlines())
    assert said == what_was_read(run)
    assert refused == [422]
    assert history(server, run) == COMMON
    assert httpx2.post(link, json={"score": 1}, trust_env=False).status_code == 200
    assert history(server, run)[len(COMMON):] == [["like", None]]
