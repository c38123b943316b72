"""Totals say what the votes say: whatever was voted, changed and removed, folded or not, however one asks."""

import asyncio
import random
from dataclasses import replace

import pytest
from counting import by_hand, fold_all, wrong_totals
from examples import ANNA, BORIS, DAY, DISLIKE, GUEST, HOUR, LIKE, NOW, VISITOR, Clock, a_message, a_vote
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger import Ledger

from plaudit.counts import BUCKETS, Attribute, Counted, Dimension, Grouping, Period, Selection
from plaudit.errors import Invalid
from plaudit.model import AuthLevel, Role, Subject, Vote
from plaudit.rules import decide
from plaudit.store.plans import Ask
from plaudit.store.postgres import PostgresStore
from plaudit.store.rows import to_json
from plaudit.store.sqlite import SqliteStore
from plaudit.store.tally import answer_of, bucket_of, cell_bindings, cell_id, cell_of

pytestmark = pytest.mark.anyio

EVERYTHING = Selection()
REASON = Dimension(Attribute.REASON)
MODEL, ARM, LEVEL = Dimension(Attribute.MODEL), Dimension(Attribute.ARM, "greeting"), Dimension(Attribute.AUTH_LEVEL)
TOTAL = Grouping()


async def sums(store, selection=EVERYTHING, grouping=TOTAL, project_id="acme"):
    """Values -> shown, likes, dislikes, of all buckets together; None where it cannot be said."""
    [found] = await store.counts(project_id, selection, [grouping])
    return {it.values or it.start: (it.counts.shown and sum(it.counts.shown), sum(it.counts.likes),
                                    sum(it.counts.dislikes)) for it in found}


async def total(store, selection=EVERYTHING, project_id="acme"):
    return (await sums(store, selection, project_id=project_id)).get(None, (0, 0, 0))


@pytest.fixture(params=[False, True], ids=["not folded", "folded"])
def settled(request):
    """Whatever was counted is folded, or waits for it; nobody can tell."""
    async def settle(store):
        if request.param:
            await fold_all(store)

    return settle


# ---------------------------------------------------------------- one answer


async def test_nothing_is_counted_in_an_empty_database(store):
    assert await store.counts("acme", EVERYTHING, [TOTAL, Grouping((MODEL,), Period.DAY)]) == [[], []]
    assert await store.dimensions("acme") == {}
    assert await store.fold() is False


async def test_an_answer_is_counted_once_and_its_vote_as_it_stands(store, settled):
    """Shown, liked, disliked, with a comment or without, taken back and given again."""
    for times in range(2):
        await store.register([a_message()])
        await settled(store)
        assert await total(store) == (1, 0, 0), times
    for vote, comment, expected in [
        (LIKE, None, (1, 1, 0)), (LIKE, None, (1, 1, 0)), (DISLIKE, None, (1, 0, 1)), (DISLIKE, "why", (1, 0, 1)),
        (DISLIKE, "", (1, 0, 1)), (None, None, (1, 0, 0)), (None, None, (1, 0, 0)), (LIKE, "", (1, 1, 0)),
    ]:
        await store.submit(a_vote(vote=vote, comment=comment))
        await settled(store)
        assert await total(store) == expected
        assert await wrong_totals(store) == []


async def test_what_is_refused_is_not_counted(store, settled):
    await store.register([a_message(), a_message("m-2", conversation_id="c-1", owner=BORIS)])
    for refused in (a_vote(subject=BORIS), a_vote("unknown")):
        await asyncio.gather(store.submit(refused), return_exceptions=True)
    await settled(store)
    assert await total(store) == (1, 0, 0)


@pytest.mark.parametrize("role", [Role.USER, Role.HUMAN_AGENT])
async def test_only_what_a_model_said_is_counted(store, settled, role):
    """A person's answer may be voted on, and counts nowhere."""
    await store.register([a_message(role=role, model="gpt-x")])
    await asyncio.gather(store.submit(a_vote(vote=DISLIKE, comment="rude")), return_exceptions=True)
    await settled(store)
    assert await total(store) == (0, 0, 0)
    assert await store.dimensions("acme") == {}


async def test_a_vote_moves_between_its_places(store, settled):
    """How the voter was known and whether there is a comment are the standing vote's."""
    await store.register([a_message()])
    for level, comment in [(AuthLevel.JWT, None), (AuthLevel.SESSION, None), (AuthLevel.SESSION, "a"),
                           (AuthLevel.JWT, "a"), (AuthLevel.JWT, None)]:
        await store.submit(a_vote(auth_level=level, comment=comment))
        await settled(store)
        assert await sums(store, grouping=Grouping((LEVEL,))) == {(level.value,): (None, 1, 0)}
        for other in AuthLevel:
            assert await total(store, Selection(auth_level=other)) == ((None, 1, 0) if other is level else (0, 0, 0))
        for commented in (False, True):
            expected = (None, 1, 0) if commented == (comment is not None) else (0, 0, 0)
            assert await total(store, Selection(has_comment=commented)) == expected
    assert await wrong_totals(store) == []


