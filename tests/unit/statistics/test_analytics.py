"""The numbers of a project on a real store: each equals what a plain recount of its votes says."""

import random
from collections import Counter
from dataclasses import replace

import identity_provider
import pytest

from plaudit import rules
from plaudit.analytics import Analytics
from plaudit.counts import Attribute, Dimension, Period, Selection
from plaudit.errors import Invalid
from plaudit.model import AuthLevel, Contract, Message, Role, Subject, SubjectKind, Submission, Vote
from plaudit.statistics import ratios
from plaudit.statistics.results import Verdict
from plaudit.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

HOUR = 3_600_000
DAY = 24 * HOUR
BERLIN = "Europe/Berlin"
FIRST = 1_792_792_800_000  # 2026-10-24T00:00:00+02:00; the next day has 25 hours
DAYS = [FIRST, FIRST + DAY, FIRST + 2 * DAY + HOUR, FIRST + 3 * DAY + HOUR]
WHOLE = Selection(since=DAYS[0], until=DAYS[3])
MODEL, GREETING = Dimension(Attribute.MODEL), Dimension(Attribute.ARM, "greeting")
LIKED = {"good": 0.9, "bad": 0.4}
ACME = identity_provider.project(time_zone=BERLIN)


def judged():
    """(message, vote or None): two hundred people, two models' answers to each on each of three days."""
    chance = random.Random(12)
    for number in range(200):
        owner = Subject.of(SubjectKind.VISITOR, f"00000000-0000-4000-8000-{number:012}")
        for day, start in enumerate(DAYS[:3]):
            for model, liked in LIKED.items():
                message = Message(ACME.id, f"{number}-{model}-{day}", f"c-{number}", Role.ASSISTANT, owner,
                                  start + chance.randrange(23) * HOUR, model=model,
                                  prompt_version="v7" if day else "v6",
                                  arms={"greeting": "ab"[number % 2]} if number < 150 else {})
                vote = None if chance.random() < 0.3 else Vote.LIKE if chance.random() < liked else Vote.DISLIKE
                yield message, vote


JUDGED = list(judged())


@pytest.fixture
async def analytics(tmp_path):
    def now():
        return DAYS[3]

    store = await SqliteStore.open(tmp_path / "plaudit.db", rules.decide, now=now, zones={ACME.id: BERLIN})
    await store.register([message for message, _ in JUDGED])
    for message, vote in JUDGED:
        if vote is not None:
            await store.submit(Submission(ACME.id, message.id, message.owner, AuthLevel.SESSION, Contract.HANDAUNCLE,
                                          vote, None, DAYS[3]))
    yield Analytics(store, now=now)
    await store.close()


def recount(chosen=lambda _: True):
    """(shown, likes, dislikes) of those answers."""
    votes = Counter(vote for message, vote in JUDGED if chosen(message))
    return votes.total(), votes[Vote.LIKE], votes[Vote.DISLIKE]


def told(rates):
    return rates.shown, rates.likes, rates.dislikes


async def test_a_summary_is_a_recount(analytics):
    rates = await analytics.summary(ACME, WHOLE)
    shown, likes, dislikes = recount()
    assert told(rates) == (shown, likes, dislikes)
    assert rates.satisfaction.value == likes / (likes + dislikes)
    assert rates.satisfaction.low < rates.satisfaction.value < rates.satisfaction.high


async def test_a_filter_leaves_out_the_rest(analytics):
    rates = await analytics.summary(ACME, replace(WHOLE, model="good", prompt_version="v7"))
    assert told(rates) == recount(lambda each: (each.model, each.prompt_version) == ("good", "v7"))


async def test_by_what_only_votes_have_answers_cannot_be_counted(analytics):
    rates = await analytics.summary(ACME, replace(WHOLE, auth_level=AuthLevel.SESSION))
    assert told(rates) == (None, *recount()[1:])
    assert rates.response_rate is None
    assert (await analytics.summary(ACME, replace(WHOLE, auth_level=AuthLevel.JWT))).shown is None


async def test_groups_add_up_to_the_whole_and_each_is_what_a_filter_says(analytics):
    found = await analytics.breakdown(ACME, WHOLE, MODEL)
    assert {each.value: told(each.rates) for each in found.groups} == {
        model: recount(lambda each, model=model: each.model == model) for model in LIKED}
    for group in found.groups:
        assert group.rates == await analytics.summary(ACME, replace(WHOLE, model=group.value))


