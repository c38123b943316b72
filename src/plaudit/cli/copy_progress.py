"""How far a copy is: a bar on a terminal, now and then a line anywhere else. Both on standard error."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from plaudit.store.copy import Progress as CopyProgress

LINE_SECONDS = 10.0


@contextmanager
def shown_progress() -> Iterator[CopyProgress]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), Rows(), Speed(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bars:
        yield Bars(bars)


class Bars:
    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._current = TaskID(0)

    def start(self, what: str, table: str, rows: int, done_rows: int) -> None:
        self._current = self._bars.add_task(f"{table} {what}", total=rows, completed=done_rows)

    def advance(self, rows: int) -> None:
        self._bars.advance(self._current, rows)


class Lines:
    """One when a table begins, one when it is done, and one now and then between them."""

    def __init__(self) -> None:
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
        line = f"{self._what}: {self._done_rows:,} of {self._rows:,} rows"
        if seconds > 0 and (speed := (self._done_rows - self._skipped_rows) / seconds):
            line += f", {speed:,.0f} rows/s, {max(0, self._rows - self._done_rows) / speed:,.0f} s left"
        print(line, file=sys.stderr, flush=True)


class Rows(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.completed:,.0f} of {task.total or 0:,.0f} rows")


class Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.finished_speed or task.speed or 0:,.0f} rows/s")
