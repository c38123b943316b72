"""Play a real trace through both contracts over HTTP, read everything back, and compare: `make replay`.

124 people judged AI answers 10,920 times. Half of them come as signed-in users of HandAuncle's contract, a quarter as
its guests, a quarter as SiteAssist's visitors. Judgements of one message arrive in their order, those of different
messages at once.

Without --url a server is started on a folder of its own. A running one has to be in development mode, with its limits
a minute above what the trace asks for (per_subject and per_address_per_minute), and takes each --run once:

  plaudit serve --development
  python benchmarks/replay.py --url http://127.0.0.1:8000 --server-key sk_… --publishable-key pk_…

Exit codes: 0 all is as it must be, 1 something differs, 2 there is no data, or no such server.
"""

import argparse
import asyncio
import contextlib
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import httpx2
import issuer as oidc
import llmfao
import server
from playing import Deployment, Play, Reading, Step, Unexpected
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

FOLDER_VARIABLE = "LLMFAO_DATA"
FOLDER = Path(__file__).parents[2] / "shared" / "data" / "llmfao"
DIFFERENCES_SHOWN = 10


def main() -> int:
    options = _options()
    console = Console()
    try:
        shown = llmfao.read(options.data)
    except OSError as error:
        print(_where_to_put_it(options.data, error), file=sys.stderr)
        return 2
    try:
        with _deployment(options) as deployment:
            reading = asyncio.run(_replay(deployment, shown, options.run, console))
    except (httpx2.TransportError, subprocess.CalledProcessError) as error:
        print(f"There is no server to play to: {error}", file=sys.stderr)
        return 2
    except Unexpected as error:
        print(f"The server answered wrongly: {error}", file=sys.stderr)
        return 1
    return _report(console, options.run, shown, reading)


async def _replay(deployment: Deployment, shown: list[llmfao.Shown], run: str, console: Console) -> Reading:
    judgements = sum(len(message.ratings) for message in shown)
    with Progress(console=console, refresh_per_second=2) as progress:
        async with Play(deployment, run) as play:
            workers = {message.worker: message.kind for message in shown}
            await play.introduce(workers, _bar(progress, "people arrive", len(workers)))
            await play.register(shown, _bar(progress, "messages registered", len(shown)))
            await play.vote(shown, _bar(progress, "judgements made", judgements))
            return await play.read_back(shown, _bar(progress, "histories read back", len(shown)))


def _bar(progress: Progress, text: str, total: int) -> Step:
    task = progress.add_task(text, total=total)
    return lambda: progress.advance(task)


# ---------------------------------------------------------------- where


@contextlib.contextmanager
def _deployment(options: argparse.Namespace) -> Iterator[Deployment]:
    if options.url:
        yield Deployment(options.url, options.server_key, options.publishable_key, _tokens(options.token_command))
        return
    with (
        oidc.running() as issuer,
        tempfile.TemporaryDirectory(prefix="plaudit-replay-") as folder,
        server.running(server.Place(Path(folder), issuer.jwks_url)) as running,
    ):
        yield Deployment(running.url, server.SERVER_KEY, server.PUBLISHABLE_KEY, issuer.token)


def _tokens(command: str) -> Callable[[str], str]:
    def token(subject: str) -> str:
        words = [*shlex.split(command), subject]
        return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    return token


def _where_to_put_it(folder: Path, error: OSError) -> str:
    return f"""The trace is not in {folder} ({error.strerror}).
It is LLMFAO by Dmitry Ustalov (CC BY 4.0), prepared as two files, answers.jsonl and votes.jsonl, and is not part of
this repository. Put the folder there, or name it with --data FOLDER or {FOLDER_VARIABLE}=FOLDER."""


# ---------------------------------------------------------------- what is shown


def _report(console: Console, run: str, shown: list[llmfao.Shown], reading: Reading) -> int:
    counted = llmfao.totals(run, shown, reading.standing, reading.histories)
    found = llmfao.differences(run, shown, reading.standing, reading.histories)
    console.print(_table(counted))
    for line in found[:DIFFERENCES_SHOWN]:
        print(line)
    print(f"{len(found)} differences" if found else "none lost, none doubled")
    return 1 if found or counted != llmfao.EXPECTED else 0


def _table(counted: llmfao.Totals) -> Table:
    table = Table("what", "read back", "must be", title="LLMFAO, replayed")
    for (name, value), expected in zip(asdict(counted).items(), asdict(llmfao.EXPECTED).values(), strict=True):
        table.add_row(name, f"{value:,}", f"{expected:,}", style=None if value == expected else "bold red")
    return table


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get(FOLDER_VARIABLE, FOLDER)),
                        help="the folder of the trace (default: %(default)s)")
    parser.add_argument("--run", default="1", help="a name that makes this run's messages its own")
    parser.add_argument("--url", help="a running server; default: one is started for the purpose")
    parser.add_argument("--server-key", default="", help="of that server, with scopes messages:write and feedback:read")
    parser.add_argument("--publishable-key", default="", help="of that server's project")
    parser.add_argument("--token-command", default="plaudit token --development --subject",
                        help="prints the token of the user whose name is appended (default: %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
