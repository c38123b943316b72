"""Exports of a running server, on either database: pages of one moment, and what a link in the middle makes of them."""

import json

import pytest
from running import bearer, fresh, server_key, user
from wires import HANDAUNCLE

PATH = "/v1/exports/feedback"


@pytest.fixture
def export(server):
    """A page, and its lines."""

    def ask(project_id="main", **asked):
        answer = server.http.get(PATH, params=asked, headers=bearer(server_key(project_id)))
        assert answer.status_code == 200, answer.text
        return answer, [json.loads(line) for line in answer.text.splitlines()]

    return ask


def votes(server, model, count):
    """Likes of so many answers of a model, all by one person."""
    person = user(fresh("ann"))
    found = [HANDAUNCLE.registered(server, person, model=model) for _ in range(count)]
    for message_id in found:
        HANDAUNCLE.vote(server, message_id, person.headers)
    return person, found


def test_votes_are_exported_while_they_change(server, export):
    """All pages are of the first one's moment; a project has its own."""
    model = fresh("model")
    person, ids = votes(server, model, 3)
    head, first = export(model=model, limit=1)
    HANDAUNCLE.vote(server, ids[2], person.headers, HANDAUNCLE.dislike)
    lines, cursor, as_of = first, head.headers.get("x-export-cursor"), head.headers["x-export-as-of"]
    while cursor:
        page, more = export(model=model, limit=10_000, cursor=cursor)
        lines, cursor = [*lines, *more], page.headers.get("x-export-cursor")
        assert page.headers["x-export-as-of"] == as_of
    assert [(line["message_id"], line["vote"]) for line in lines] == [(message_id, "like") for message_id in ids]
    assert [line["vote"] for line in export(model=model)[1]] == ["like", "like", "dislike"]
    assert export("other", model=model)[1] == []


def test_csv_and_parquet_come_over_the_wire(server):
    model = fresh("=model")
    votes(server, model, 1)
    answer = server.http.get(PATH, params={"format": "csv", "model": model}, headers=bearer(server_key()))
    assert f",'{model}," in answer.text
    answer = server.http.get(PATH, params={"format": "parquet", "model": model}, headers=bearer(server_key()))
    assert (answer.content[:4], answer.content[-4:]) == (b"PAR1", b"PAR1")


def test_a_look_at_the_head_reads_nothing(server):
    answer = server.http.head(PATH, headers=bearer(server_key()))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    assert server.http.post(PATH, headers=bearer(server_key())).status_code == 405