async def test_days_are_the_project_s_also_one_of_25_hours(analytics):
    found = await analytics.series(ACME, WHOLE, Period.DAY)
    assert [point.start for point in found.points] == DAYS[:3]
    assert [told(point.rates) for point in found.points] == [
        recount(lambda each, day=day: each.id.endswith(f"-{day}")) for day in range(3)]
    assert found.time_zone == BERLIN


async def test_hours_without_answers_are_points_too(analytics):
    found = await analytics.series(ACME, WHOLE, Period.HOUR)
    assert len(found.points) == 73
    assert sum(point.rates.shown for point in found.points) == recount()[0]
    assert any(point.rates.shown == 0 for point in found.points)


async def test_the_better_model_is_better(analytics):
    found = await analytics.compare(ACME, WHOLE, MODEL, ["bad", "good"])
    assert [each.value for each in found.arms] == ["bad", "good"]
    assert found.differences[0].verdict is Verdict.BETTER
    assert found.differences[0].fixed.value == pytest.approx(
        found.arms[1].rates.satisfaction.value - found.arms[0].rates.satisfaction.value)
    assert (found.sample_ratio, found.mixes, found.margin) == (None, (), 0.02)


async def test_of_an_experiment_the_assignment_is_checked(analytics):
    found = await analytics.compare(ACME, WHOLE, GREETING, [])
    assert {each.value for each in found.arms} == {"a", "b"}
    assert found.sample_ratio.expected == (0.5, 0.5)
    assert not found.sample_ratio.mismatch


async def test_who_is_in_no_arm_of_an_experiment_is_no_arm_unless_named(analytics):
    found = await analytics.compare(ACME, WHOLE, GREETING, [])
    assert {each.value for each in found.arms} == {"a", "b"}
    assert found.sample_ratio.expected == (0.5, 0.5)
    found = await analytics.compare(ACME, WHOLE, GREETING, ["a", None])
    assert [each.value for each in found.arms] == ["a", None]


@pytest.mark.parametrize(("arms", "more"), [
    (["good"], {}), (["good", "good"], {}), (["good", "unheard-of"], {}), (["good", None], {}),
    (["good", "bad"], {"margin": 0}), (["good", "bad"], {"margin": 0.6}), ([], {"expected": [1, 1]}),
    (["good", "bad"], {"expected": [1]}), (["good", "bad"], {"expected": [1, 0]}),
    (["good", "bad"], {"expected": [1, float("inf")]}),
])
async def test_what_cannot_be_compared_is_said(analytics, arms, more):
    with pytest.raises(Invalid):
        await analytics.compare(ACME, WHOLE, MODEL, arms, **more)


async def test_a_ranking_names_the_better_first(analytics):
    found = await analytics.ranking(ACME, WHOLE, MODEL)
    assert [(each.value, each.better_than) for each in found.ranked] == [("good", ("bad",)), ("bad", ())]


async def test_an_overview_says_what_the_others_say(analytics):
    last = Selection(since=DAYS[2], until=DAYS[3])
    found = await analytics.overview(ACME, last)
    assert found.rates == await analytics.summary(ACME, last)
    assert found.series.points == (await analytics.series(ACME, last, Period.DAY)).points
    assert told(found.before) == recount(lambda each: DAYS[2] - DAY <= each.created_at < DAYS[2])
    assert found.movers == ()


async def test_without_a_beginning_there_is_no_time_before(analytics):
    found = await analytics.overview(ACME, Selection())
    assert found.before is None
    assert told(found.rates) == recount()
    assert [point.start for point in found.series.points] == DAYS  # as far as to now


async def test_where_nothing_was_there_is_nothing(analytics):
    found = await analytics.overview(ACME, Selection(since=DAYS[0] - 3 * DAY, until=DAYS[0]))
    assert told(found.rates) == (0, 0, 0)
    assert len(found.series.points) == 3
    assert (await analytics.ranking(ACME, Selection(until=DAYS[0]), MODEL)).ranked == ()


async def test_dimensions_are_those_that_answers_have(analytics):
    found = await analytics.dimensions(ACME.id)
    assert set(found[MODEL]) == set(LIKED)
    assert found[GREETING] == ["a", "b"]


def test_the_nothing_of_statistics_is_the_nothing_of_storage():
    assert ratios.rates(ratios.nothing()).votes == 0
