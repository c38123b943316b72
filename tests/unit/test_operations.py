"""The operators' manual and the program agree: on every metric, log line, reason for a 503, command and right."""

import ast
import re
import shlex
from functools import partial
from pathlib import Path

import asyncpg
import pytest
from command_line import parsed, plaudit
from examples import ANNA, DISLIKE, GUEST, LIKE, NOW, a_message, a_vote

from plaudit import errors
from plaudit.deeds import Review
from plaudit.model import Linked
from plaudit.ports import Registered
from plaudit.rules import decide
from plaudit.store import postgres_server
from plaudit.store.failures import CannotOpen
from plaudit.store.postgres import PostgresStore
from plaudit.store.postgres_migrate import migrate_at

ROOT = Path(__file__).parents[2]
SOURCES = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "src").rglob("*.py"))
           if "client" not in path.parts]  # which logs where the application does
WATCHING = (ROOT / "docs/operations/watching.md").read_text(encoding="utf-8")
HEADS = ("metric", "when", "event", "message", "`error`")
LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error"}
SHELL = re.compile(r"^```(?:sh|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SUFFIXES = re.compile(r"_(total|bucket|count|sum)$")


def calls(tree: ast.Module) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


CALLS = [call for tree in SOURCES for call in calls(tree)]


def section(heading: str) -> str:
    """From one heading to the next."""
    return re.split(r"^#{2,3} ", WATCHING.partition(f" {heading}\n")[2], flags=re.MULTILINE)[0]


def rows(heading: str) -> list[list[str]]:
    """The cells of all tables there, without the heads."""
    lines = re.findall(r"^\| (.*) \|$", section(heading), re.MULTILINE)
    cells = [[cell.strip() for cell in re.split(r" ?\| ", line)] for line in lines]
    return [row for row in cells if row[0] not in HEADS and "---" not in row[0]]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]*)`", cell)


# ---------------------------------------------------------------- metrics


def exported():
    """Whatever is given a name that begins with ours, by its name without what Prometheus appends."""
    named = [call.args[0].value for call in CALLS if call.args and isinstance(call.args[0], ast.Constant)]
    return {SUFFIXES.sub("", name) for name in named if str(name).startswith("plaudit_")}


def test_every_metric_is_explained_and_no_other():
    metrics = [row for row in rows("Metrics") if row[0].startswith("`plaudit_") and "{" not in row[0]]
    explained = {SUFFIXES.sub("", name) for row in metrics for name in quoted(row[0])}
    assert exported() == explained
    assert len(exported()) > 8


# ---------------------------------------------------------------- log lines


def logged():
    """(event, level, fields) of each call on a logger that is called `log`, and of each outage that is told of."""
    for call in CALLS:
        match call:
            case ast.Call(ast.Attribute(ast.Name("log"), level), [ast.Constant(event)]) if level in LEVELS:
                yield event, LEVELS[level], fields(call) | ({"exception"} if level == "exception" else set())
    for tree in SOURCES:
        told = frozenset({"failures"}).union(*(fields(call) for call in calls(tree) if _is_failure(call)))
        for call in calls(tree):
            match call:
                case ast.Call(ast.Name("Outage"), [ast.Constant(event)]):
                    yield event, "error", told


def fields(call):
    return frozenset(keyword.arg for keyword in call.keywords)


def _is_failure(call):
    return isinstance(call.func, ast.Attribute) and call.func.attr == "failed"


def test_every_log_line_is_explained_with_its_level_and_fields_and_no_other():
    explained = {(*quoted(event), level, frozenset(quoted(names))) for event, level, names, _ in rows("Log lines")}
    assert set(logged()) == explained
    assert len(explained) > 8


# ---------------------------------------------------------------- 503


def reasons():
    """What `Unavailable` is made with, anything where a message has a part that varies."""
    for call in CALLS:
        if isinstance(call.func, ast.Name) and call.func.id == errors.Unavailable.__name__ and call.args:
            match call.args[0]:
                case ast.Constant(value=text):
                    yield re.escape(text)
                case ast.JoinedStr(values=parts):
                    yield "".join(re.escape(part.value) if isinstance(part, ast.Constant) else ".+" for part in parts)


def test_every_reason_for_a_503_is_explained_and_no_other():
    explained = [row[0] for row in rows("When `/readyz` is 503")]
    assert [reason for reason in reasons() if not any(re.fullmatch(reason, text) for text in explained)] == []
    assert [text for text in explained if not any(re.fullmatch(reason, text) for reason in reasons())] == []


@pytest.mark.parametrize(("error", "states"), [(name, quoted(row[1])) for row in rows("Database failed")
                                                for name in quoted(row[0])])
def test_an_explained_error_is_one_that_counts_as_an_outage(error, states):
    """By the name that `database failed` shows, with the code that goes with it."""
    found = getattr(asyncpg, error, None) or getattr(asyncpg.exceptions, error, None) or __builtins__[error]
    assert issubclass(found, postgres_server.OUTAGES)
    assert getattr(found, "sqlstate", None) in (None, *states)


# ---------------------------------------------------------------- commands


def commands():
    """Every `plaudit …` of a shell block in the documents, with the file it is in."""
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for block in SHELL.findall(path.read_text(encoding="utf-8")):
            for line in re.sub(r"\\\n\s*", "", block).splitlines():
                if found := re.search(r"(?:^(?:\$ )?|/bin/|\bexec plaudit )(plaudit [a-z].*)$", line):
                    yield path.name, found[1]


@pytest.mark.parametrize(("path", "line"), list(commands()))
def test_every_command_of_a_document_is_one_that_plaudit_takes(path, line):
    """Options, arguments and all; nothing is run."""
    words = shlex.split(line, comments=True)
    end = next((place for place, word in enumerate(words) if word in ("|", "&&", ">", ";")), None)
    assert parsed(words[:end]), path


# ---------------------------------------------------------------- rights


@pytest.fixture
def anyio_backend():
    """Coroutines run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture
def roles(postgres):
    """Gives the URL for each of the two roles that docs/operations/postgresql.md makes, with their database."""
    text = (ROOT / "docs/operations/postgresql.md").read_text(encoding="utf-8")
    [statements] = re.findall(r"^```sql\n(CREATE ROLE plaudit_owner .*?)^```$", text, re.MULTILINE | re.DOTALL)
    postgres.sql(*statements.strip().split("\n"))
    yield f"postgresql://{{}}@127.0.0.1:{postgres.port}/plaudit".format
    postgres.sql("DROP DATABASE plaudit WITH (FORCE)", "DROP ROLE plaudit, plaudit_owner")


@pytest.mark.anyio
async def test_a_server_needs_no_right_to_change_tables_once_they_are_there(roles):
    """Register, vote, change, take back, read, be a guest and become a user, review, count. As long as the tables are
    not there, it does not start."""
    opening = partial(PostgresStore.open, decide=decide, now=lambda: NOW)
    with pytest.raises(CannotOpen, match=r"permission denied .* Run `plaudit migrate` as the role that owns"):
        await opening(roles("plaudit"))
    await migrate_at(roles("plaudit_owner"), partitions=0, contract=False)
    store = await opening(roles("plaudit"))
    try:
        assert await store.register([a_message()]) == [Registered(created=True)]
        for vote in (LIKE, DISLIKE, None):
            await store.submit(a_vote(vote=vote))
        await store.visitor("acme", "0f" * 32, "visitor", NOW)
        await store.bind_device("acme", "1f" * 32, "2f" * 32, NOW, only_first=True)
        await store.device_token_seen("acme", "1f" * 32, "2f" * 32, NOW)
        await store.check()
        assert [entry.vote for entry in await store.history("acme", "m-1")] == [LIKE, DISLIKE, None]
        await store.submit(a_vote(vote=DISLIKE))
        for review in (Review("wrong", None, "key-1", NOW), None):
            await store.review("acme", "m-1", ANNA, 4, review)
        await store.register([a_message("g-1", owner=GUEST, conversation_id="g"),
                              a_message("g-2", owner=GUEST, conversation_id="g")])
        await store.submit(a_vote("g-1", subject=GUEST))
        assert await store.link("acme", GUEST, ANNA, NOW) == Linked(messages=2, votes=1, superseded=0)
        assert await store.fold() is False
    finally:
        await store.close()
    await (await opening(roles("plaudit"), zones={"acme": "Asia/Kolkata"})).close()  # all is counted anew


def test_who_may_not_migrate_is_told_before_the_start(roles, monkeypatch, capsys, tmp_path):
    """Whoever may is told that the start does it."""
    monkeypatch.chdir(tmp_path)
    for role, code, told in [("plaudit", 1, "run `plaudit migrate` as the role that owns"),
                             ("plaudit_owner", 0, "does a server of this release when it starts")]:
        monkeypatch.setenv("PLAUDIT_DATABASE_URL", roles(role))
        assert told in plaudit(capsys, "migrate", "--plan").out
        examined = plaudit(capsys, "doctor")
        assert (examined.code, ("✘ Tables" if code else "✔ Tables") in examined.out) == (code, True)
        assert plaudit(capsys, "migrate").code == code


@pytest.mark.anyio
@pytest.mark.parametrize("statement", ["DROP TABLE plaudit.feedback", "DELETE FROM plaudit.audit",
                                       "TRUNCATE plaudit.feedback",
                                       "CREATE TABLE plaudit.mine (a int)", "TRUNCATE plaudit.messages"])
async def test_a_servers_role_cannot_do_away_with_votes(roles, statement):
    """Whatever somebody makes it execute."""
    await migrate_at(roles("plaudit_owner"), partitions=0, contract=False)
    connection = await asyncpg.connect(roles("plaudit"))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()
