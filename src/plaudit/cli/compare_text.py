"""A comparison on a terminal: the verdict first, then what it is made of."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from plaudit.cli import report_words as said
from plaudit.cli.compare import Compared
from plaudit.cli.report_text import RATE_COLUMNS, cells, lines, plain, spaced
from plaudit.http.dashboard.words import Words
from plaudit.statistics.results import Comparison, Difference, Measure, SampleRatio

ALWAYS = ("“However often” holds for whoever looks every day, “once” for whoever looks once; the verdicts are made of "
          "the first. Both are corrected for the number of comparisons.")


def show(compared: Compared) -> None:
    console, words, found = Console(highlight=False), said.words_of(compared.project), compared.comparison
    console.print(Text(said.title(compared.project, compared.selection, words), style="bold"))
    for line in said.filters(compared.selection):
        console.print(Text(f"  {line}"))
    console.print()
    for difference in found.differences:
        if difference.measure is Measure.SATISFACTION:
            console.print(Text(words.verdict(difference, found.margin), style="bold"))
    ratio = found.sample_ratio
    if ratio and ratio.mismatch:
        console.print(Text(dealt(words, found, ratio), style="bold"))
    console.print()
    spaced(console, _arms(words, found))
    baseline = words.name(found.arms[0].value)
    console.print(Text(f"Differences to {baseline}, in points or in dislikes per 1,000 answers:"))
    spaced(console, *(_differences(words, found, measure) for measure in said.MEASURES))
    lines(console, "The arms were shown with different others:", [words.mixed(mix) for mix in found.mixes])
    if ratio and not ratio.mismatch:
        console.print(Text(dealt(words, found, ratio)))
    for note in (ALWAYS, *said.notes(*(group.rates for group in found.arms))):
        console.print(Text(note, style="dim"))


def _arms(words: Words, found: Comparison) -> Table:
    table = plain(words.dimension(found.by), *RATE_COLUMNS)
    for group in found.arms:
        table.add_row(Text(words.name(group.value)), *cells(words, group.rates))
    return table


def _differences(words: Words, found: Comparison, measure: Measure) -> Table:
    """Each arm against the first."""
    table = plain(said.NAMES[measure], "Difference", "However often", "Once", "Verdict")
    for each in found.differences:
        if each.measure is measure:
            table.add_row(Text(words.name(each.arm)), _size(words, each), words.span(each.always, measure),
                          words.span(each.fixed, measure), each.verdict.value)
    return table


def _size(words: Words, difference: Difference) -> str:
    found = difference.always or difference.fixed
    return words.points(found.value, difference.measure) if found else words.value(difference.measure, None)


def dealt(words: Words, found: Comparison, ratio: SampleRatio) -> str:
    """Was the traffic split as it should have been?"""
    shares = ", ".join(f"{words.name(arm.value)} {words.percent(observed)} ({words.percent(expected)})"
                       for arm, observed, expected in zip(found.arms, ratio.observed, ratio.expected, strict=True))
    if ratio.mismatch:
        return (f"Answers were not dealt out as they should have been: {shares}. Something sorts people into the arms, "
                "so the difference may not be the arms' doing.")
    if ratio.p_value is None:
        return f"Of so few people it cannot be told whether answers were dealt out as they should have been: {shares}."
    return f"Answers were dealt out as they should have been: {shares}."
