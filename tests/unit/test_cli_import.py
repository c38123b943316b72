"""`plaudit import` as it is used, on both databases: judged whole, written once, finished when it is run again."""

import asyncio
import json
import os
import signal
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import plaudit

from plaudit import databases, rules
from plaudit.deeds import ReviewFilter
from plaudit.imports import staging
from plaudit.model import AuthLevel, Contract, Feedback, Message, Role, Subject, SubjectKind, Submission, Vote
from plaudit.settings import load
from plaudit.store.planned import PlannedStore
from plaudit.store.postgres import PostgresStore
from plaudit.store.recount import differences
from plaudit.store.sqlite import SqliteStore

FIRST_AT = 1_791_014_400_000  # 2026-10-03T08:00:00Z
ON_A_FILE = pytest.mark.parametrize("on", ["sqlite"], indirect=True)
PEOPLE = ("mara", "nora", "omar")


def an_item(number: int, **changes) -> dict[str, str]:
    """Of Dify's export: each of three people likes two answers of their own conversation."""
    return {
        "conversation_id": f"c-{number % 3}", "message_id": f"m-{number}", "feedback_rating_raw": "like",
        "feedback_source": "user", "feedback_date": f"2026-10-03 08:0{number}:30", "user_query": "When?",
        "message_date": f"2026-10-03 08:0{number}:00", "ai_response": "In ten days.", "feedback_comment": "",
        "from_end_user_id": PEOPLE[number % 3], **changes}


SIX = [an_item(number) for number in range(6)]


@pytest.fixture(autouse=True, params=["sqlite", "postgres"])
def on(request, tmp_path, monkeypatch):
    """An empty database of each kind in turn, and an empty folder."""
    monkeypatch.chdir(tmp_path)
    if request.param == "postgres":
        monkeypatch.setenv("PLAUDIT_DATABASE_URL", request.getfixturevalue("postgres_url"))
    asyncio.run(_start_once())
    return request.param


def settings():
    return load(None, os.environ, {})


async def _start_once() -> None:
    url = settings().settings.database_url
    store = await (PostgresStore.open(url, rules.decide, now=lambda: 1) if settings().settings.on_postgres else
                   SqliteStore.open(settings().settings.database_path, rules.decide, now=lambda: 1))
    await store.close()


@asynccontextmanager
async def a_store():
    configuration = settings()
    async with databases.writing(configuration.settings, configuration.projects, now=lambda: FIRST_AT) as store:
        yield store


def asked(question):
    async def ask():
        async with a_store() as store:
            return await question(store)
    return asyncio.run(ask())


def votes(*message_ids: str) -> list[Feedback]:
    async def read(store):
        return [entry for message_id in message_ids for entry in await store.history("default", message_id)]
    return asked(read)


def six() -> list[Feedback]:
    return votes(*(f"m-{number}" for number in range(6)))


def deeds() -> list[dict]:
    async def read(store):
        return [entry.details for entry in await store.audit_log("default", limit=10) if entry.action == "imported"]
    return asked(read)


def the_vote(number: int, **changes) -> Feedback:
    at = FIRST_AT + number * 60_000 + 30_000
    return Feedback(**{
        "project_id": "default", "message_id": f"m-{number}", "subject": visitor(PEOPLE[number % 3]),
        "auth_level": AuthLevel.SERVER_KEY, "contract": Contract.DIFY, "vote": Vote.LIKE, "comment": None,
        "revision": 1, "created_at": at, "updated_at": at, **changes})


def visitor(name: str) -> Subject:
    return Subject.of(SubjectKind.VISITOR, name)


def written(items, name="votes.json") -> str:
    Path(name).write_text(json.dumps({"feedback_data": items}), "utf-8")
    return name


def imported(capsys, items, *options):
    return plaudit(capsys, "import", written(items), "--format", "dify", *options)


def test_votes_come_with_their_times_answers_and_questions(capsys):
    """What is derived from them is kept in step, and the audit log says who did it."""
    said = imported(capsys, SIX)
    assert (said.code, said.out.splitlines()) == (0, [
        "votes.json: 6 votes and changes to be taken over, 0 there already, 0 items not understood",
        "Imported: 6 votes and changes"])
    assert six() == [the_vote(number) for number in range(6)]
    assert asked(lambda store: store.message("default", "m-1-question")) == Message(
        "default", "m-1-question", "c-1", Role.USER, visitor("nora"), FIRST_AT + 59_999, content="When?")
    assert asked(lambda store: store._read(differences, {})) == []
    [deed] = deeds()
    assert (deed["format"], deed["file"], deed["entries"]) == ("dify", "votes.json", 6)


