"""Numbers and judgements as sentences."""

# ruff: noqa: RUF001 -- dashes, minus signs and letters as people read them

import pytest

from plaudit.counts import Attribute, Dimension, Period
from plaudit.http.dashboard.languages import language
from plaudit.http.dashboard.words import Words
from plaudit.statistics.results import (
    Alert,
    Difference,
    Direction,
    Estimate,
    Interval,
    Measure,
    Ranked,
    Rates,
    Reliability,
    Verdict,
)

EVENING = 1_795_645_800_000  # 25 November 2026, 22:30 UTC
ENGLISH = Words(language("en"), "UTC")
MADRID = Words(language("en"), "Europe/Madrid")
SURE = Estimate(0.711, 0.684, 0.739, 1204, 1693, Reliability.GOOD)


def difference(verdict, always, measure=Measure.SATISFACTION):
    return Difference("v6", "v7", measure, None, always, None, None, verdict)


def test_a_number_explains_itself():
    assert ENGLISH.explained(Measure.SATISFACTION, SURE) == (
        "1,204 of 1,693 votes are likes: 71.1%. With 95% certainty the true value lies between 68.4% and 73.9%; "
        "people, not votes, are counted for that.")


@pytest.mark.parametrize(("estimate", "part"), [
    (None, "cannot be said under the filter"),
    (Estimate(None, None, None, 0, 0, Reliability.WITHHELD), "Nobody has voted"),
    (Estimate(1.0, None, None, 2, 2, Reliability.WITHHELD), "no honest interval can be given"),
    (Estimate(0.5, 0.1, 0.9, 5, 10, Reliability.FEW), "this may be too narrow"),
])
def test_what_is_not_known_is_said(estimate, part):
    assert part in ENGLISH.explained(Measure.SATISFACTION, estimate)


def test_dislikes_are_read_out_per_thousand():
    estimate = Estimate(0.0276, 0.0208, 0.0364, 411, 14907, Reliability.GOOD)
    assert ENGLISH.value(Measure.DISLIKES_PER_ANSWER, estimate.value) == "27.6"
    assert ENGLISH.range(Measure.DISLIKES_PER_ANSWER, estimate) == "20.8–36.4"
    assert ENGLISH.range(Measure.SATISFACTION, SURE) == "68.4–73.9%"


@pytest.mark.parametrize(("found", "sentence"), [
    (difference(Verdict.BETTER, Interval(0.041, 0.012, 0.07)),
     "People are happier with v7 than with v6: by 4.1 points, and with 95% certainty by 1.2 to 7.0."),
    (difference(Verdict.WORSE, Interval(-0.041, -0.07, -0.012)),
     "People are less happy with v7 than with v6: by 4.1 points, and with 95% certainty by 1.2 to 7.0."),
    (difference(Verdict.SAME, Interval(0.001, -0.01, 0.012)),
     "v7 and v6 are equally good, as far as 2 points are concerned: the difference lies between −1.0 and +1.2."),
    (difference(Verdict.OPEN, Interval(0.0, -0.1, 0.1)),
     "v7 against v6 cannot be told yet: the difference lies between −10.0 and +10.0. More votes will narrow it down."),
    (difference(Verdict.WITHHELD, None), "Too few people voted on v7 or v6 for a judgement."),
    (difference(Verdict.BETTER, Interval(-0.01, -0.02, -0.005), Measure.DISLIKES_PER_ANSWER),
     "v7 draws fewer dislikes than v6: 10.0 fewer per thousand answers, and with 95% certainty 5.0 to 20.0."),
])
def test_a_verdict_is_a_sentence(found, sentence):
    assert ENGLISH.verdict(found, 0.02) == sentence


@pytest.mark.parametrize("code", ["en", "ar"])
@pytest.mark.parametrize("measure", list(Measure))
@pytest.mark.parametrize("verdict", list(Verdict))
def test_there_is_a_sentence_for_every_verdict_in_every_language(code, measure, verdict):
    assert Words(language(code), "UTC").verdict(difference(verdict, Interval(0.1, 0.05, 0.2), measure), 0.02)


@pytest.mark.parametrize("code", ["en", "ar"])
@pytest.mark.parametrize("measure", list(Measure))
@pytest.mark.parametrize("direction", list(Direction))
def test_there_is_a_sentence_for_every_alert_and_every_number(code, measure, direction):
    words = Words(language(code), "UTC")
    assert words.alerted(Alert(EVENING, measure, direction, 0.5, 0.7), Period.DAY)
    assert words.explained(measure, SURE)
    assert words.explained(measure, Estimate(None, None, None, 0, 0, Reliability.WITHHELD))


def test_a_rank_is_a_sentence():
    rates = Rates(2000, 1693, 1204, 489, SURE, None, None)
    assert ENGLISH.in_words(Ranked("gpt-4", rates, Interval(0.711, 0.65, 0.77), 1, 4, ("a", "b")), 9) == (
        "gpt-4: 1,204 of 1,693 votes are likes, 71.1%. All rows considered together it lies between 65.0–77.0%, "
        "and its rank among 9 is between 1 and 4; it is certainly better than 2 of them.")
    assert "cannot be ranked" in ENGLISH.in_words(Ranked(None, rates, None, 1, 9, ()), 9)


def test_times_are_the_projects_own():
    assert ENGLISH.moment(EVENING) == "25 Nov 2026, 22:30"
    assert MADRID.moment(EVENING) == "25 Nov 2026, 23:30"
    assert Words(language("en"), "Asia/Tokyo").period(EVENING, Period.DAY) == "Thu, 26 Nov 2026"
    assert MADRID.iso(EVENING) == "2026-11-25T23:30+01:00"


def test_an_arabic_date_reads_from_the_right():
    assert Words(language("ar"), "UTC").period(EVENING, Period.DAY) == "الأربعاء 25 نوفمبر 2026"


def test_a_dimension_has_its_name():
    assert [ENGLISH.dimension(one) for one in (Dimension(Attribute.MODEL), Dimension(Attribute.ARM, "greeting"))] == [
        "Model", "Arm of greeting"]
