"""The queue of votes to review: what stands in it and in what order, how it is narrowed down, what is said of it."""

import asyncio
from dataclasses import replace

import pytest
from examples import ANNA, BORIS, DISLIKE, GUEST, LIKE, NOW, Clock, a_message, a_vote
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger import Ledger

from plaudit.deeds import Review, ReviewFilter
from plaudit.errors import Conflict, Invalid, NotFound
from plaudit.model import AuthLevel, Role, Vote
from plaudit.rules import decide
from plaudit.store import reviewing
from plaudit.store.postgres import PostgresStore
from plaudit.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

WRONG = Review("wrong", "The refund takes ten days, not two.", "anna@support", NOW)
FINE = Review("fine", None, "boris@support", NOW + 1)
ALL = ReviewFilter(reviewed=None)


async def queue(store, wanted=ALL, project_id="acme", limit=100):
    """Every page of it."""
    page = await store.review_queue(project_id, wanted, limit=limit, cursor=None)
    items = [*page.items]
    while page.cursor:
        page = await store.review_queue(project_id, wanted, limit=limit, cursor=page.cursor)
        items += page.items
    return items


async def ids(store, wanted=ALL, project_id="acme"):
    return [item.rated.message.id for item in await queue(store, wanted, project_id)]


async def answered(store, *message_ids, **changes):
    await store.register([a_message(message_id, **changes) for message_id in message_ids])


# ---------------------------------------------------------------- what stands in it


async def test_what_says_most_comes_first_and_of_that_the_newest(store):
    """Dislikes with a comment, dislikes without, likes with a comment; a bare like is not worth a look."""
    await answered(store, *(f"m-{n}" for n in range(8)))
    for n, (vote, comment) in enumerate([(LIKE, None), (LIKE, "good"), (DISLIKE, None), (DISLIKE, "bad")] * 2):
        await store.submit(a_vote(f"m-{n}", vote=vote, comment=comment))
    assert await ids(store) == ["m-7", "m-3", "m-6", "m-2", "m-5", "m-1"]


async def test_a_vote_that_changes_moves_and_one_that_goes_leaves(store):
    await answered(store, "m-1", "m-2", "m-3")
    for message_id in ("m-1", "m-2", "m-3"):
        await store.submit(a_vote(message_id, vote=DISLIKE))
    await store.submit(a_vote("m-2", vote=DISLIKE, comment="and slow"))
    assert await ids(store) == ["m-2", "m-3", "m-1"]
    await store.submit(a_vote("m-3", vote=LIKE))
    await store.submit(a_vote("m-1", vote=None))
    assert await ids(store) == ["m-2"]


async def test_an_entry_is_the_vote_as_it_stands_and_the_answer_as_it_was_shown(store):
    shown = a_message(model="gpt-x", content="Two days.", trace_id="0af7651916cd43dd8448eb211c80319c")
    await store.register([shown])
    stored = await store.submit(a_vote(vote=DISLIKE, comment="It took ten."))
    [item] = await queue(store)
    assert (item.rated.message, item.rated.feedback, item.review) == (shown, stored, None)


async def test_a_persons_words_are_worth_a_look_as_well_as_a_models(store):
    """Only numbers are of what models said."""
    await answered(store, "m-1", role=Role.HUMAN_AGENT)
    await store.submit(a_vote(vote=DISLIKE))
    assert await ids(store) == ["m-1"]


async def test_several_votes_of_one_commit_stand_as_the_last_one_does(store):
    await answered(store, "m-1", "m-2")
    await asyncio.gather(*(store.submit(a_vote(message_id, vote=vote, comment=comment)) for message_id in ("m-1", "m-2")
                           for vote, comment in [(DISLIKE, "bad"), (LIKE, None), (DISLIKE, "worse"), (DISLIKE, None)]))
    assert sorted(await ids(store)) == ["m-1", "m-2"]
    assert await ids(store, replace(ALL, search="worse")) == []


# ---------------------------------------------------------------- what is said of it


async def test_a_review_is_kept_beside_the_vote_and_takes_it_out_of_the_queue(store):
    await answered(store, "m-1", "m-2")
    votes = [await store.submit(a_vote(message_id, vote=DISLIKE)) for message_id in ("m-1", "m-2")]
    await store.review("acme", "m-1", ANNA, 1, WRONG)
    assert await ids(store, ReviewFilter()) == ["m-2"]
    [reviewed] = await queue(store, ReviewFilter(reviewed=True))
    assert (reviewed.rated.feedback, reviewed.review) == (votes[0], WRONG)
    assert await ids(store) == ["m-2", "m-1"]
    assert await store.reviews("acme", "m-1") == [(ANNA, 1, WRONG)]
    assert await store.history("acme", "m-1") == [votes[0]]


