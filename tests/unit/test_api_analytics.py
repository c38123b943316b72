"""The numbers of Plaudit's own API as a back end meets them: real edge, keys, store and statistics; only the socket is
left out."""

import asyncio
import csv
import io
import json

import httpx2
import identity_provider
import jsonschema
import pytest

from plaudit import rules
from plaudit.analytics import Analytics
from plaudit.auth.keys import new_server_key
from plaudit.http.app import Application, EdgeSettings
from plaudit.http.document import document
from plaudit.http.identifiers import read_instant
from plaudit.http.metrics import Metrics
from plaudit.model import AuthLevel, Contract, Message, Role, Scope, ServerKey, Subject, SubjectKind, Vote, Voter
from plaudit.service import Service
from plaudit.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

HOUR = 3_600_000
DAY = 24 * HOUR
BERLIN = "Europe/Berlin"
FIRST = 1_795_302_000_000  # 2026-11-22T00:00:00+01:00
WHOLE = json.loads(document("plaudit.http.api"))
OPERATIONS = ("summary", "series", "breakdown?by=model", "compare?by=model", "ranking?by=model")


@pytest.fixture
def project():
    """A project in Berlin, and the key that reads it."""
    key, sha256 = new_server_key()
    return key, identity_provider.project(server_keys=(ServerKey("reader", sha256, frozenset({Scope.FEEDBACK_READ})),),
                                          time_zone=BERLIN)


@pytest.fixture
async def store(tmp_path, clock, project):
    clock.now = FIRST + 3 * DAY
    store = await SqliteStore.open(tmp_path / "plaudit.db", rules.decide, now=clock, zones={project[1].id: BERLIN})
    yield store
    await store.close()


@pytest.fixture
async def client(store, clock, authenticator, project):
    """Whoever holds the key, and sixty people who judged two models' answers on two days."""
    key, own = project
    service = Service(store, now=clock, new_id=lambda: "unused")
    app = Application(service, Analytics(store, now=clock), authenticator(own), Metrics(), EdgeSettings())
    await _judged(service, own)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://plaudit/v1/analytics/",
                                  headers={"authorization": f"Bearer {key}"}) as client:
        yield client


async def _judged(service, project):
    """Each was shown an answer of either model on each day, and voted on the second day's: 120 votes of 240 answers."""
    messages = [
        Message(project.id, f"{number}-{model}-{day}", f"c-{number}", Role.ASSISTANT, _person(number),
                FIRST + day * DAY + 9 * HOUR, model=model, prompt_version="v7" if day else "v6",
                arms={"greeting": "ab"[number % 2]}, locale="de" if number < 20 else None)
        for number in range(60) for model in ("gpt-x", "=gpt,y") for day in (0, 1)]
    await service.register(messages)
    await asyncio.gather(*(_judge(service, project, number, model) for number in range(60)
                           for model in ("gpt-x", "=gpt,y")))


async def _judge(service, project, number, model):
    vote = Vote.LIKE if number % 10 < (8 if model == "gpt-x" else 3) else Vote.DISLIKE
    await service.submit(Voter(project, _person(number), AuthLevel.SESSION), Contract.HANDAUNCLE, f"{number}-{model}-1",
                         vote, "why" if number < 6 else None)


def _person(number):
    return Subject.of(SubjectKind.VISITOR, f"v-{number}")


def _rows(answer):
    """A CSV's lines by its header."""
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


@pytest.mark.parametrize("asked", [*OPERATIONS, "series?per=hour&since=2026-11-22&until=2026-11-23",
                                   "compare?by=arm:greeting&arms=a&arms=b&expected=1,1", "summary?auth_level=session"])
