"""GET /v1/exports/feedback: pages of one moment that together are all votes, while votes go on."""

import asyncio
import csv
import io
import json

import httpx2
import identity_provider
import pytest
from examples import DISLIKE, LIKE, NOW, a_message, a_vote
from pyarrow import parquet

from plaudit.analytics import Analytics
from plaudit.auth.keys import new_server_key
from plaudit.exports import exporting
from plaudit.exports.lines import COLUMNS
from plaudit.http.api import export_routes
from plaudit.http.app import Application, EdgeSettings
from plaudit.http.metrics import Metrics
from plaudit.model import Role, Scope, ServerKey
from plaudit.service import Service

pytestmark = pytest.mark.anyio
PATH = "/v1/exports/feedback"


@pytest.fixture
async def client(store, clock, authenticator):
    """Five votes, of which one has a comment that wants to be a formula; whoever asks may read."""
    key, sha256 = new_server_key()
    project = identity_provider.project("acme", server_keys=(
        ServerKey("reader", sha256, frozenset({Scope.FEEDBACK_READ})),))
    app = Application(Service(store, now=clock, new_id=lambda: "unused"), Analytics(store, now=clock),
                      authenticator(project), Metrics(), EdgeSettings())
    await store.register([a_message("q-1", role=Role.USER, content="When?", created_at=NOW - 1),
                          *(a_message(f"m-{number}", content="In ten days.", model=f"model-{number % 2}",
                                      metadata={"consent": number == 3}) for number in range(5))])
    for number in range(5):
        await store.submit(a_vote(f"m-{number}", vote=(LIKE, DISLIKE)[number % 2], at=NOW + number,
                                  comment="=1+1 mail anna@example.com" if number == 3 else None))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://plaudit",
                                  headers={"authorization": f"Bearer {key}"}) as client:
        yield client


async def pages(client, **asked):
    """All of them; each asked for with the last one's cursor."""
    found = [await client.get(PATH, params=asked)]
    while cursor := found[-1].headers.get("x-export-cursor"):
        found.append(await client.get(PATH, params={**asked, "cursor": cursor}))
    assert {answer.status_code for answer in found} == {200}
    assert len({answer.headers["x-export-as-of"] for answer in found}) == 1
    return found


async def test_a_line_is_flat_and_whole(client):
    [page] = await pages(client, model="model-1", has_comment=True)
    assert page.headers["content-type"] == "application/x-ndjson"
    [line] = map(json.loads, page.text.splitlines())
    assert tuple(line) == COLUMNS
    assert line == {
        "message_id": "m-3", "conversation_id": "c-1", "subject_kind": "user",
        "subject_issuer": "https://tenant.example/", "subject": "auth0|anna", "vote": "dislike",
        "comment": "=1+1 mail anna@example.com", "reasons": [], "contract": "handauncle", "auth_level": "jwt",
        "revision": 1, "created_at": "2026-11-22T08:00:00.003Z", "updated_at": "2026-11-22T08:00:00.003Z",
        "role": "assistant", "model": "model-1", "prompt_version": None, "arms": "{}", "locale": None,
        "platform": None, "in_reply_to": None, "trace_id": None, "span_id": None, "metadata": '{"consent":true}',
        "shown_at": "2026-11-22T08:00:00.000Z", "content": "In ten days.", "question_id": "q-1", "question": "When?"}


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
async def test_pages_are_of_one_moment(client, store, limit):
    """Whatever is said while they are read."""
    whole = (await client.get(PATH)).content
    first = await client.get(PATH, params={"limit": limit})
    await store.submit(a_vote("m-4", vote=None, at=NOW + 10))
    await store.submit(a_vote("m-0", vote=DISLIKE, at=NOW + 11))
    content, cursor = first.content, first.headers.get("x-export-cursor")
    while cursor:
        page = await client.get(PATH, params={"limit": limit, "cursor": cursor})
        again = await client.get(PATH, params={"limit": limit, "cursor": cursor})
        assert page.content == again.content  # a page that broke off
        content, cursor = content + page.content, page.headers.get("x-export-cursor")
    assert content == whole
    assert (await client.get(PATH)).content != whole


