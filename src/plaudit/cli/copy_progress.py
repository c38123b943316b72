"""How far a copy is: a bar on a terminal, now and then a line anywhere else. Both on standard error.

What stops it on the way is told with what to do then.
"""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from plaudit.cli import Failed
from plaudit.store.copy import GaveWay
from plaudit.store.copy import Progress as CopyProgress
from plaudit.store.counted import counted

LINE_SECONDS = 10.0
BAR_CHARACTERS = 8  # so that tens of millions of rows fit into 80 columns
INTERRUPTED = 128 + signal.SIGINT  # as a shell says it
AGAIN = "run the same command again"


@contextmanager
def followed() -> Iterator[CopyProgress]:
    """Raises `Failed`, and `SystemExit` for a Ctrl-C."""
    seen = Seen(Lines())
    try:
        with shown() as seen.shown:
            yield seen
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all that is left is to end
        print(f"plaudit: interrupted; {seen.again()}", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except GaveWay as error:
        raise Failed(f"{error.message}; put that right, then {seen.again()}") from error


@contextmanager
def shown(unit: str = "row") -> Iterator[CopyProgress]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines(unit)
        return
    columns = (TextColumn("{task.description}", table_column=Column(no_wrap=True)), BarColumn(BAR_CHARACTERS), Rows(),
               Speed(unit), Left())
    with Progress(*columns, console=console) as bars:
        yield Bars(bars)


class Seen:
    """Passes on how far the copy is, and knows whether any row is in the target."""

    def __init__(self, shown: CopyProgress) -> None:
        self.shown = shown
        self._copies = self._has_rows = False

    def start(self, what: str, table: str, rows: int, done_rows: int) -> None:
        self._copies = what == "copied"
        self._has_rows = self._has_rows or done_rows > 0
        self.shown.start(what, table, rows, done_rows)

    def advance(self, rows: int) -> None:
        self._has_rows = self._has_rows or self._copies
        self.shown.advance(rows)

    def again(self) -> str:
        return f"{AGAIN}: it goes on where it stopped" if self._has_rows else AGAIN


class Bars:
    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._current = TaskID(0)

    def start(self, what: str, table: str, rows: int, done_rows: int) -> None:
        self._current = self._bars.add_task(f"{table} {what}", total=rows, completed=done_rows, skipped_rows=done_rows)
        self._bars.update(self._current)  # of what is done already, nothing remains to be waited for

    def advance(self, rows: int) -> None:
        self._bars.advance(self._current, rows)


class Lines:
    """One when a table begins, one when it is done, and one now and then between them."""

    def __init__(self, unit: str = "row") -> None:
        self._unit = unit
        self._what, self._rows, self._done_rows, self._skipped_rows = "", 0, 0, 0
        self._began_at = self._said_at = 0.0

    def start(self, what: str, table: str, rows: int, done_rows: int) -> None:
        self._what, self._rows, self._done_rows, self._skipped_rows = f"{table} {what}", rows, done_rows, done_rows
        self._began_at = time.monotonic()
        self._say()

    def advance(self, rows: int) -> None:
        self._done_rows += rows
        if self._done_rows >= self._rows or time.monotonic() - self._said_at >= LINE_SECONDS:
            self._say()

    def _say(self) -> None:
        self._said_at = time.monotonic()
        seconds = self._said_at - self._began_at
        line = f"{self._what}: {self._done_rows:,} of {counted(self._rows, self._unit)}"
        if seconds > 0 and (speed := (self._done_rows - self._skipped_rows) / seconds):
            line += f", {speed:,.0f} {self._unit}s/s, {max(0, self._rows - self._done_rows) / speed:,.0f} s left"
        print(line, file=sys.stderr, flush=True)


class Rows(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.completed:,.0f} of {task.total or 0:,.0f}", no_wrap=True)


class Speed(ProgressColumn):
    def __init__(self, unit: str) -> None:
        self._unit = unit
        super().__init__()

    def render(self, task: Task) -> Text:
        """Of a table that was there already, nothing."""
        seconds, rows = task.finished_time or task.elapsed, task.completed - task.fields["skipped_rows"]
        return Text(f"{rows / seconds:,.0f} {self._unit}s/s" if rows and seconds else "", no_wrap=True)


class Left(TimeRemainingColumn):
    max_refresh = 0.0  # else an empty table keeps what it had before it was done

    def render(self, task: Task) -> Text:
        return Text() if task.finished else super().render(task)