async def test_the_last_review_of_a_vote_is_what_is_said_of_it(store):
    await answered(store, "m-1")
    await store.submit(a_vote(vote=DISLIKE))
    for said in (WRONG, FINE, FINE):
        await store.review("acme", "m-1", ANNA, 1, said)
    assert [item.review for item in await queue(store)] == [FINE]


async def test_a_review_can_be_taken_back(store):
    await answered(store, "m-1")
    await store.submit(a_vote(vote=DISLIKE))
    await store.review("acme", "m-1", ANNA, 1, WRONG)
    for _ in range(2):
        await store.review("acme", "m-1", ANNA, 1, None)
        assert await ids(store, ReviewFilter()) == ["m-1"]
        assert await store.reviews("acme", "m-1") == []


async def test_who_votes_anew_is_reviewed_anew(store):
    """What was said of the former vote is kept, and is not said of this one."""
    await answered(store, "m-1")
    await store.submit(a_vote(vote=DISLIKE))
    await store.review("acme", "m-1", ANNA, 1, WRONG)
    await store.submit(a_vote(vote=DISLIKE, comment="still"))
    assert [item.review for item in await queue(store, ReviewFilter())] == [None]
    assert await store.reviews("acme", "m-1") == [(ANNA, 1, WRONG)]
    await store.review("acme", "m-1", ANNA, 2, FINE)
    assert await store.reviews("acme", "m-1") == [(ANNA, 1, WRONG), (ANNA, 2, FINE)]


@pytest.mark.parametrize("said", [WRONG, None])
async def test_a_vote_that_was_changed_meanwhile_is_not_reviewed_unread(store, said):
    await answered(store, "m-1")
    await store.submit(a_vote(vote=DISLIKE))
    await store.submit(a_vote(vote=DISLIKE, comment="still"))
    for revision in (1, 3):
        with pytest.raises(Conflict):
            await store.review("acme", "m-1", ANNA, revision, said)
    assert await ids(store, ReviewFilter()) == ["m-1"]


@pytest.mark.parametrize(("message_id", "subject", "project_id"), [
    ("m-2", ANNA, "acme"), ("m-1", BORIS, "acme"), ("m-1", ANNA, "globex"), ("m-9", ANNA, "acme"),
    ("m-3", ANNA, "acme"),
], ids=["a bare like", "somebody else", "another project", "no message", "taken back"])
async def test_what_does_not_stand_in_the_queue_cannot_be_reviewed(store, message_id, subject, project_id):
    await answered(store, "m-1", "m-2", "m-3")
    for voted, vote in (("m-1", DISLIKE), ("m-2", LIKE), ("m-3", DISLIKE), ("m-3", None)):
        await store.submit(a_vote(voted, vote=vote))
    with pytest.raises(NotFound):
        await store.review(project_id, message_id, subject, 1, WRONG)
    assert await store.reviews(project_id, message_id) == []


# ---------------------------------------------------------------- what it is searched for


@pytest.mark.parametrize(("search", "found"), [
    ("refund", "m-1 m-2"), ("REFUND", "m-1 m-2"), ("ref", "m-1 m-2"), ("refund late", "m-1"), ("späte", "m-3"),
    ("SPATE", "m-3"), ("返金", "m-4"), ("金", "m-4"), ("金返", ""), ("late!", "m-1"), ('"late" OR *', ""),
    ("nothing", ""), ("te", ""), ("answer", "m-5"),
], ids=str)
async def test_words_are_looked_for_in_comments_and_answers(store, search, found):
    """All of them, case and accents aside, in any language; the beginning of a word will do from three letters on."""
    await answered(store, "m-1", "m-2", "m-3", "m-4")
    await answered(store, "m-5", content="An answer about it.")
    for number, comment in enumerate(["Refund is late", "no refunds", "Späte Antwort", "返金がない", None], start=1):
        await store.submit(a_vote(f"m-{number}", vote=DISLIKE, comment=comment))
    assert sorted(await ids(store, replace(ALL, search=search))) == found.split()


