"""`plaudit report` and `plaudit compare`, on a database that a server has left behind."""

import asyncio
import json
import re
import time

import pytest
from command_line import plaudit

from plaudit import rules
from plaudit.cli import Misused
from plaudit.cli.compare import weights
from plaudit.cli.selection import arm, since
from plaudit.model import AuthLevel, Contract, Message, Plan, Project, Role, Subject, SubjectKind, Vote, Voter
from plaudit.service import Service
from plaudit.store.sqlite import SqliteStore

DAY = 86_400_000
NOON = 1_795_345_200_000  # 2026-11-22T11:00:00Z, noon in Berlin
HOSTILE = "<script>alert(1)</script>"
SHOP = Project("shop", "The shop", Plan("all", frozenset({"feedback"})), "all")
SETTINGS = """\
[[projects]]
id = "shop"
name = "The shop"
time_zone = "Europe/Berlin"

[[projects]]
id = "empty"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Eighty people judged the answers of two prompts today and the day before."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "plaudit.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / "plaudit-data").mkdir()
    asyncio.run(_filled(folder / "plaudit-data" / "plaudit.db", time.time_ns() // 1_000_000))
    return folder


@pytest.fixture(autouse=True)
def _in_its_folder(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "80")


async def _filled(path, now):
    store = await SqliteStore.open(path, rules.decide, now=lambda: now, zones={"shop": "Europe/Berlin"})
    service = Service(store, now=lambda: now, new_id=lambda: "unused")
    answers = [(number, prompt, day) for number in range(80) for prompt in ("v6", "v7") for day in (0, 1)]
    await service.register([
        Message("shop", _id(answer), f"c-{answer[0]}", Role.ASSISTANT, _person(answer[0]), now - answer[2] * DAY,
                model=HOSTILE if answer[0] < 40 else "gpt-x", prompt_version=answer[1], locale="de",
                arms={"greeting": "ab"[answer[0] % 2]})
        for answer in answers])
    await asyncio.gather(*(service.submit(
        Voter(SHOP, _person(answer[0]), AuthLevel.SESSION), Contract.HANDAUNCLE, _id(answer),
        Vote.LIKE if answer[0] % 10 < (9 if answer[1] == "v6" else 3) else Vote.DISLIKE)
        for answer in answers if answer[2] == 0 or answer[0] < 40))
    await store.close()


def _id(answer):
    return "-".join(map(str, answer))


def _person(number):
    return Subject.of(SubjectKind.VISITOR, f"v-{number}")


def first_words(text):
    return {line.split(" ")[0] for line in text.splitlines()}


def test_a_report_fits_into_eighty_columns_and_says_what_its_numbers_are_made_of(capsys):
    """Satisfaction never stands alone."""
    said = plaudit(capsys, "report")
    assert (said.code, said.err) == (0, "")
    assert max(map(len, said.out.splitlines())) <= 80
    assert re.search(r"^Satisfaction +60\.0% +5\d\.\d\u20136\d\.\d% +144 of 240 votes", said.out, re.MULTILINE)
    assert re.search(r"^Response rate +75\.0% .* 240 of 320 answers", said.out, re.MULTILINE)
    assert re.search(r"^Dislikes per 1,000 answers +300\.0 .* 96 of 320 answers", said.out, re.MULTILINE)
    assert "The shop, from " in said.out
    assert "(Europe/Berlin)" in said.out
    assert "depends on people, not" in said.out


def test_a_report_is_apart_for_what_there_is_more_than_one_of(capsys):
    """Models and prompt versions, or what is asked for."""
    usual, asked = plaudit(capsys, "report").out, plaudit(capsys, "report", "--by", "arm:greeting").out
    assert {"v6", "v7", "gpt-x"} <= first_words(usual)
    assert {"Arm", "a", "b"} <= first_words(asked)
    assert not {"v6", "gpt-x"} & first_words(asked)


@pytest.mark.parametrize(("arguments", "shown", "votes"), [
    ([], 320, 240),
    (["--since", "all"], 320, 240),
    (["--since", "1d"], 160, 160),
    (["--until", "2020-01-01", "--since", "2019-12-01"], 0, 0),
    (["--model", "gpt-x"], 160, 80),
    (["--model", ""], 0, 0),
    (["--prompt-version", "v6", "--arm", "greeting=a"], 80, 60),
    (["--locale", "de", "--platform", "web"], 0, 0),
    (["--auth-level", "session"], None, 240),
    (["--comment"], None, 0),
    (["--no-comment"], None, 240),
    (["--project", "empty"], 0, 0),
])
def test_a_filter_leaves_the_others_out(capsys, arguments, shown, votes):
    """As the API does, in the API's JSON."""
    said = plaudit(capsys, "report", "--json", *arguments)
    assert (said.code, said.err) == (0, "")
    summary = json.loads(said.out)["summary"]
    assert (summary["shown"], summary["votes"]) == (shown, votes)


def test_the_json_has_all_parts(capsys):
    """Each as the API has it."""
    found = json.loads(plaudit(capsys, "report", "--json", "--per", "week").out)
    assert set(found) == {"project", "time_zone", "since", "until", "filters", "summary", "before", "series",
                          "group_alerts", "movers", "breakdowns"}
    assert (found["project"], found["time_zone"], found["series"]["per"]) == ("shop", "Europe/Berlin", "week")
    assert [breakdown["by"] for breakdown in found["breakdowns"]] == ["model", "prompt_version"]


