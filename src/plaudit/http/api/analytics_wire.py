"""Numbers as JSON: results -> wire, pure. Rates are fractions of one, but for dislikes: those are per thousand answers,
for they are few."""

from typing import Any

from plaudit.counts import Selection
from plaudit.http import hours
from plaudit.model import Project
from plaudit.statistics.results import (
    Alert,
    Breakdown,
    Comparison,
    Difference,
    Estimate,
    Group,
    Interval,
    Measure,
    Mix,
    Mover,
    Ranked,
    Ranking,
    Rates,
    SampleRatio,
    Series,
)

Json = dict[str, Any]
PER = 1000
MEASURES = {
    Measure.SATISFACTION: "satisfaction",
    Measure.RESPONSE_RATE: "response_rate",
    Measure.DISLIKES_PER_ANSWER: "dislikes_per_thousand",
}


def asked(project: Project, selection: Selection) -> Json:
    """What each answer begins with: of which time and which answers it speaks."""
    zone = project.time_zone
    return {
        "time_zone": zone,
        "since": None if selection.since is None else hours.to_text(selection.since, zone),
        "until": None if selection.until is None else hours.to_text(selection.until, zone),
        "filters": {
            "model": selection.model,
            "prompt_version": selection.prompt_version,
            "arms": dict(selection.arms),
            "locale": selection.locale,
            "platform": selection.platform,
            "auth_level": selection.auth_level and selection.auth_level.value,
            "has_comment": selection.has_comment,
        },
    }


def rates(found: Rates) -> Json:
    return {
        "shown": found.shown,
        "votes": found.votes,
        "likes": found.likes,
        "dislikes": found.dislikes,
        "satisfaction": estimate(found.satisfaction),
        "response_rate": found.response_rate and estimate(found.response_rate),
        "dislikes_per_thousand": found.dislikes_per_answer and estimate(found.dislikes_per_answer, PER),
    }


def estimate(found: Estimate, per: int = 1) -> Json:
    return {
        "value": _times(found.value, per),
        "low": _times(found.low, per),
        "high": _times(found.high, per),
        "numerator": found.numerator,
        "denominator": found.denominator,
        "reliability": found.reliability.value,
    }


def series(found: Series) -> Json:
    return {
        "per": found.per.value,
        "points": [{"start": hours.to_text(point.start, found.time_zone), **rates(point.rates)}
                   for point in found.points],
        "alerts": [alert(each, found.time_zone) for each in found.alerts],
    }


def alert(found: Alert, time_zone: str) -> Json:
    per = per_of(found.measure)
    return {
        "start": hours.to_text(found.start, time_zone),
        "measure": MEASURES[found.measure],
        "direction": found.direction.value,
        "value": found.value * per,
        "expected": found.expected * per,
    }


def breakdown(found: Breakdown) -> Json:
    return {"by": str(found.by), "groups": [group(each) for each in found.groups]}


def group(found: Group) -> Json:
    return {"value": found.value, **rates(found.rates)}


def comparison(found: Comparison) -> Json:
    return {
        "by": str(found.by),
        "margin": found.margin,
        "arms": [group(each) for each in found.arms],
        "differences": [difference(each) for each in found.differences],
        "sample_ratio": found.sample_ratio and sample_ratio(found.sample_ratio),
        "mixes": [mix(each) for each in found.mixes],
    }


def difference(found: Difference) -> Json:
    per = per_of(found.measure)
    return {
        "baseline": found.baseline,
        "arm": found.arm,
        "measure": MEASURES[found.measure],
        "verdict": found.verdict.value,
        "fixed": found.fixed and interval(found.fixed, per),
        "always": found.always and interval(found.always, per),
        "ratio": found.ratio and interval(found.ratio),
        "p_value": found.p_value,
    }


def sample_ratio(found: SampleRatio) -> Json:
    return {
        "expected": list(found.expected),
        "observed": list(found.observed),
        "p_value": found.p_value,
        "mismatch": found.mismatch,
    }


def mix(found: Mix) -> Json:
    per = per_of(found.measure)
    return {
        "dimension": str(found.dimension),
        "arm": found.arm,
        "measure": MEASURES[found.measure],
        "difference": found.difference * per,
        "within": found.within * per,
        "strata": found.strata,
    }


def ranking(found: Ranking) -> Json:
    return {"by": str(found.by), "ranked": [ranked(each) for each in found.ranked]}


def ranked(found: Ranked) -> Json:
    return {
        "value": found.value,
        "rank_low": found.rank_low,
        "rank_high": found.rank_high,
        "simultaneous": found.simultaneous and interval(found.simultaneous),
        "better_than": list(found.better_than),
        **rates(found.rates),
    }


def mover(found: Mover) -> Json:
    return {
        "dimension": str(found.dimension),
        "value": found.value,
        "change": interval(found.change),
        "before": rates(found.before),
        "after": rates(found.after),
    }


def interval(found: Interval, per: int = 1) -> Json:
    return {"value": found.value * per, "low": found.low * per, "high": found.high * per}


def per_of(measure: Measure) -> int:
    return PER if measure is Measure.DISLIKES_PER_ANSWER else 1


def _times(value: float | None, per: int) -> float | None:
    return None if value is None else value * per
