"""Numbers, times and judgements as people read them, in one language and one project's time zone. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from plaudit.counts import Attribute, Dimension, Period
from plaudit.http.dashboard.languages import Language
from plaudit.model import Instant, Vote
from plaudit.statistics.results import (
    Alert,
    Difference,
    Direction,
    Estimate,
    Interval,
    Measure,
    Mix,
    Ranked,
    Rates,
    Reliability,
    Verdict,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOTHING = "\u2013"
TO = "\u2013"
PER_THOUSAND = 1000
MINUS = "\u2212"


@dataclass(frozen=True, slots=True)
class Words:
    language: Language
    time_zone: str

    def t(self, key: str, /, **values: object) -> str:
        return self.language.text(key, **values)

    def count(self, key: str, number: int, /, **values: object) -> str:
        """So many of something."""
        return self.language.plural(key, number, **values)

    # ------------------------------------------------------------ numbers

    def number(self, value: int | None) -> str:
        return NOTHING if value is None else self.language.figure(f"{value:,}")

    def percent(self, value: float | None) -> str:
        return NOTHING if value is None else self.language.figure(f"{100 * value:.1f}%")

    def points(self, value: float, measure: Measure = Measure.SATISFACTION) -> str:
        """A difference, with its sign: in points of percent, or in dislikes per thousand answers."""
        return self.language.figure(_signed(scaled(measure, value)))

    def value(self, measure: Measure, value: float | None) -> str:
        """A measure's own way to be written."""
        if value is None:
            return NOTHING
        if measure is Measure.DISLIKES_PER_ANSWER:
            return self.language.figure(f"{PER_THOUSAND * value:.1f}")
        return self.percent(value)

    def range(self, measure: Measure, estimate: Estimate | Interval | None) -> str:
        """From the low end of the interval to its high end."""
        if estimate is None or estimate.low is None or estimate.high is None:
            return NOTHING
        low, high = scaled(measure, estimate.low), scaled(measure, estimate.high)
        suffix = "" if measure is Measure.DISLIKES_PER_ANSWER else "%"
        return self.language.figure(f"{low:.1f}{TO}{high:.1f}{suffix}")

    def span(self, interval: Interval | None, measure: Measure = Measure.SATISFACTION) -> str:
        """A difference's interval: both ends with their signs."""
        if interval is None:
            return NOTHING
        low, high = (_signed(scaled(measure, end)) for end in (interval.low, interval.high))
        return self.language.figure(f"{low} … {high}")

    def p_value(self, value: float | None) -> str:
        if value is None:
            return NOTHING
        return self.language.figure("< 0.001" if value < 0.001 else f"{value:.3f}")  # noqa: PLR2004 -- as printed

    # ------------------------------------------------------------ times

    def moment(self, instant: Instant) -> str:
        """A day and a time of day."""
        at = self._at(instant)
        return self._joined("time.moment", day=self._day(at), clock=f"{at:%H:%M}")

    def period(self, instant: Instant, per: Period) -> str:
        """What began then."""
        at = self._at(instant)
        if per is Period.HOUR:
            return self._joined("time.hour", day=self._day(at), clock=f"{at:%H:%M}")
        if per is Period.WEEK:
            return self._joined("time.week", day=self._day(at))
        return self._joined("time.day", weekday=self.t(f"time.weekdays.{at.weekday()}"), day=self._day(at))

    def tick(self, instant: Instant, per: Period) -> str:
        """As short as an axis needs it. It stands alone in a picture, so nothing has to isolate it."""
        at = self._at(instant)
        return f"{at:%H:%M}" if per is Period.HOUR and at.hour else f"{at.day} {self.t(f'time.months.{at.month}')}"

    def iso(self, instant: Instant) -> str:
        return self._at(instant).isoformat(timespec="minutes")

    def date(self, instant: Instant) -> str:
        return self._at(instant).date().isoformat()

    def _at(self, instant: Instant) -> datetime:
        zone = UTC if self.time_zone == "UTC" else ZoneInfo(self.time_zone)
        return (EPOCH + timedelta(milliseconds=instant)).astimezone(zone)

    def _day(self, at: datetime) -> str:
        return self._joined("time.date", day=at.day, month=self.t(f"time.months.{at.month}"), year=at.year)

    def _joined(self, key: str, /, **parts: object) -> str:
        """Of the language's own words, which need no isolation from each other."""
        return self.language.texts[key].format_map(parts)

    # ------------------------------------------------------------ names

    def name(self, value: str | None) -> str:
        return self.t("value.none") if value is None else value

    def dimension(self, by: Dimension) -> str:
        if by.attribute is Attribute.ARM:
            return self.t("dimension.arm", experiment=by.experiment or "")
        return self.t(f"dimension.{by.attribute}")

    def measure(self, measure: Measure) -> str:
        return self.t(f"measure.{measure}.name")

    def vote(self, vote: Vote | None) -> str:
        return self.t({Vote.LIKE: "vote.like", Vote.DISLIKE: "vote.dislike", None: "vote.removed"}[vote])

    # ------------------------------------------------------------ one sentence each

    def explained(self, measure: Measure, estimate: Estimate | None) -> str:
        """What a number is, and how sure it is."""
        if estimate is None:
            return self.t("explain.unknown")
        if estimate.value is None:
            return self.t(f"explain.{measure}.nothing")
        what = self.t(f"explain.{measure}.what", part=self.number(estimate.numerator),
                      whole=self.number(estimate.denominator), value=self.value(measure, estimate.value))
        return f"{what} {self._sureness(measure, estimate)}"

    def _sureness(self, measure: Measure, estimate: Estimate) -> str:
        if estimate.reliability is Reliability.WITHHELD:
            return self.t("explain.withheld")
        ends = {"low": self.value(measure, estimate.low), "high": self.value(measure, estimate.high)}
        return self.t("explain.few" if estimate.reliability is Reliability.FEW else "explain.sure", **ends)

    def in_words(self, ranked: Ranked, of: int) -> str:
        """A rank, as a sentence."""
        satisfaction = ranked.rates.satisfaction
        told = {"name": self.name(ranked.value), "likes": self.number(satisfaction.numerator),
                "votes": self.number(satisfaction.denominator), "value": self.percent(satisfaction.value)}
        if ranked.simultaneous is None:
            return self.t("ranking.withheld", **told)
        return self.t("ranking.sentence", **told, range=self.range(Measure.SATISFACTION, ranked.simultaneous),
                      best=ranked.rank_low, worst=ranked.rank_high, of=of, better=len(ranked.better_than))

    def verdict(self, difference: Difference, margin: float) -> str:
        """What a comparison comes to. Numbers alone decide, and they have: this only says it."""
        told = {"arm": self.name(difference.arm), "baseline": self.name(difference.baseline)}
        verdict, measure, always = difference.verdict, difference.measure, difference.always
        if always is None or verdict is Verdict.WITHHELD:
            return self.t("verdict.withheld", **told)
        if verdict in {Verdict.BETTER, Verdict.WORSE}:
            low, high = sorted(abs(scaled(measure, end)) for end in (always.low, always.high))
            size = self.language.figure(f"{abs(scaled(measure, always.value)):.1f}")
            return self.t(f"verdict.{measure}.{verdict}", **told, size=size, low=self.language.figure(f"{low:.1f}"),
                          high=self.language.figure(f"{high:.1f}"))
        key = "same_measure" if verdict is Verdict.SAME and measure is not Measure.SATISFACTION else verdict.value
        return self.t(f"verdict.{key}", **told, margin=self.language.figure(f"{100 * margin:g}"),
                      low=self.points(always.low, measure), high=self.points(always.high, measure))

    def alerted(self, alert: Alert, per: Period) -> str:
        direction = "rose" if alert.direction is Direction.UP else "fell"
        return self.t(f"alert.{alert.measure}.{direction}", period=self.period(alert.start, per),
                      value=self.value(alert.measure, alert.value),
                      expected=self.value(alert.measure, alert.expected))

    def mixed(self, mix: Mix) -> str:
        return self.t("compare.mix.sentence", arm=self.name(mix.arm), dimension=self.dimension(mix.dimension),
                      difference=self.points(mix.difference, mix.measure), within=self.points(mix.within, mix.measure))

    def change(self, measure: Measure, now: Estimate | None, before: Estimate | None) -> str | None:
        """How a number stands against the time before; None where one of them is not there."""
        if now is None or before is None or now.value is None or before.value is None:
            return None
        moved = scaled(measure, now.value - before.value)
        key = "level" if abs(moved) < 0.05 else ("up" if moved > 0 else "down")  # noqa: PLR2004 -- written as 0.0
        return self.t(f"change.{key}", size=self.language.figure(f"{abs(moved):.1f}"),
                      before=self.value(measure, before.value))


def estimate_of(rates: Rates, measure: Measure) -> Estimate | None:
    return {Measure.SATISFACTION: rates.satisfaction, Measure.RESPONSE_RATE: rates.response_rate,
            Measure.DISLIKES_PER_ANSWER: rates.dislikes_per_answer}[measure]


def scaled(measure: Measure, value: float) -> float:
    """Percent, or per thousand answers."""
    return value * (PER_THOUSAND if measure is Measure.DISLIKES_PER_ANSWER else 100)


def _signed(value: float) -> str:
    text = f"{abs(value):.1f}"
    return text if text == "0.0" else ("+" if value > 0 else MINUS) + text