@pytest.mark.parametrize("search", ["", " ", "!?", "_", "👍"])
async def test_a_search_without_a_word_is_said_to_be_none(store, search):
    with pytest.raises(Invalid) as refused:
        await store.review_queue("acme", ReviewFilter(search=search), limit=10, cursor=None)
    assert refused.value.field == "search"


async def test_words_go_with_the_vote_that_they_are_of(store):
    await answered(store, "m-1")
    for comment in ("slow", "wrong"):
        await store.submit(a_vote(vote=DISLIKE, comment=comment))
    assert await ids(store, replace(ALL, search="slow")) == []
    assert await ids(store, replace(ALL, search="wrong")) == ["m-1"]
    await store.submit(a_vote(vote=None))
    assert await ids(store, replace(ALL, search="wrong")) == []


async def test_nobody_finds_what_another_project_said(store):
    for project_id, comment in (("acme", "ours"), ("globex", "theirs")):
        await answered(store, "m-1", project_id=project_id)
        await store.submit(a_vote(project_id=project_id, vote=DISLIKE, comment=comment))
    assert await ids(store, replace(ALL, search="theirs")) == []
    assert await ids(store, replace(ALL, search="theirs"), "globex") == ["m-1"]


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1.1", "01", "1e3", "٣", "9" * 19])
async def test_a_cursor_that_was_never_given_is_refused(store, cursor):
    with pytest.raises(Invalid) as refused:
        await store.review_queue("acme", ALL, limit=10, cursor=cursor)
    assert refused.value.field == "cursor"


@pytest.mark.parametrize("word", ["refund", "refunds", "refu"])
async def test_words_that_begin_alike_are_found_however_many_there_are(store, monkeypatch, word):
    """As whole words where they are few, and otherwise as the index finds beginnings."""
    comments = ["refund", "refunds", "refunding", "refusal"]
    await answered(store, *comments)
    for comment in comments:
        await store.submit(a_vote(comment, vote=DISLIKE, comment=comment))
    expected = sorted(comment for comment in comments if comment.startswith(word))
    for most in (100, 1):
        monkeypatch.setattr(reviewing, "ALTERNATIVES_MAX", most)
        assert sorted(await ids(store, replace(ALL, search=word))) == expected


# ---------------------------------------------------------------- what it is narrowed down to


@pytest.mark.parametrize("search", [None, "slow"])
async def test_what_is_rare_is_looked_for_a_part_at_a_time(store, monkeypatch, search):
    """A page may hold fewer than it could, even none, and go on all the same; nothing is passed over."""
    monkeypatch.setattr(reviewing, "LOOKED_AT_MAX", 10)
    rare = ["m-3", "m-4", "m-35"]
    for n in range(40):
        await answered(store, f"m-{n}", model="rare" if f"m-{n}" in rare else "frequent")
        await store.submit(a_vote(f"m-{n}", vote=DISLIKE, comment="slow"))
    await store.review("acme", "m-4", ANNA, 1, WRONG)
    for reviewed, expected in ((None, ["m-35", "m-4", "m-3"]), (False, ["m-35", "m-3"]), (True, ["m-4"])):
        wanted = ReviewFilter(reviewed=reviewed, search=search, model="rare")
        first = await store.review_queue("acme", wanted, limit=5, cursor=None)
        assert len(first.items) == 1
        assert (first.cursor is None) == (reviewed is True)  # of the reviewed there is one
        assert await ids(store, wanted) == expected


WORDS = ["slow", "wrong", "refund"]
EXPERIMENTS = ["greeting", 'a"b', "x,", "\\"]
subjects = st.sampled_from([ANNA, BORIS, GUEST])
arms = st.dictionaries(st.sampled_from(EXPERIMENTS), st.sampled_from(["warm", '"', 'b":"warm']), max_size=3)
comments = st.none() | st.lists(st.sampled_from(WORDS), max_size=2).map(" ".join)
answers = st.builds(
    a_message, owner=subjects, model=st.sampled_from([None, "gpt-x", "gpt-y"]), arms=arms, content=comments,
    prompt_version=st.sampled_from([None, "v1"]), locale=st.sampled_from([None, "de"]),
    platform=st.sampled_from([None, "ios"]))
cast = st.tuples(st.integers(0, 11), st.sampled_from([*Vote, DISLIKE, DISLIKE, None]), comments,
                 st.sampled_from(AuthLevel), st.none() | st.sampled_from([WRONG, FINE]))