def test_the_same_again_changes_nothing(capsys):
    """Nor does it say that somebody had imported something."""
    imported(capsys, SIX)
    said = imported(capsys, SIX)
    assert (said.code, said.out) == (
        0, "votes.json: 0 votes and changes to be taken over, 6 there already, 0 items not understood\n")
    assert (len(six()), len(deeds())) == (6, 1)


def test_a_dry_run_writes_nothing(capsys):
    said = imported(capsys, SIX, "--dry-run")
    assert (said.code, said.out) == (
        0, "votes.json: 6 votes and changes to be taken over, 0 there already, 0 items not understood\n")
    assert (six(), deeds(), asked(lambda store: store.message("default", "m-0"))) == ([], [], None)


def test_nothing_is_half_imported(capsys):
    """Where something is not understood, nothing is written, unless that may be left out."""
    items = [*SIX[:5], an_item(5, feedback_source="admin"), an_item(6, feedback_date="soon"), "nonsense"]
    said = imported(capsys, items)
    assert (said.code, said.err.splitlines()[-1]) == (
        1, "plaudit: nothing was imported. Mend what was not understood, or leave it out with --skip")
    assert said.out.splitlines() == [
        "votes.json: 5 votes and changes to be taken over, 0 there already, 3 items not understood",
        "       1  feedback_date is no instant",
        "       1  feedback_source is not user: whoever runs the application has no vote here",
        "       1  is no JSON object",
        "    item 6: feedback_source is not user: whoever runs the application has no vote here",
        "    item 7: feedback_date is no instant",
        "    item 8: is no JSON object"]
    assert (six(), deeds()) == ([], [])
    assert imported(capsys, items, "--skip").code == 0
    assert six() == [the_vote(number) for number in range(5)]


def test_a_file_that_contradicts_itself_or_the_database_is_refused(capsys):
    imported(capsys, SIX[:1])
    said = imported(capsys, [
        an_item(0, feedback_comment="other"), an_item(1), an_item(1, conversation_id="c-9"),
        an_item(4, from_end_user_id="mara")])
    assert (said.code, said.out.splitlines()[-3:]) == (1, [
        "    item 1: there is a vote already that says something else",
        "    item 3: the file has the same answer before, as another's or in another conversation",
        "    item 4: the file has the same conversation before, as somebody else's"])
    said = imported(capsys, [an_item(3, from_end_user_id="nora")])
    assert (said.code, said.out.splitlines()[-1]) == (
        1, "    item 1: the conversation is known as somebody else's")


def test_votes_of_one_person_on_one_answer_follow_each_other(capsys):
    """In the order of their times, whatever that of the file is; the same vote twice is one."""
    changed = an_item(0, feedback_rating_raw="dislike", feedback_date="2026-10-03 09:00:00")
    assert imported(capsys, [changed, SIX[0], changed]).code == 0
    assert votes("m-0") == [
        the_vote(0), the_vote(0, revision=2, vote=Vote.DISLIKE, updated_at=FIRST_AT + 3_600_000)]


def test_an_interrupted_import_is_finished_by_the_same_command(capsys, monkeypatch):
    """As if it had not been interrupted. The control: it was, in the midst of it."""
    monkeypatch.setattr(staging, "BATCH_MESSAGES", 2)
    write, calls = PlannedStore.write_import, []

    async def interrupted(self, project_id, given):
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return await write(self, project_id, given)

    monkeypatch.setattr(PlannedStore, "write_import", interrupted)
    before = signal.getsignal(signal.SIGINT)
    said = imported(capsys, SIX)
    signal.signal(signal.SIGINT, before)
    assert (said.code, said.err.splitlines()[-1]) == (
        130, "plaudit: interrupted; run the same command again: what is there already stays")
    assert six() == [the_vote(number) for number in range(2)]
    said = imported(capsys, SIX)
    assert (said.code, said.out.splitlines()[-1]) == (0, "Imported: 4 votes and changes")
    assert six() == [the_vote(number) for number in range(6)]
    assert asked(lambda store: store._read(differences, {})) == []


