"""A report on a terminal: tables that fit into 80 columns."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from plaudit.cli import report_words as said
from plaudit.cli.report import Report
from plaudit.http.dashboard.words import Words, estimate_of
from plaudit.statistics.results import Breakdown, Measure, Rates, Series

PERIODS_SHOWN = 14  # the newest; a page or a picture shows all
GROUPS_SHOWN = 30
NAME_WIDTH = 26
RATE_COLUMNS = ("Answers", "Votes", "Satisfied", "95 %", "Voted", "Dislikes")


def show(report: Report) -> None:
    console, words = Console(highlight=False), said.words_of(report.project)
    _heading(console, report, words)
    if not report.overview.rates.votes and not report.overview.rates.shown:
        console.print(said.NO_ANSWERS)
        return
    console.print()
    spaced(console, summary(words, report.overview.rates), trend(words, report.overview.series),
           *(groups(words, breakdown) for breakdown in report.breakdowns))
    lines(console, "", [said.alerted(words, report, alert) for alert in report.overview.series.alerts])
    lines(console, "Moved against the time before:", [
        f"{words.dimension(mover.dimension)} {words.name(mover.value)}: {words.points(mover.change.value)} points of "
        f"satisfaction ({words.span(mover.change)})" for mover in report.overview.movers])
    _notes(console, report)


def _heading(console: Console, report: Report, words: Words) -> None:
    console.print(Text(said.title(report.project, report.selection, words), style="bold"))
    for line in said.filters(report.selection):
        console.print(Text(f"  {line}"))


def _notes(console: Console, report: Report) -> None:
    shown = [report.overview.rates, *(group.rates for breakdown in report.breakdowns for group in breakdown.groups)]
    console.print("Dislikes are per 1,000 answers.")
    for note in said.notes(*shown):
        console.print(Text(note, style="dim"))


# ---------------------------------------------------------------- tables


def summary(words: Words, rates: Rates) -> Table:
    """The three measures, each with what it is made of."""
    table = plain("", "", "95 % interval", "")
    for measure in said.MEASURES:
        estimate = estimate_of(rates, measure)
        table.add_row(said.NAMES[measure], Text(said.value(words, measure, estimate), style="bold"),
                      said.interval(words, measure, estimate), said.made_of(words, measure, estimate))
    return table


def trend(words: Words, series: Series) -> Table:
    table = plain(f"By {series.per}", *RATE_COLUMNS)
    left_out = len(series.points) - PERIODS_SHOWN
    if left_out > 0:
        table.caption = f"{left_out} earlier ones are left out here; --html and --json have them all."
    for point in series.points[-PERIODS_SHOWN:]:
        table.add_row(said.period(words, point.start, series.per), *cells(words, point.rates))
    return table


def groups(words: Words, breakdown: Breakdown) -> Table:
    """Most votes first."""
    table = plain(words.dimension(breakdown.by), *RATE_COLUMNS)
    left_out = len(breakdown.groups) - GROUPS_SHOWN
    if left_out > 0:
        table.caption = f"{left_out} more with fewer votes are left out here; --html and --json have them all."
    for group in breakdown.groups[:GROUPS_SHOWN]:
        table.add_row(Text(words.name(group.value)), *cells(words, group.rates))
    return table


def cells(words: Words, rates: Rates) -> Sequence[str]:
    """Of `RATE_COLUMNS`."""
    satisfaction, dislikes = Measure.SATISFACTION, Measure.DISLIKES_PER_ANSWER
    return (words.number(rates.shown), words.number(rates.votes), said.value(words, satisfaction, rates.satisfaction),
            said.interval(words, satisfaction, rates.satisfaction),
            said.value(words, Measure.RESPONSE_RATE, rates.response_rate),
            said.value(words, dislikes, rates.dislikes_per_answer))


def plain(first: str, *columns: str) -> Table:
    """Names to the left, numbers to the right."""
    table = Table(box=None, pad_edge=False, caption_justify="left", padding=(0, 1), header_style="bold")
    table.add_column(first, max_width=NAME_WIDTH if first else None, overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def spaced(console: Console, *tables: Table) -> None:
    for table in tables:
        console.print(table)
        console.print()


def lines(console: Console, heading: str, sentences: Iterable[str]) -> None:
    """Nothing where there are none."""
    found = list(sentences)
    if found and heading:
        console.print(heading)
    for sentence in found:
        console.print(Text(f"• {sentence}"))
    if found:
        console.print()