filters = st.builds(
    ReviewFilter, reviewed=st.none() | st.booleans(), search=st.none() | st.sampled_from(WORDS),
    since=st.none() | st.integers(NOW, NOW + 20), until=st.none() | st.integers(NOW, NOW + 20),
    vote=st.none() | st.sampled_from(Vote), has_comment=st.none() | st.booleans(),
    model=st.sampled_from([None, "", "gpt-x"]), prompt_version=st.sampled_from([None, "", "v1"]),
    locale=st.sampled_from([None, "", "de"]), platform=st.sampled_from([None, "", "ios"]),
    arms=st.just({}) | st.dictionaries(st.sampled_from(EXPERIMENTS), st.sampled_from(["", "warm", '"']), max_size=2),
    auth_level=st.none() | st.sampled_from(AuthLevel))
cases = st.tuples(st.lists(answers, min_size=1, max_size=12), st.lists(cast, max_size=30), filters)


def by_hand(ledger, reviews, wanted):
    """What the queue must be: ids, each with what was said of it."""
    order = {id(change): number for number, change in enumerate(ledger.changes)}
    standing = [it for it in ledger.standing("acme") if _kind(it) is not None]
    found = [(it.message_id, reviews.get((it.message_id, it.revision)))
             for it in sorted(standing, key=lambda it: (_kind(it), order[id(it)]), reverse=True)
             if _is_asked_for(ledger.messages["acme", it.message_id], it, wanted)]
    return [(message_id, said) for message_id, said in found if wanted.reviewed in (None, said is not None)]


def _kind(feedback):
    if feedback.vote is DISLIKE:
        return 1 if feedback.comment is None else 2
    return 0 if feedback.vote is LIKE and feedback.comment is not None else None


def _is_asked_for(message, feedback, wanted):
    text = f"{feedback.comment or ''} {message.content or ''}".split()
    attributes = [(getattr(wanted, name), getattr(message, name))
                  for name in ("model", "prompt_version", "locale", "platform")]
    attributes += [(arm, message.arms.get(experiment)) for experiment, arm in wanted.arms.items()]
    return (all(wish is None or wish == (value or "") for wish, value in attributes)
            and (wanted.search is None or wanted.search in text)
            and (wanted.since is None or feedback.updated_at >= wanted.since)
            and (wanted.until is None or feedback.updated_at < wanted.until)
            and wanted.vote in (None, feedback.vote)
            and wanted.has_comment in (None, feedback.comment is not None)
            and wanted.auth_level in (None, feedback.auth_level))


async def ask(opened, case):
    shown, votes, wanted = case
    store, ledger, reviews = await opened(), Ledger(), {}
    try:
        messages = [replace(message, id=f"m-{n}", conversation_id=f"c-{message.owner.key}")
                    for n, message in enumerate(shown)]
        await store.register(messages)
        ledger.messages = {("acme", message.id): message for message in messages}
        for at, (number, vote, comment, level, said) in enumerate(votes):
            await _vote_and_review(store, ledger, reviews, a_vote(
                f"m-{number % len(messages)}", subject=messages[number % len(messages)].owner, vote=vote,
                comment=comment, auth_level=level, at=NOW + at), said)
        for limit in (3, 100):
            found = [(it.rated.message.id, it.review) for it in await queue(store, wanted, limit=limit)]
            assert found == by_hand(ledger, reviews, wanted), wanted
    finally:
        await store.close()


async def _vote_and_review(store, ledger, reviews, submission, said):
    changed = await store.submit(submission)
    if changed:
        ledger.changes.append(changed)
        if said and _kind(changed) is not None:
            await store.review("acme", changed.message_id, changed.subject, changed.revision, said)
            reviews[changed.message_id, changed.revision] = said


def test_it_is_narrowed_down_as_one_would_by_hand(tmp_path_factory):
    @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases)
    def check(case):
        path = tmp_path_factory.mktemp("queue") / "plaudit.db"
        asyncio.run(ask(lambda: SqliteStore.open(path, decide, now=Clock()), case))

    check()


def test_so_it_is_on_postgres(postgres, postgres_url):
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases)
    def check(case):
        postgres.empty_database(postgres_url)
        asyncio.run(ask(lambda: PostgresStore.open(postgres_url, decide, now=Clock()), case))

    check()
