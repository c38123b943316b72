"""A measure that leaves what was expected is told once; one that only fluctuates is not."""

import numpy as np
import pytest

from plaudit.counts import BUCKETS, Attribute, Counts, Dimension, Period
from plaudit.statistics import trends
from plaudit.statistics.results import Direction, Measure

DAYS, PEOPLE, WORLDS = 228, 400, 60
PROMPT = Dimension(Attribute.PROMPT_VERSION)
BEFORE = trends.BASELINE[Period.DAY]
DAY = 86_400_000


def days(chance, satisfaction, *, people=PEOPLE):
    """`satisfaction`: one a day. People have leanings, and come as often as they do; one answer in three is judged."""
    where = np.eye(BUCKETS)[chance.integers(0, BUCKETS, people)]
    often = np.minimum(30, 0.4 * chance.random(people) ** (-1 / 1.3))
    leaning = np.log(1 / chance.beta(2.8, 1.2, people).clip(0.02, 0.98) - 1)
    shift = np.log(satisfaction / (1 - satisfaction)) - np.log(0.7 / 0.3)
    shown = chance.poisson(often, (len(satisfaction), people))
    votes = chance.binomial(shown, 1 / 3)
    likes = chance.binomial(votes, 1 / (1 + np.exp(leaning - shift[:, None])))
    by_bucket = [(each @ where).astype(int).tolist() for each in (shown, likes, votes - likes)]
    return [(number * DAY, Counts(*map(tuple, each))) for number, each in enumerate(zip(*by_bucket, strict=True))]


@pytest.mark.parametrize("wobble", [0, 0.15])
def test_false_alarms_are_as_rare_as_they_are_said_to_be(wobble):
    """Of periods in which nothing happens, for each measure; also where days differ from each other by themselves."""
    chance, found = np.random.default_rng(7), 0
    for _ in range(WORLDS):
        wobbling = 1 / (1 + np.exp(-np.log(7 / 3) - wobble * chance.standard_normal(DAYS)))
        found += len(trends.alerts(days(chance, wobbling), Period.DAY, earlier=BEFORE))
    looked_at = WORLDS * (DAYS - BEFORE) * len(trends.MEASURES)
    assert found / looked_at <= trends.FALSE_ALARM


def test_a_drop_is_told_once_on_the_day_that_it_happens():
    seen = []
    for seed in range(20):
        course = np.where(np.arange(70) < 60, 0.75, 0.45)
        found = trends.alerts(days(np.random.default_rng(seed), course, people=2000), Period.DAY, earlier=BEFORE)
        seen.append([(each.start // DAY, each.measure, each.direction) for each in found])
    first = [(60, Measure.SATISFACTION, Direction.DOWN), (60, Measure.DISLIKES_PER_ANSWER, Direction.UP)]
    assert sum(set(first) <= set(each) for each in seen) >= 18


def test_an_alert_says_what_was_and_what_was_expected():
    timed = [(number, even(70 + number % 3, 30)) for number in range(30)] + [(30, even(30, 71))]
    [satisfaction, dislikes] = trends.alerts(timed, Period.DAY, earlier=BEFORE, dimension=PROMPT, group="v7")
    assert (satisfaction.measure, satisfaction.direction) == (Measure.SATISFACTION, Direction.DOWN)
    assert satisfaction.value == pytest.approx(30 / 101)
    assert satisfaction.expected == pytest.approx(0.7, abs=0.01)
    assert (dislikes.measure, dislikes.direction, dislikes.start) == (Measure.DISLIKES_PER_ANSWER, Direction.UP, 30)
    assert (satisfaction.dimension, satisfaction.group) == (PROMPT, "v7")


def test_what_was_always_so_is_no_news():
    timed = [(number, even(30, 70)) for number in range(60)]
    assert trends.alerts(timed, Period.DAY, earlier=BEFORE) == []


@pytest.mark.parametrize(("before", "after", "direction"), [
    ((100, 0), (30, 70), Direction.DOWN), ((0, 100), (70, 30), Direction.UP)])
def test_what_was_spotless_may_be_spoilt(before, after, direction):
    """Where nothing ever varied, no day is expected to; the closer look decides."""
    timed = [(number, even(*before)) for number in range(30)] + [(30, even(*after))]
    found = trends.alerts(timed, Period.DAY, earlier=BEFORE)
    assert (found[0].measure, found[0].direction) == (Measure.SATISFACTION, direction)
    one_more = [(number, even(*before)) for number in range(30)] + [(30, even(before[0] or 1, before[1] or 1))]
    assert trends.alerts(one_more, Period.DAY, earlier=BEFORE) == []


def test_with_too_few_periods_to_expect_by_nothing_is_told():
    timed = [(number, even(70, 30)) for number in range(trends.BASELINE_MIN - 1)] + [(30, even(30, 70))]
    assert trends.alerts(timed, Period.DAY) == []


def test_one_angry_person_is_no_trend():
    """Who votes two hundred times in a day is one bucket of sixty-four."""
    calm = even(70, 30)
    angry = Counts((900, *calm.shown[1:]), calm.likes, (900, *calm.dislikes[1:]))
    timed = [(number, even(70 + number % 3, 30)) for number in range(30)] + [(30, angry)]
    assert trends.alerts(timed, Period.DAY, earlier=BEFORE) == []


def test_periods_without_anything_are_points_too():
    [point] = trends.points([(5, Counts((0,) * BUCKETS, (0,) * BUCKETS, (0,) * BUCKETS))])
    assert (point.start, point.rates.votes, point.rates.satisfaction.value) == (5, 0, None)


def even(likes, dislikes):
    """So many of each, dealt out over the buckets; a thousand shown."""
    def spread(number):
        return tuple(number // 4 + (place % 4 < number % 4) for place in range(BUCKETS))
    return Counts((100,) * BUCKETS, spread(likes), spread(dislikes))
