"""How far the demo's data is: two bars on a terminal, nothing anywhere else. On standard error."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress

from plaudit.demo.crowd import Talk
from plaudit.demo.loading import Step


@contextmanager
def followed(talks: list[Talk]) -> Iterator[tuple[Step, Step]]:
    """What to call when conversations are registered, and when votes are made."""
    console = Console(stderr=True)
    votes = sum(shown.opinion is not None for talk in talks for shown in talk.answers)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        registering = bars.add_task("invented conversations", total=len(talks))
        voting = bars.add_task("invented votes", total=votes)
        yield (lambda done: bars.advance(registering, done)), (lambda done: bars.advance(voting, done))
