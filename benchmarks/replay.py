"""Play a real trace through both contracts over HTTP, read everything back, and compare: `make replay`.

124 people judged AI answers 10,920 times. Half of them come as signed-in users of HandAuncle's contract, a quarter as
its guests, a quarter as SiteAssist's visitors. Judgements of one message arrive in their order, those of different
messages at once.

The server's own ranking of the 59 models is compared with the trace as well, and its top and bottom are printed.

`make replay` plays to the server that `make run` runs in this folder, so that its dashboard shows the trace
afterwards; when none runs, and without --running, a server is started for the purpose and forgotten, or kept with
--keep FOLDER. Any other has to be in development mode, with its limits a minute above what the trace asks for
(per_subject and per_address_per_minute). Each takes each --run once:

  plaudit serve --development
  python benchmarks/replay.py --url http://127.0.0.1:8000 --server-key sk_… --publishable-key pk_…

Exit codes: 0 all is as it must be, 1 something differs, 2 there is no data or no such server, or it was played before.
"""

import argparse
import asyncio
import contextlib
import csv
import io
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import httpx2
import issuer as oidc
import llmfao
import neighbour
import server
from playing import Deployment, Play, PlayedBefore, Reading, Step, Unexpected
from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

FOLDER_VARIABLE = "LLMFAO_DATA"
FOLDER = Path(__file__).parents[2] / "shared" / "data" / "llmfao"
DIFFERENCES_SHOWN = 10
RANKS_SHOWN = 5  # of the top and of the bottom

Row = Mapping[str, str]


def main() -> int:
    options = _options()
    console = Console()
    try:
        shown = llmfao.read(options.data)
    except OSError as error:
        print(_where_to_put_it(options.data, error), file=sys.stderr)
        return 2
    try:
        with _deployment(options) as (deployment, where_to_look):
            reading, rankings = asyncio.run(_replay(deployment, shown, options.run, console))
    except (httpx2.TransportError, subprocess.CalledProcessError) as error:
        print(f"There is no server to play to: {error}", file=sys.stderr)
        return 2
    except PlayedBefore:
        print(f"This server has the trace already. Play it once more with another name: --run {options.run}a",
              file=sys.stderr)
        return 2
    except Unexpected as error:
        print(f"The server answered wrongly: {error}", file=sys.stderr)
        return 1
    if options.ranking:
        options.ranking.write_bytes(rankings[1])
    code = _report(console, options.run, shown, reading, rankings)
    print(where_to_look)
    return code


async def _replay(deployment: Deployment, shown: list[llmfao.Shown], run: str, console: Console
                  ) -> tuple[Reading, tuple[bytes, bytes]]:
    """What is read back, and the rankings before and after."""
    judgements = sum(len(message.ratings) for message in shown)
    with Progress(console=console, refresh_per_second=2) as progress:
        async with Play(deployment, run) as play:
            workers = {message.worker: message.kind for message in shown}
            before = await play.ranking()
            await play.introduce(workers, _bar(progress, "people arrive", len(workers)))
            await play.register(shown, _bar(progress, "messages registered", len(shown)))
            await play.vote(shown, _bar(progress, "judgements made", judgements))
            reading = await play.read_back(shown, _bar(progress, "histories read back", len(shown)))
            return reading, (before, await play.ranking())


def _bar(progress: Progress, text: str, total: int) -> Step:
    task = progress.add_task(text, total=total)
    return lambda: progress.advance(task)


# ---------------------------------------------------------------- where


@contextlib.contextmanager
def _deployment(options: argparse.Namespace) -> Iterator[tuple[Deployment, str]]:
    """Where to play, and a sentence for afterwards: where to look at it."""
    if options.url:
        yield (Deployment(options.url, options.server_key, options.publishable_key, _tokens(options.token_command)),
               f"Open {options.url}/dashboard to look at it.")
        return
    if options.running and (found := _neighbour()):
        url = found.deployment.url
        print(f"Playing to {url}, which runs in this folder.")
        yield found.deployment, (f"Open {url}/dashboard to look at it. Sign in with {found.deployment.server_key}\n"
                                 f"or the key that the server was started with; `plaudit key revoke {found.key_id}` "
                                 "makes this one worthless.")
        return
    with (
        oidc.running() as issuer,
        _folder(options.keep) as folder,
        server.running(server.Place(folder, issuer.jwks_url)) as running,
    ):
        yield (Deployment(running.url, server.SERVER_KEY, server.PUBLISHABLE_KEY, issuer.token),
               _how_to_serve(options.keep))