async def test_votes_of_one_person_in_one_commit_are_counted_as_the_last_one_stands(store, settled):
    await store.register([a_message()])
    asked = [a_vote(vote=vote, comment=comment) for vote in (LIKE, DISLIKE, None) for comment in ("a", None)]
    await asyncio.gather(*(store.submit(vote) for vote in asked * 4), store.submit(a_vote(vote=DISLIKE, comment="b")))
    standing = (await store.history("acme", "m-1"))[-1]
    await settled(store)
    assert await total(store) == (1, int(standing.vote == LIKE), int(standing.vote == DISLIKE))
    assert await wrong_totals(store) == []


async def test_projects_are_counted_apart(store, settled):
    ids = ["acme", "acme2", "ac%", "'; --", "é", "e\u0301", "{}", "A", ":project_id", "$1"]
    for number, project_id in enumerate(ids):
        await store.register([a_message(f"m-{n}", project_id=project_id, model=f"of {project_id}")
                              for n in range(number + 1)])
        await store.submit(a_vote("m-0", project_id=project_id))
    await settled(store)
    for number, project_id in enumerate(ids):
        assert await total(store, project_id=project_id) == (number + 1, 1, 0)
        assert await store.dimensions(project_id) == {MODEL: [f"of {project_id}"]}
    assert await total(store, project_id="globex") == (0, 0, 0)


# ---------------------------------------------------------------- people


async def test_a_person_is_always_in_the_same_bucket(store):
    """For ever: these numbers are what databases hold. And people are spread over all of them."""
    assert [bucket_of(it.key) for it in (ANNA, BORIS, GUEST, VISITOR)] == [41, 7, 6, 1]
    people = [Subject.user("https://tenant.example/", f"auth0|{n}") for n in range(500)]
    await store.register([a_message(f"m-{n}", owner=it, conversation_id=f"c-{n}") for n, it in enumerate(people)])
    await asyncio.gather(*(store.submit(a_vote(f"m-{n}", subject=it, vote=(LIKE, DISLIKE)[n % 2]))
                           for n, it in enumerate(people)))
    [[found]] = await store.counts("acme", EVERYTHING, [TOTAL])
    shown = [sum(bucket_of(it.key) == bucket for it in people) for bucket in range(BUCKETS)]
    likes = [sum(bucket_of(it.key) == bucket for it in people[::2]) for bucket in range(BUCKETS)]
    assert (list(found.counts.shown), list(found.counts.likes)) == (shown, likes)
    assert list(found.counts.dislikes) == [all_of - liked for all_of, liked in zip(shown, likes, strict=True)]
    assert min(shown) > 0


async def test_numbers_of_any_size_are_kept(store, settled):
    """One, two and four bytes a number, and back to none."""
    for size in (255, 256, 65_535, 65_536):
        await store._write(_add_likes, size, ANNA.key)
        await settled(store)
        [[found]] = await store.counts("acme", EVERYTHING, [TOTAL])
        assert found.counts.likes[bucket_of(ANNA.key)] == sum(found.counts.likes) == size
        await store._write(_add_likes, -size, ANNA.key)
        await settled(store)
        assert await total(store) == (0, 0, 0)


def _add_likes(count, subject):
    """What as many votes would have added, of one person."""
    cell = cell_of(answer_of(a_message()))
    yield Ask("make_cell_known", cell_bindings("acme", cell))
    changes = [("acme", NOW, cell_id(cell), "jwt", False, [bucket_of(subject), 0, count, 0])]
    yield Ask("add_changes", {"id": random.getrandbits(60), "changes": to_json(changes)})


# ---------------------------------------------------------------- what one can ask for


