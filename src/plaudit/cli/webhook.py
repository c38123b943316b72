"""`plaudit webhook secret|list|dead|replay|test`"""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from plaudit.cli import Failed, Misused
from plaudit.cli.options import Config, read
from plaudit.events import EVENT_ID, Backlog, DeadLetter, Endpoint
from plaudit.settings import Configuration

PAGE = 1000

app = typer.Typer(no_args_is_help=True, help="Endpoints that are told of votes: what they were told, and what not.")
Id = Annotated[str, typer.Argument(metavar="ENDPOINT", help="The endpoint's id, as in the settings.")]


@app.command("secret")
def secret(file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to put it; for `secret_files`.")]) -> None:
    """Make a secret that events are signed with, and show it, once.

    The file is readable by this user alone; run it as the user that runs Plaudit. The receiver gets what is shown. To
    exchange a secret: make another, add its file to `secret_files` beside the old one, restart, give it to the
    receiver, and take the old one away.

    Example:

      plaudit webhook secret /etc/plaudit/shop-webhook
    """
    from plaudit.settings import private_files
    from plaudit.webhooks.signing import new_secret

    made = new_secret()
    if file.exists() or not private_files.create(file, f"{made}\n"):
        raise Misused(f"{file} is there already; choose another name, so that no secret is lost")
    print(f"secret: {made}\nIt is in {file}, and shown this once. Give it to the receiver, and name the file in "
          "secret_files.")


@app.command("list")
def list_(config: Config = None) -> None:
    """List the endpoints: how many events wait for each, since when, and how many were given up.

    A server may be running.

    Example:

      plaudit webhook list
    """
    configuration = read(config)
    rows = [("ENDPOINT", "PROJECT", "BODY", "WAITING", "SINCE", "DEAD")]
    backlogs = {backlog.endpoint_id: backlog for backlog in asyncio.run(_backlogs(configuration))}
    for endpoint in _endpoints(configuration):
        backlog = backlogs.pop(endpoint.id, Backlog(endpoint.id))
        rows.append((endpoint.id, endpoint.project_id, endpoint.body.value, *_columns(backlog)))
    rows += [(backlog.endpoint_id, "(not in the settings)", "", *_columns(backlog)) for backlog in backlogs.values()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@app.command("dead")
def dead(endpoint: Id, config: Config = None) -> None:
    """List the events that an endpoint was not told and will not be, unless they are replayed.

    Of each: its id, when it was given up, after how many attempts, and why the last one failed.

    Example:

      plaudit webhook dead shop-chat
    """
    for letter in asyncio.run(_dead(read(config), endpoint)):
        print(f"{letter.due.event_id}  {_time(letter.died_at)}  {letter.due.attempts} attempts  {letter.failure}")


@app.command("replay")
def replay(endpoint: Id,
           events: Annotated[list[str] | None, typer.Argument(metavar="EVENT", help="Ids, from `plaudit webhook dead`.",
                                                              show_default=False)] = None,
           every: Annotated[bool, typer.Option("--all", help="All that are dead.")] = False,
           config: Config = None) -> None:
    """Send events again that were given up, by the ids that they always had.

    A running server takes them up within a second, and tries as often as for new ones.

    Examples:

      plaudit webhook replay shop-chat evt_4711_1795334400000

      plaudit webhook replay shop-chat --all
    """
    if bool(events) == every:
        raise Misused("name the events to send again, or all of them by --all")
    configuration = read(config)
    count = asyncio.run(_replay(configuration, endpoint, None if every else [_number(it) for it in events or ()]))
    print(f"{count} to be sent again to {endpoint}")
    if not count:
        raise Failed(f"there is no such dead letter; `plaudit webhook dead {endpoint}` lists those that there are")


@app.command("test")
def try_(endpoint: Id, config: Config = None) -> None:
    """Send an endpoint an invented event, now, and say what it answered.

    Nothing is stored, and nothing is tried again. The event is a dislike of project's message `plaudit-webhook-test`.

    Example:

      plaudit webhook test shop-chat
    """
    found = {each.id: each for each in _endpoints(read(config))}
    if endpoint not in found:
        raise Misused(f'there is no webhook "{endpoint}" in the settings, only: {", ".join(found) or "none"}')
    print(f"{endpoint}: status {asyncio.run(_tested(found[endpoint]))}")


# ---------------------------------------------------------------- steps


def _endpoints(configuration: Configuration) -> tuple[Endpoint, ...]:
    from plaudit.settings.webhooks import endpoints_of

    return endpoints_of(configuration.settings)


async def _backlogs(configuration: Configuration) -> list[Backlog]:
    from plaudit.bootstrap import now
    from plaudit.databases import reading

    async with reading(configuration.settings, configuration.projects, now=now) as store:
        return await store.backlogs()


async def _dead(configuration: Configuration, endpoint: str) -> list[DeadLetter]:
    from plaudit.bootstrap import now
    from plaudit.databases import reading

    letters: list[DeadLetter] = []
    async with reading(configuration.settings, configuration.projects, now=now) as store:
        while found := await store.dead_letters(endpoint, after=letters[-1].due.seq if letters else 0, limit=PAGE):
            letters += found
    return letters


async def _replay(configuration: Configuration, endpoint: str, wanted: list[int] | None) -> int:
    """A part at a time, so that a server that votes meanwhile does not wait for long."""
    from plaudit.bootstrap import now
    from plaudit.databases import reading

    seqs = [letter.due.seq for letter in await _dead(configuration, endpoint)] if wanted is None else wanted
    count = 0
    async with reading(configuration.settings, configuration.projects, now=now) as store:
        for start in range(0, len(seqs), PAGE):
            count += await store.replay(endpoint, seqs[start:start + PAGE])
    return count


async def _tested(endpoint: Endpoint) -> int:
    """The status. Raises `Failed` for any that is no delivery."""
    from plaudit.bootstrap import now
    from plaudit.webhooks.posting import NotSent, Poster
    from plaudit.webhooks.sample import sample
    from plaudit.webhooks.sending import written

    poster = Poster()
    try:
        answer = await poster.post(endpoint, *written(sample(endpoint.project_id, now()), endpoint, now()))
    except NotSent as reason:
        raise Failed(f"{endpoint.id}: {reason}") from reason
    finally:
        await poster.aclose()
    if not answer.good:
        raise Failed(f"{endpoint.id}: status {answer.status}, which is no delivery; only 2xx is")
    return answer.status


def _number(event_id: str) -> int:
    found = EVENT_ID.fullmatch(event_id)
    if not found:
        raise Misused(f'"{event_id}" is no event\'s id; `plaudit webhook dead` lists them')
    return int(found[1])


def _columns(backlog: Backlog) -> tuple[str, str, str]:
    since = "" if backlog.oldest_at is None else _time(backlog.oldest_at)
    return str(backlog.waiting), since, str(backlog.dead)


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