def test_a_running_server_keeps_its_file(capsys, on):
    """Servers on PostgreSQL may run."""
    async def import_beside() -> int:
        async with a_store():
            return await asyncio.to_thread(lambda: imported(capsys, SIX).code)

    assert asyncio.run(import_beside()) == (1 if on == "sqlite" else 0)
    assert len(six()) == (0 if on == "sqlite" else 6)


@ON_A_FILE
def test_of_one_answer_only_so_many_votes_are_taken_over(capsys):
    """They are written at once."""
    said = imported(capsys, [an_item(0, feedback_comment=str(number)) for number in range(1002)], "--skip")
    assert said.out.splitlines()[1:3] == [
        "       2  the file has the same answer too often", "    item 1001: the file has the same answer too often"]
    assert (said.code, len(votes("m-0"))) == (0, 1000)


@ON_A_FILE
def test_user_ids_are_those_of_a_provider_where_that_is_said(capsys):
    assert imported(capsys, SIX[:1], "--owner-issuer", "https://id.example/").code == 0
    assert votes("m-0") == [the_vote(0, subject=Subject.user("https://id.example/", "mara"))]


def test_a_score_that_names_nobody_is_the_answers_owners_where_that_is_known(capsys):
    score = {"traceId": "m-0", "name": "user-feedback", "source": "API", "dataType": "NUMERIC", "value": 1,
             "timestamp": "2026-10-03T08:00:30Z"}
    Path("scores.jsonl").write_text("\n".join(json.dumps({**score, "traceId": it}) for it in ("m-0", "m-9")), "utf-8")
    imported(capsys, [an_item(0, message_id="m-5")])
    asked(lambda store: store.register([Message("default", "m-0", "c-0", Role.ASSISTANT, visitor("mara"), FIRST_AT)]))
    said = plaudit(capsys, "import", "scores.jsonl", "--format", "langfuse", "--skip")
    assert (said.code, "line 2: names nobody, and the answer is not known here" in said.out) == (0, True)
    assert votes("m-0", "m-9") == [the_vote(0, contract=Contract.LANGFUSE)]


@ON_A_FILE
@pytest.mark.parametrize(("arguments", "message"), [
    (["none.json", "--format", "dify"], "none.json: there is no such file"),
    (["votes.json", "--format", "other"], "'other' is not one of"),
    (["votes.json", "--format", "dify", "--owner-issuer", "https://a#b"], "an issuer is an address, without a #"),
    (["votes.json", "--format", "plaudit", "--owner-issuer", "https://a"], "our own lines say whose the votes are"),
    (["votes.json", "--format", "dify", "--project", "none"], 'there is no project "none"'),
])
def test_a_misused_import_says_how_it_is_used(capsys, arguments, message):
    written([])
    said = plaudit(capsys, "import", *arguments)
    assert (said.code, said.out) == (2, "")
    assert message in said.err


@ON_A_FILE
def test_a_file_that_is_cut_off_is_not_imported(capsys):
    """Also with --skip: nobody knows what is missing."""
    Path("votes.json").write_text(json.dumps({"feedback_data": SIX})[:-200], "utf-8")
    said = plaudit(capsys, "import", "votes.json", "--format", "dify", "--skip")
    assert (said.code, "ends too early" in said.err) == (1, True)
    assert six() == []


# ---------------------------------------------------------------- our own lines, there and back

GUEST = Subject.of(SubjectKind.GUEST, "5f" * 32)
MARA = Subject.user("https://id.example/", "mara")


def shown(number: int, owner: Subject = MARA, **changes) -> Message:
    return Message(**{
        "project_id": "acme", "id": f"m-{number}", "conversation_id": f"c-{owner.name[:4]}", "role": Role.ASSISTANT,
        "owner": owner, "created_at": FIRST_AT + number * 1000, "content": f"Answer {number}", **changes})