def _neighbour() -> neighbour.Neighbour | None:
    try:
        return neighbour.running_here(os.environ)
    except neighbour.NotOurs as error:
        print(f"{error}. A server is started for the purpose.", file=sys.stderr)
        return None


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="plaudit-replay-") as folder:
        yield Path(folder)


def _how_to_serve(keep: Path | None) -> str:
    if keep is None:
        return "To look at it: `make run`, then `make replay` beside it, then open its /dashboard."
    return (f"To look at it: plaudit serve --config {keep}/plaudit.toml --port 8000, then open "
            f"http://127.0.0.1:8000/dashboard\nand sign in with {server.SERVER_KEY}")


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


def _report(console: Console, run: str, shown: list[llmfao.Shown], reading: Reading,
            rankings: tuple[bytes, bytes]) -> int:
    counted = llmfao.totals(run, shown, reading.standing, reading.histories)
    found = llmfao.differences(run, shown, reading.standing, reading.histories)
    before, after = map(_rows, rankings)
    found += _misranked(llmfao.by_model(shown), before, after)
    console.print(_table(counted))
    console.print(_ranking(after))
    for line in found[:DIFFERENCES_SHOWN]:
        print(line)
    print(f"{len(found)} differences" if found else "none lost, none doubled")
    return 1 if found or counted != llmfao.EXPECTED else 0


def _table(counted: llmfao.Totals) -> Table:
    table = Table("what", "read back", "must be", title="LLMFAO, replayed")
    for (name, value), expected in zip(asdict(counted).items(), asdict(llmfao.EXPECTED).values(), strict=True):
        table.add_row(name, f"{value:,}", f"{expected:,}", style=None if value == expected else "bold red")
    return table


def _rows(ranking: bytes) -> list[Row]:
    return list(csv.DictReader(io.StringIO(ranking.decode(), newline="")))


def _misranked(counted: Mapping[str, tuple[int, int]], before: Iterable[Row], after: Iterable[Row]) -> list[str]:
    """Where what the server's own numbers of a model have risen by is not what the trace says of it."""
    then, now = ({row["model"]: (int(row["likes"]), int(row["votes"])) for row in rows} for rows in (before, after))
    found = []
    for model, said in counted.items():
        risen = tuple(more - less for more, less in zip(now.get(model, (0, 0)), then.get(model, (0, 0)), strict=True))
        if risen != said:
            found.append(f"{model}: {said[0]} likes of {said[1]} votes were said, the ranking rose by {risen}")
    return found


def _ranking(ranked: Sequence[Row]) -> Table:
    """Its top and its bottom."""
    title = f"{len(ranked)} models by satisfaction, with intervals that hold for all of them at once"
    table = Table("ranks", "model", "likes", "satisfaction", "95 %", title=title, box=box.SIMPLE)
    for row in (*ranked[:RANKS_SHOWN], *ranked[-RANKS_SHOWN:]):
        interval = " to ".join(f"{100 * float(row[f'simultaneous_{end}']):.1f}" for end in ("low", "high")
                               if row[f"simultaneous_{end}"])
        table.add_row(f"{row['rank_low']} to {row['rank_high']}", row["model"], f"{row['likes']} of {row['votes']}",
                      f"{100 * float(row['satisfaction']):.1f} %", interval,
                      end_section=row is ranked[RANKS_SHOWN - 1])
    return table


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get(FOLDER_VARIABLE, FOLDER)),
                        help="the folder of the trace (default: %(default)s)")
    parser.add_argument("--run", default="1", help="a name that makes this run's messages its own")
    parser.add_argument("--url", help="a running server; default: one is started for the purpose")
    parser.add_argument("--running", action="store_true", help="play to the server of this folder, if one runs")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the data of the server that is started there")
    parser.add_argument("--ranking", type=Path, metavar="FILE", help="write the server's ranking of the models, as CSV")
    parser.add_argument("--server-key", default="", help="of that server, with scopes messages:write and feedback:read")
    parser.add_argument("--publishable-key", default="", help="of that server's project")
    parser.add_argument("--token-command", default="plaudit token --development --subject",
                        help="prints the token of the user whose name is appended (default: %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