async def test_what_is_answered_is_what_the_document_says(client, asked):
    """Every field that there is, and no other."""
    answer = await client.get(asked)
    path = WHOLE["paths"][f"/v1/analytics/{asked.partition('?')[0]}"]["get"]
    schema = path["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer.status_code == 200, answer.text
    jsonschema.validate(answer.json(), {**schema, "components": WHOLE["components"]}, jsonschema.Draft202012Validator)


async def test_a_number_comes_with_what_it_is_made_of(client):
    """Dislikes are per thousand answers; everything else is a fraction of one."""
    said = (await client.get("summary")).json()
    assert (said["shown"], said["votes"], said["likes"], said["dislikes"]) == (240, 120, 66, 54)
    satisfaction, per_thousand = said["satisfaction"], said["dislikes_per_thousand"]
    assert (satisfaction["value"], satisfaction["numerator"], satisfaction["denominator"]) == (66 / 120, 66, 120)
    assert satisfaction["low"] < 66 / 120 < satisfaction["high"]
    assert satisfaction["reliability"] in ("good", "few")
    assert (per_thousand["value"], per_thousand["numerator"], per_thousand["denominator"]) == (225.0, 54, 240)
    assert 100 < per_thousand["low"] < 225 < per_thousand["high"] < 400


async def test_what_was_asked_is_said_again(client):
    """In the project's time zone; what comes back may be asked for again."""
    said = (await client.get("summary", params={
        "since": "2026-11-22", "until": "2026-11-23T08:00:00Z", "model": "gpt-x", "prompt_version": "", "locale": "de",
        "arm:greeting": "b", "has_comment": "false"})).json()
    assert {name: said[name] for name in ("time_zone", "since", "until", "filters")} == {
        "time_zone": BERLIN, "since": "2026-11-22T00:00:00+01:00", "until": "2026-11-23T09:00:00+01:00",
        "filters": {"model": "gpt-x", "prompt_version": "", "arms": {"greeting": "b"}, "locale": "de", "platform": None,
                    "auth_level": None, "has_comment": False}}
    again = await client.get("summary", params={"since": said["since"], "until": said["until"]})
    assert again.json()["since"] == said["since"]


@pytest.mark.parametrize(("asked", "shown", "votes"), [
    ({}, 240, 120),
    ({"model": "gpt-x"}, 120, 60),
    ({"prompt_version": "v6"}, 120, 0),
    ({"prompt_version": ""}, 0, 0),
    ({"locale": ""}, 160, 80),
    ({"locale": "de", "arm:greeting": "b"}, 40, 20),
    ({"arm:greeting": "c"}, 0, 0),
    ({"platform": "web"}, 0, 0),
    ({"auth_level": "session"}, None, 120),
    ({"auth_level": "jwt"}, None, 0),
    ({"has_comment": "true"}, None, 12),
    ({"until": "2026-11-23"}, 120, 0),
    ({"since": "2026-11-23T09:00:00+01:00", "until": "2026-11-23T10:00:00+01:00"}, 120, 120),
])
async def test_a_filter_leaves_the_others_out(client, asked, shown, votes):
    """What nobody voted on has neither a comment nor an auth level: then it is not said how many were shown."""
    said = (await client.get("summary", params=asked)).json()
    assert (said["shown"], said["votes"]) == (shown, votes)
    assert (said["response_rate"] is None) is (said["dislikes_per_thousand"] is None) is (shown is None)


async def test_a_series_has_the_days_of_the_projects_time_zone(client):
    """Also those in which nothing was shown, up to now."""
    said = (await client.get("series", params={"since": "2026-11-21"})).json()
    assert [(point["start"], point["shown"], point["votes"]) for point in said["points"]] == [
        ("2026-11-21T00:00:00+01:00", 0, 0), ("2026-11-22T00:00:00+01:00", 120, 0),
        ("2026-11-23T00:00:00+01:00", 120, 120), ("2026-11-24T00:00:00+01:00", 0, 0),
        ("2026-11-25T00:00:00+01:00", 0, 0)]


@pytest.mark.parametrize(("by", "groups"), [
    ("model", [("=gpt,y", 60), ("gpt-x", 60)]),
    ("prompt_version", [("v6", 0), ("v7", 120)]),
    ("arm:greeting", [("a", 60), ("b", 60)]),
    ("arm:unheard-of", [(None, 120)]),
    ("locale", [("de", 40), (None, 80)]),
    ("auth_level", [("session", 120)]),
])
async def test_a_breakdown_has_a_group_for_each_value(client, by, groups):
    """And one for the answers that have none."""
    said = (await client.get("breakdown", params={"by": by})).json()
    found = [(group["value"], group["votes"]) for group in said["groups"] if group["votes"] or by != "auth_level"]
    assert said["by"] == by
    assert sorted(found, key=str) == sorted(groups, key=str)


async def test_arms_are_compared_with_the_first(client):
    """For three measures each, and the verdict is said."""
    said = (await client.get("compare?by=model&arms=gpt-x&arms=%3Dgpt,y&margin=0.05")).json()
    assert [group["value"] for group in said["arms"]] == ["gpt-x", "=gpt,y"]
    satisfaction, _, dislikes = said["differences"]
    assert (satisfaction["baseline"], satisfaction["arm"], satisfaction["measure"], satisfaction["verdict"]) == (
        "gpt-x", "=gpt,y", "satisfaction", "worse")
    assert satisfaction["fixed"]["value"] == pytest.approx(-0.5)
    assert (dislikes["measure"], dislikes["fixed"]["value"]) == ("dislikes_per_thousand", pytest.approx(250))
    assert said["margin"] == 0.05


async def test_a_ranking_says_who_is_certainly_better(client):
    """And between which ranks each may stand."""
    first, second = (await client.get("ranking?by=model")).json()["ranked"]
    assert (first["value"], first["rank_low"], first["rank_high"], first["better_than"]) == ("gpt-x", 1, 1, ["=gpt,y"])
    assert (second["value"], second["rank_low"], second["rank_high"], second["better_than"]) == ("=gpt,y", 2, 2, [])


@pytest.mark.parametrize(("asked", "field"), [
    ("summary?since=yesterday", "since"),
    ("summary?since=2026-02-30", "since"),
    ("summary?since=2026-11-22T08:30:00Z", "since"),
    ("summary?until=2026-11-22T08:00:00.001Z", "until"),
    ("summary?until=0001-01-01", "until"),
    ("summary?until=9999-12-31", "until"),
    ("summary?since=2026-11-22&since=2026-11-22", "since"),
    ("summary?modle=a", "modle"),
    ("summary?by=model", "by"),
    ("summary?arm:=b", "arm:"),
    ("summary?arm:greeting=", "arm:greeting"),
    ("summary?arm:greeting=a&arm:greeting=b", "arm:greeting"),
    ("summary?format=xml", "format"),
    ("summary?has_comment=yes", "has_comment"),
    ("series?per=month", "per"),
    ("series?per=hour&since=2020-01-01", "per"),
    ("breakdown", "by"),
    ("breakdown?by=colour", "by"),
    ("breakdown?by=arm", "by"),
    ("breakdown?by=arm:", "by"),
    ("breakdown?by=model:a", "by"),
    ("compare", "by"),
    ("compare?by=model&arms=a,b", "arms"),
    ("compare?by=model&arms=gpt-x&arms=gpt-x", "arms"),
    ("compare?by=model&arms=gpt-x&arms=unheard-of", "arms"),
    ("compare?by=model&arms=gpt-x&arms=", "arms"),
    ("compare?by=model&margin=0", "margin"),
    ("compare?by=model&margin=nan", "margin"),
    ("compare?by=model&expected=1,1", "expected"),
    ("compare?by=model&arms=gpt-x&arms=%3Dgpt,y&expected=1,1,1", "expected"),
    ("compare?by=model&arms=gpt-x&arms=%3Dgpt,y&expected=1,-1", "expected"),
    ("ranking", "by"),
])
async def test_a_wrong_or_unknown_parameter_is_named(client, asked, field):
    """A misspelt filter would count everything."""
    answer = await client.get(asked)
    assert (answer.status_code, answer.json()["error"]["details"]["field"]) == (422, field)


async def test_an_hour_that_begins_elsewhere_is_refused_with_the_zone(client):
    """The reason says which zone is meant."""
    answer = await client.get("summary?since=2026-11-22T08:30:00Z")
    assert "the beginning of an hour in the project's time zone, Europe/Berlin" in answer.json()["error"]["message"]


# ---------------------------------------------------------------- CSV


async def test_a_spreadsheet_takes_no_name_for_a_formula(client):
    """A name that begins like one has an apostrophe before it; numbers stay numbers, also negative ones."""
    assert [row["model"] for row in _rows(await client.get("ranking?by=model&format=csv"))] == ["gpt-x", "'=gpt,y"]
    [satisfaction, *_] = _rows(await client.get("compare?by=model&arms=gpt-x&arms=%3Dgpt,y&format=csv"))
    assert (satisfaction["arm"], satisfaction["verdict"]) == ("'=gpt,y", "worse")
    assert float(satisfaction["fixed_value"]) == pytest.approx(-0.5)


async def test_csv_says_the_same_as_json(client):
    """An empty cell is what JSON calls null."""
    said = (await client.get("series?since=2026-11-22")).json()["points"]
    rows = _rows(await client.get("series?since=2026-11-22&format=csv"))
    assert [(row["start"], int(row["shown"]), row["satisfaction"]) for row in rows] == [
        (point["start"], point["shown"], "" if (value := point["satisfaction"]["value"]) is None else str(value))
        for point in said]
    [total] = _rows(await client.get("summary?format=csv"))
    assert (total["shown"], total["satisfaction"], total["dislikes_per_thousand"]) == ("240", "0.55", "225.0")
    locales = _rows(await client.get("breakdown?by=locale&format=csv"))
    assert sorted(row["locale"] for row in locales) == ["", "de"]


@pytest.mark.parametrize(("accept", "asked", "media_type"), [
    (None, "", "application/json"),
    ("*/*", "", "application/json"),
    ("text/html", "", "application/json"),
    ("text/csv", "", "text/csv; charset=utf-8; header=present"),
    ("text/csv, */*;q=0.5", "", "text/csv; charset=utf-8; header=present"),
    ("application/json, text/csv", "", "application/json"),
    ("application/json;q=0.5, text/csv", "", "text/csv; charset=utf-8; header=present"),
    ("text/csv;q=0", "", "application/json"),
    ("text/csv", "?format=json", "application/json"),
    ("application/json", "?format=csv", "text/csv; charset=utf-8; header=present"),
])
async def test_csv_is_for_whoever_asks_for_it(client, accept, asked, media_type):
    """By the Accept header, or by the parameter, which wins."""
    answer = await client.get(f"summary{asked}", headers={} if accept is None else {"accept": accept})
    assert (answer.headers["content-type"], answer.headers["vary"]) == (media_type, "Accept")


# ---------------------------------------------------------------- the same again


@pytest.mark.parametrize("form", ["json", "csv"])
async def test_what_is_known_is_not_sent_again(client, form):
    """Until it changes."""
    first = await client.get("summary", params={"format": form})
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = await client.get("summary", params={"format": form}, headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert again.headers["cache-control"] == "private, no-cache"
    other = await client.get("summary", params={"format": form, "model": "gpt-x"}, headers={"if-none-match": etag})
    assert (other.status_code, other.headers["etag"] != etag) == (200, True)


async def test_no_intermediary_may_keep_it(client):
    """What is refused is not kept at all."""
    assert (await client.get("summary?since=x")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("shown_at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("look", [*OPERATIONS, "series?per=hour", "series?per=week"])
async def test_an_answer_at_the_calendars_end_breaks_nothing(client, store, project, shown_at, look):
    """Somebody's clock may say so. It is an answer, or a refusal that says what to ask instead."""
    at = read_instant(shown_at, "at")
    await store.register([Message(project[1].id, "far", "c-far", Role.ASSISTANT, _person(0), at, model="far")])
    assert (await client.get(look)).status_code in (200, 422)
    assert (await client.get("series?since=2026-11-22")).status_code == 200