async def _fill(store) -> None:
    """Changed, taken back, given again; a guest's, which became a user's."""
    def vote(number: int, at: int, value: Vote | None = Vote.LIKE, subject: Subject = MARA, **changes) -> Submission:
        return Submission(**{
            "project_id": "acme", "message_id": f"m-{number}", "subject": subject, "auth_level": AuthLevel.JWT,
            "contract": Contract.SITEASSIST, "vote": value, "comment": None, "at": FIRST_AT + at, **changes})

    await store.register([
        shown(0, id="q-0", role=Role.USER, content="Where is it?"),
        shown(1, model="gpt-x", prompt_version="v7", arms={"greeting": "b", "a": "ä"}, locale="de", platform="web",
              trace_id="0af7", span_id="b7ad", metadata={"a": [None, 1.5], "ü": True}),
        shown(2, in_reply_to="q-9"), shown(3, role=Role.HUMAN_AGENT, content=None), shown(4, GUEST), shown(5, GUEST),
        shown(6, GUEST, id="q-9", role=Role.USER, content=None)])
    for submission in (
            vote(1, 10), vote(1, 20, Vote.DISLIKE, comment="=no\u2028\n", reasons=("wrong", "late")), vote(2, 20),
            vote(2, 20, None), vote(3, 30, Vote.DISLIKE, auth_level=AuthLevel.SESSION), vote(3, 40, None), vote(3, 41),
            vote(4, 50, subject=GUEST), vote(5, 60, Vote.DISLIKE, subject=GUEST, comment="slow")):
        await store.submit(submission)
    await store.link("acme", GUEST, MARA, FIRST_AT + 100)
    await store.submit(vote(4, 200, None))


async def _queue(store, project: str) -> list[str]:
    page = await store.review_queue(project, ReviewFilter(), limit=20, cursor=None)
    return [item.rated.message.id for item in page.items]


def test_our_own_lines_come_back_as_they_were(capsys, monkeypatch, tmp_path):
    """With their histories, into another project: what is exported from there is the same file, byte by byte."""
    (tmp_path / "plaudit.toml").write_text('[[projects]]\nid = "acme"\n[[projects]]\nid = "globex"\n', "utf-8")
    monkeypatch.setattr(staging, "BATCH_MESSAGES", 2)
    asked(_fill)
    assert plaudit(capsys, "export", "--history", "--output", "acme.jsonl").code == 0
    said = plaudit(capsys, "import", "acme.jsonl", "--format", "plaudit", "--project", "globex")
    assert (said.code, said.out.splitlines()[-1]) == (0, "Imported: 12 votes and changes")
    assert plaudit(capsys, "export", "--history", "--output", "globex.jsonl", "--project", "globex").code == 0
    assert (tmp_path / "globex.jsonl").read_bytes() == (tmp_path / "acme.jsonl").read_bytes()
    for message_id in ("m-1", "m-2", "m-3", "m-4", "m-5"):
        ours, theirs = (asked(lambda store, of=of, it=message_id: store.history(of, it)) for of in ("acme", "globex"))
        assert [replace(entry, project_id="acme") for entry in theirs] == ours
    assert asked(lambda store: _queue(store, "acme")) == asked(lambda store: _queue(store, "globex")) != []
    assert asked(lambda store: store._read(differences, {})) == []


@ON_A_FILE
def test_what_was_taken_out_of_a_line_is_not_in_its_history(capsys, tmp_path):
    (tmp_path / "plaudit.toml").write_text('[[projects]]\nid = "acme"\n', "utf-8")

    async def comment(store) -> None:
        await store.register([shown(1)])
        for at, said in enumerate(("write to mara@mail.example", "call +49 170 1234567", None)):
            await store.submit(Submission(
                "acme", "m-1", MARA, AuthLevel.JWT, Contract.PLAUDIT, Vote.LIKE, said, FIRST_AT + at))

    asked(comment)
    assert plaudit(capsys, "export", "--history", "--redact", "--output", "acme.jsonl").code == 0
    [line] = (tmp_path / "acme.jsonl").read_text("utf-8").splitlines()
    assert [entry["comment"] for entry in json.loads(line)["history"]] == ["write to [email]", "call [phone]", None]


def test_lines_without_their_histories_are_each_the_only_revision(capsys, tmp_path):
    """As they stand. The same lines again change nothing."""
    (tmp_path / "plaudit.toml").write_text('[[projects]]\nid = "acme"\n[[projects]]\nid = "globex"\n', "utf-8")
    asked(_fill)
    assert plaudit(capsys, "export", "--output", "acme.jsonl").code == 0
    for found in ("3 votes and changes to be taken over, 0 there", "0 votes and changes to be taken over, 3 there"):
        said = plaudit(capsys, "import", "acme.jsonl", "--format", "plaudit", "--project", "globex")
        assert (said.code, found in said.out) == (0, True)
    [entry] = asked(lambda store: store.history("globex", "m-1"))
    assert (entry.revision, entry.vote, entry.updated_at) == (1, Vote.DISLIKE, FIRST_AT + 20)