async def test_csv_is_one_file_over_all_pages(client):
    """The head and the byte order mark stand once; what would be a formula is none; lines end as RFC 4180 says."""
    found = await pages(client, format="csv", bom=True, limit=2)
    text = b"".join(page.content for page in found).decode()
    assert text.startswith("\ufeffmessage_id,conversation_id,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert [row["message_id"] for row in rows] == [f"m-{number}" for number in range(5)]
    assert rows[3]["comment"] == "'=1+1 mail anna@example.com"
    assert text.count("\r\n") == 6


async def test_what_was_not_consented_to_is_left_out_and_addresses_are_taken_out(client):
    [page] = await pages(client, consented=True, redacted=True)
    [line] = map(json.loads, page.text.splitlines())
    assert (line["message_id"], line["comment"]) == ("m-3", "=1+1 mail [email]")


async def test_an_export_is_in_the_audit_log(client, store):
    """By which key, in which format, as of when; a look at the head exports nothing."""
    await client.head(PATH)
    answer = await client.get(PATH, params={"format": "csv"})
    [entry] = await store.audit_log("acme", limit=10)
    assert (entry.action, entry.details["format"]) == ("exported", "csv")
    assert answer.status_code == 200


async def test_head_says_what_get_would(client):
    answer = await client.head(PATH, params={"limit": 2})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["x-export-cursor"]


@pytest.mark.parametrize(("asked", "field"), [
    ({"cursor": "2.1.1.1.1.1"}, "cursor"), ({"cursor": "'; --"}, "cursor"), ({"limit": 0}, "limit"),
    ({"format": "xlsx"}, "format"), ({"format": "dpo"}, "format"), ({"vote": "like"}, "vote"),
    ({"since": "2026-11-22T08:00:01Z"}, "since"),
])
async def test_what_cannot_be_asked_is_refused(client, asked, field):
    answer = await client.get(PATH, params=asked)
    assert (answer.status_code, answer.json()["error"]["details"]["field"]) == (422, field)


@pytest.mark.parametrize("cursor", ["1.1.1.1.1.1", "1.0.0.0.0.0.0.0.0.7", "1.99999999999999.1.1.1.1.9.5.7.3"])
async def test_whatever_looks_like_a_cursor_is_one(client, cursor):
    assert (await client.get(PATH, params={"cursor": cursor})).status_code == 200


async def test_who_has_no_key_exports_nothing(client):
    assert (await client.get(PATH, headers={"authorization": "Bearer sk_no"})).status_code == 401


async def test_training_rows_come_by_pages(client):
    """Each vote for itself; what needs all of them is the command's."""
    found = await pages(client, format="kto", limit=2)
    rows = [json.loads(line) for page in found for line in page.text.splitlines()]
    assert [row["label"] for row in rows] == [True, False, True, False, True]
    assert rows[0]["prompt"] == [{"role": "user", "content": "When?"}]
    [page] = await pages(client, format="sft")
    assert [set(json.loads(line)) for line in page.text.splitlines()] == [{"prompt", "completion"}] * 3


async def test_each_page_of_parquet_is_a_file(client):
    found = await pages(client, format="parquet", limit=2)
    read = [parquet.read_table(io.BytesIO(page.content)).column("message_id").to_pylist() for page in found]
    assert read == [["m-0", "m-1"], ["m-2", "m-3"], ["m-4"]]


async def test_without_its_library_parquet_is_refused(client, monkeypatch):
    """With what to install."""
    monkeypatch.setattr(export_routes.parquet, "is_there", lambda: False)
    answer = await client.get(PATH, params={"format": "parquet"})
    assert answer.status_code == 422
    assert "plaudit[parquet]" in answer.json()["error"]["message"]


async def test_who_goes_away_is_sent_no_more(client, monkeypatch):
    """Nor is more read for them."""
    monkeypatch.setattr(exporting, "ENTRIES", 1)
    sent, gone = [], asyncio.Event()

    async def send(message):
        sent.append(message)
        if message.get("body"):
            gone.set()
            await asyncio.sleep(0)

    async def receive():
        await gone.wait()
        return {"type": "http.disconnect"}

    headers = [(b"host", b"plaudit"), (b"authorization", client.headers["authorization"].encode())]
    await client._transport.app({
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": PATH, "query_string": b"",
        "raw_path": PATH.encode(), "headers": headers, "client": ("127.0.0.1", 1), "server": ("plaudit", 80),
    }, receive, send)
    bodies = [message["body"] for message in sent if message.get("body")]
    assert 1 <= len(bodies) < 5