def test_a_time_without_answers_says_what_to_do_next(capsys):
    """Rather than a page of dashes."""
    said = plaudit(capsys, "report", "--project", "empty")
    assert (said.code, "No answers were shown in that time." in said.out) == (0, True)


def test_the_page_is_one_file_that_loads_nothing(capsys, tmp_path):
    """No script, no address of anywhere, and a name cannot become one."""
    said = plaudit(capsys, "report", "--html", str(tmp_path / "report.html"))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert (said.code, said.out) == (0, f"Written: {tmp_path / 'report.html'}\n")
    assert not re.search(r"<script|<link|<iframe|\son[a-z]+=|javascript:|@import|url\(", page)
    assert {address[:5] for address in re.findall(r"(?:src|href)=\"([^\"]*)\"", page)} == {"data:"}
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert page.count("<figure>") == 5
    assert "60.0%" in page
    assert "prefers-color-scheme: dark" in page


@pytest.mark.parametrize(("arguments", "file", "begins"), [
    ([], "trend.svg", b"<svg "),
    (["--by", "model"], "groups.svg", b"<svg "),
    (["--of", "dislikes_per_thousand"], "trend.PNG", b"\x89PNG\r\n"),
])
def test_a_chart_is_a_picture(capsys, tmp_path, arguments, file, begins):
    """Of the trend, or of the groups."""
    said = plaudit(capsys, "report", "--chart", str(tmp_path / file), *arguments)
    assert (said.code, said.err) == (0, "")
    assert (tmp_path / file).read_bytes().startswith(begins)


def test_a_comparison_begins_with_its_verdict(capsys):
    """And fits into 80 columns."""
    said = plaudit(capsys, "compare", "--by", "prompt_version", "v6", "v7")
    assert (said.code, said.err) == (0, "")
    assert max(map(len, said.out.splitlines())) <= 80
    assert said.out.splitlines()[2].startswith("People are less happy with v7 than with v6")
    assert re.search(r"^v7 +\u221260\.0 +\S+ … \S+ +\S+ … \S+ +worse", said.out, re.MULTILINE)


def test_a_comparison_says_how_the_traffic_was_dealt_out(capsys):
    """Of an experiment, and where it was said how it should have been."""
    said = plaudit(capsys, "compare", "--by", "arm:greeting", "a", "b", "--expected", "9,1")
    told = " ".join(said.out.split())
    assert re.search(r"Answers were not dealt out as they should have been: a \S+ \(90\.0%\), b \S+ \(10\.0%\)\.", told)
    assert told.index("not dealt out") < told.index("Differences to a")


def test_a_comparison_in_json_is_the_apis(capsys):
    """With the verdict of each measure."""
    found = json.loads(plaudit(capsys, "compare", "--by", "prompt_version", "--json", "v7", "v6").out)
    assert [group["value"] for group in found["arms"]] == ["v7", "v6"]
    assert (found["differences"][0]["measure"], found["differences"][0]["verdict"]) == ("satisfaction", "better")


@pytest.mark.parametrize(("arguments", "message"), [
    (["report", "--since", "yesterday"], "plaudit: --since: must be a day such as 2026-11-22"),
    (["report", "--since", "2026-11-22T11:30:00Z"], "the beginning of an hour in the project's time zone"),
    (["report", "--by", "colour"], "plaudit: --by: must be one of: model, prompt_version"),
    (["report", "--arm", "greeting"], 'plaudit: --arm: "greeting" is not EXPERIMENT=ARM, such as greeting=b'),
    (["report", "--chart", "a.gif"], "plaudit: --chart: a.gif must end in .png or .svg"),
    (["report", "--project", "none"], 'plaudit: there is no project "none"; choose one of shop, empty'),
    (["report", "--since", "2010-01-01"], "plaudit: per: A series has at most"),
    (["compare", "--by", "prompt_version", "v6", "v8"], "plaudit: arms: No answer has the value 'v8'"),
    (["compare", "--by", "prompt_version", "v6"], "plaudit: arms: "),
    (["compare", "--by", "model", "a", "b", "--expected", "1;1"], 'plaudit: --expected: "1;1" is not a list of'),
])
def test_what_cannot_be_asked_is_told_in_a_line(capsys, arguments, message):
    """With exit code 2 and without a traceback."""
    said = plaudit(capsys, *arguments)
    assert (said.code, said.out) == (2, "")
    assert message in said.err


@pytest.mark.parametrize("command", [["report"], ["compare", "--by", "model"]])
def test_without_a_database_nothing_is_made(capsys, tmp_path, monkeypatch, command):
    """It is said that there is none."""
    monkeypatch.chdir(tmp_path)
    said = plaudit(capsys, *command)
    assert (said.code, said.out, len(said.err.splitlines())) == (1, "", 1)
    assert [*tmp_path.iterdir()] == []


def test_thirty_days_are_today_and_those_before_it():
    """Of the project's calendar."""
    assert since("1d", "UTC", NOON) == NOON - 11 * 3_600_000
    assert since("1d", "Europe/Berlin", NOON) == NOON - 12 * 3_600_000
    assert since("30d", "UTC", NOON) == NOON - 11 * 3_600_000 - 29 * DAY
    assert since("all", "UTC", NOON) is None


def test_weights_are_shares():
    """In any measure."""
    assert weights("9,1") == weights("0.9,0.1") == (0.9, 0.1)
    for wrong in ("", "0,1", "1,", "-1,2", "nan,1", "1e9,1"):
        with pytest.raises(Misused):
            weights(wrong)


def test_an_arm_may_hold_an_equals_sign():
    """Its experiment does not."""
    assert arm("greeting=a=b") == ("greeting", "a=b")
