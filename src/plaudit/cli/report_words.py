"""What `report` and `compare` say in English, in the very words of the pages."""

from plaudit.cli.report import Report
from plaudit.counts import Period, Selection
from plaudit.http.dashboard.languages import language
from plaudit.http.dashboard.words import Words, estimate_of
from plaudit.model import Instant, Project
from plaudit.statistics.results import Alert, Estimate, Measure, Rates, Reliability

MEASURES = (Measure.SATISFACTION, Measure.RESPONSE_RATE, Measure.DISLIKES_PER_ANSWER)
MADE_OF = {
    Measure.SATISFACTION: "{part} of {whole} votes",
    Measure.RESPONSE_RATE: "{part} of {whole} answers",
    Measure.DISLIKES_PER_ANSWER: "{part} of {whole} answers",
}
NAMES = {
    Measure.SATISFACTION: "Satisfaction",
    Measure.RESPONSE_RATE: "Response rate",
    Measure.DISLIKES_PER_ANSWER: "Dislikes per 1,000 answers",
}
FEW = "*"
NOTE = ("Intervals are at 95 %. How wide they are depends on people, not on votes: many votes of one person make a "
        "rate hardly more certain. A vote counts at the time when its answer was shown.")
FEW_NOTE = f"{FEW} So few people voted that the interval may be too narrow."
WITHHELD_NOTE = "Where there is no interval, too few people voted for one."
UNKNOWN_NOTE = ("How many answers were shown cannot be told for votes with or without a comment or of one auth level: "
                "an answer that nobody voted on has neither.")
NO_ANSWERS = "No answers were shown in that time. Is --since early enough, and do the filters fit?"


def words_of(project: Project) -> Words:
    return Words(language("en"), project.time_zone)


def title(project: Project, selection: Selection, words: Words) -> str:
    """Of whom, of when, of which answers."""
    since = "the beginning" if selection.since is None else words.moment(selection.since)
    until = "now" if selection.until is None else words.moment(selection.until)
    return f"{project.name}, from {since} to {until} ({project.time_zone})"


def period(words: Words, start: Instant, per: Period) -> str:
    """As short as a table wants it."""
    return words.iso(start)[:16].replace("T", " ") if per is Period.HOUR else words.date(start)


def filters(selection: Selection) -> list[str]:
    """Each that is set, as `name: value`."""
    set_ = {
        "model": selection.model, "prompt version": selection.prompt_version, "locale": selection.locale,
        "platform": selection.platform, "auth level": selection.auth_level,
        **{f"arm of {experiment}": arm for experiment, arm in selection.arms.items()},
        "comment": {True: "with", False: "without", None: None}[selection.has_comment],
    }
    return [f"{name}: {value or 'none'}" for name, value in set_.items() if value is not None]


def value(words: Words, measure: Measure, estimate: Estimate | None) -> str:
    return words.value(measure, estimate.value if estimate else None)


def interval(words: Words, measure: Measure, estimate: Estimate | None) -> str:
    """Its ends, and a star where it is not to be relied upon."""
    few = estimate is not None and estimate.reliability is Reliability.FEW
    return words.range(measure, estimate) + (FEW if few else "")


def made_of(words: Words, measure: Measure, estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    return MADE_OF[measure].format(part=words.number(estimate.numerator), whole=words.number(estimate.denominator))


def alerted(words: Words, report: Report, alert: Alert) -> str:
    said = words.alerted(alert, report.overview.series.per)
    return f"{words.name(alert.group)}: {said}" if alert.dimension else said


def notes(*all_rates: Rates) -> list[str]:
    """What has to be said of these numbers."""
    estimates = [estimate_of(rates, measure) for rates in all_rates for measure in MEASURES]
    reliabilities = {estimate.reliability for estimate in estimates if estimate}
    found = [NOTE]
    if Reliability.FEW in reliabilities:
        found.append(FEW_NOTE)
    if Reliability.WITHHELD in reliabilities:
        found.append(WITHHELD_NOTE)
    if None in estimates:
        found.append(UNKNOWN_NOTE)
    return found