models = st.sampled_from([None, "", "gpt-x", "gpt-y", "é"])
arms = st.dictionaries(st.sampled_from(["greeting", "tone", "é"]), st.sampled_from(["a", "b", ""]), max_size=2)
FIRST = 1_793_318_400_000  # 2026-10-30T00:00:00Z; two days later New York's clocks are put back
instants = st.integers(0, 9 * DAY // (15 * 60_000)).map(lambda quarter: FIRST + quarter * 15 * 60_000)
whole_hours = st.integers(0, 9 * 24).map(lambda hour: FIRST + hour * HOUR)
people = st.sampled_from([ANNA, BORIS, GUEST, VISITOR])
answers = st.tuples(people, instants, models, st.sampled_from([None, "v1", "v2"]), arms,
                    st.sampled_from([None, "de", "en-GB"]), st.sampled_from([None, "ios"]),
                    st.sampled_from([Role.ASSISTANT] * 4 + [Role.HUMAN_AGENT]))
said = st.tuples(st.integers(0, 39), st.sampled_from([*Vote, None]), st.none() | st.just("a comment"),
                 st.sampled_from(AuthLevel), st.sampled_from([(), (), ("old",), ("old", "odd")]))
dimensions = st.sampled_from([MODEL, ARM, LEVEL, Dimension(Attribute.PROMPT_VERSION), Dimension(Attribute.LOCALE),
                              Dimension(Attribute.PLATFORM), Dimension(Attribute.ARM, "nobody's"), REASON])
splits = st.lists(dimensions, max_size=2, unique=True).filter(lambda by: not {LEVEL, REASON} <= set(by)).map(tuple)
groupings = st.lists(st.builds(Grouping, splits, st.none() | st.sampled_from(Period)), min_size=1, max_size=4)
maybe = st.none


def selections(begins):
    return st.builds(Selection, since=maybe() | begins, until=maybe() | begins, model=maybe() | st.sampled_from(
        ["", "gpt-x", "é", "unknown"]), prompt_version=maybe() | st.sampled_from(["", "v1"]),
        arms=st.just({}) | st.dictionaries(st.sampled_from(["greeting", "x"]), st.sampled_from(["", "a"]), max_size=1),
        locale=maybe() | st.just("de"), platform=maybe() | st.just(""),
        auth_level=maybe() | st.sampled_from(AuthLevel), has_comment=maybe() | st.booleans())


ZONES = {"acme": "America/New_York", "globex": "Asia/Kolkata"}
BEGINS = {"acme": whole_hours, "globex": whole_hours.map(lambda it: it + HOUR // 2), "umbrella": whole_hours}


async def fill(store, ledger, shown, votes):
    """The same messages in each project."""
    messages = [a_message(f"m-{n}", conversation_id=f"c-{owner.key}", owner=owner, created_at=at, model=model,
                          prompt_version=version, arms=arms, locale=locale, platform=platform, role=role)
                for n, (owner, at, model, version, arms, locale, platform, role) in enumerate(shown)]
    for project_id in BEGINS:
        own = [replace(message, project_id=project_id) for message in messages]
        await store.register(own)
        for message in own:
            ledger.register(message)
    for number, vote, comment, level, reasons in votes:
        if number < len(messages):
            for project_id in BEGINS:
                changed = await store.submit(a_vote(
                    f"m-{number}", project_id=project_id, subject=messages[number].owner, auth_level=level, vote=vote,
                    comment=comment, reasons=reasons if vote else ()))
                ledger.changes += [changed] if changed else []


def asks_for_kinds(selection):
    return selection.auth_level is not None or selection.has_comment is not None


async def ask_everything(opened, case, asked):
    ledger = Ledger()
    store = await opened()
    try:
        shown, votes, folds = case
        await fill(store, ledger, shown[:len(shown) // 2], [])
        for _ in range(folds):
            await store.fold()
        await fill(store, ledger, shown, votes)
        for project_id, (selection, splits) in asked.items():
            zone = ZONES.get(project_id, "UTC")
            wanted = [it for it in splits if REASON not in it.by or not asks_for_kinds(selection)]
            found = await store.counts(project_id, selection, wanted)
            assert found == [by_hand(ledger, project_id, selection, it, zone) for it in wanted], (selection, wanted)
        assert await wrong_totals(store, ZONES) == []
    finally:
        await store.close()


cases = st.tuples(st.lists(answers, max_size=40), st.lists(said, max_size=40), st.integers(0, 2))
asked = st.fixed_dictionaries({project_id: st.tuples(selections(begins), groupings)
                               for project_id, begins in BEGINS.items()})


def test_counts_are_what_is_counted_by_hand(tmp_path_factory):
    """Random answers, votes, selections and groupings, in three time zones; folded in part."""
    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases, asked)
    def check(case, wanted):
        path = tmp_path_factory.mktemp("totals") / "plaudit.db"
        asyncio.run(ask_everything(
            lambda: SqliteStore.open(path, decide, now=Clock(), zones=ZONES), case, wanted))

    check()


def test_so_they_are_on_postgres(postgres, postgres_url):
    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases, asked)
    def check(case, wanted):
        postgres.empty_database(postgres_url)
        asyncio.run(ask_everything(
            lambda: PostgresStore.open(postgres_url, decide, now=Clock(), zones=ZONES), case, wanted))

    check()


async def test_a_vote_is_in_the_group_of_each_of_its_reasons(store, settled):
    """And of none that it has no longer."""
    await store.register([a_message(), a_message("m-2")])
    await store.submit(a_vote(vote=DISLIKE, reasons=("old", "odd")))
    await store.submit(a_vote("m-2", vote=DISLIKE, reasons=("odd",)))
    await settled(store)
    assert await sums(store, grouping=Grouping((REASON,))) == {("odd",): (None, 0, 2), ("old",): (None, 0, 1)}
    await store.submit(a_vote(vote=DISLIKE, reasons=("old",)))
    await store.submit(a_vote("m-2", vote=LIKE))
    await settled(store)
    assert await sums(store, grouping=Grouping((REASON,))) == {("old",): (None, 0, 1)}
    assert await total(store) == (2, 1, 1)


@pytest.mark.parametrize(("selection", "by"), [
    (Selection(auth_level=AuthLevel.JWT), (REASON,)), (Selection(has_comment=True), (REASON, MODEL)),
    (EVERYTHING, (REASON, LEVEL)),
])
async def test_reasons_are_not_told_apart_by_how_a_vote_was_made(store, selection, by):
    with pytest.raises(Invalid, match="reason"):
        await store.counts("acme", selection, [Grouping(by)])


async def test_several_groupings_are_of_one_moment(store, settled):
    """They add up to each other."""
    await store.register([a_message(f"m-{n}", model=f"model-{n % 3}", created_at=NOW + n * HOUR) for n in range(50)])
    await settled(store)
    whole, by_model, by_day, by_both = await store.counts("acme", EVERYTHING, [
        TOTAL, Grouping((MODEL,)), Grouping(per=Period.DAY), Grouping((MODEL,), Period.HOUR)])
    for split in (by_model, by_day, by_both):
        assert [sum(column) for column in zip(*(it.counts.shown for it in split), strict=True)] == list(
            whole[0].counts.shown)


async def test_a_window_is_of_whole_hours(store):
    """Of the project's own zone."""
    for selection in (Selection(since=NOW + 1), Selection(until=NOW - 1), Selection(since=NOW + HOUR // 2)):
        with pytest.raises(Invalid, match="must be the beginning of an hour in the project's time zone, UTC"):
            await store.counts("acme", selection, [TOTAL])


async def test_a_window_that_ends_before_it_begins_is_empty(store, settled):
    await store.register([a_message()])
    await settled(store)
    assert await total(store, Selection(since=NOW + DAY, until=NOW - DAY)) == (0, 0, 0)
    assert await total(store, Selection(since=NOW, until=NOW)) == (0, 0, 0)
    assert await total(store, Selection(since=NOW, until=NOW + HOUR)) == (1, 0, 0)


async def test_dimensions_are_what_answers_were_told_apart_by(store):
    await store.register([
        a_message("m-1", model="b", arms={"greeting": "formal", "tone": "x"}),
        a_message("m-2", model="a", locale="de", arms={"greeting": "casual"}),
        a_message("m-3", role=Role.HUMAN_AGENT, platform="ios"),
        a_message("m-4", project_id="globex", prompt_version="v9")])
    assert await store.dimensions("acme") == {
        ARM: ["casual", "formal"], Dimension(Attribute.ARM, "tone"): ["x"], Dimension(Attribute.LOCALE): ["de"],
        MODEL: ["a", "b"]}


async def test_arms_are_the_same_in_whatever_order_they_come(store, settled):
    await store.register([a_message("m-1", arms={"a": "1", "b": "2"}), a_message("m-2", arms={"b": "2", "a": "1"})])
    await settled(store)
    [cells] = await store.counts("acme", EVERYTHING, [Grouping((Dimension(Attribute.ARM, "a"),))])
    assert cells == [Counted(("1",), None, cells[0].counts)]
    assert await total(store, Selection(arms={"b": "2", "a": "1"})) == (2, 0, 0)
    assert await wrong_totals(store) == []


@pytest.mark.parametrize("created_at", [0, -1, -(2**53), 2**53, 253_402_300_799_999])
async def test_a_clock_that_is_wrong_keeps_no_answer_out(store, settled, created_at):
    """It is counted at its time, and where all time is asked for."""
    await store.register([a_message(created_at=created_at)])
    await store.submit(a_vote())
    await settled(store)
    assert await total(store) == (1, 1, 0)
    assert await total(store, Selection(since=NOW)) == ((1, 1, 0) if created_at > NOW else (0, 0, 0))
    assert await wrong_totals(store) == []
