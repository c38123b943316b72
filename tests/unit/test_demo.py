"""What `plaudit demo` invents, and that all of it comes in through the front door."""

import re
from collections import Counter, defaultdict

import httpx2
import pytest
from command_line import started
from loopback import wait_until

from plaudit.demo import crowd
from plaudit.demo.words import WORDS

NOW = 1_795_334_460_000  # 2026-11-22T08:01:00Z
DAY = 86_400_000


@pytest.fixture(scope="module")
def talks():
    return crowd.invent(NOW)


@pytest.fixture(scope="module")
def answers(talks):
    """Each with the person who saw it."""
    return [(talk.person, shown) for talk in talks for shown in talk.answers]


@pytest.fixture(scope="module")
def opinions(answers):
    return [(person, shown, shown.opinion) for person, shown in answers if shown.opinion]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demo, and how to ask its own API."""
    folder = tmp_path_factory.mktemp("demo")
    with started(folder, "demo", "--port", "0") as (_, lines):
        found = {name.strip(): value.split()[0] for name, _, value in (line.partition(": ") for line in lines) if value}
        url, key = found["Dashboard"].removesuffix("/dashboard"), found["Server key"]
        with httpx2.Client(base_url=f"{url}/v1/", headers={"authorization": f"Bearer {key}"}, timeout=30) as http:
            yield lines, http


def satisfaction(opinions, of):
    """The share of likes by what `of` says of an answer."""
    votes = defaultdict(list)
    for person, shown, opinion in opinions:
        votes[of(person, shown)].append(opinion.vote == "like")
    return {value: sum(likes) / len(likes) for value, likes in votes.items()}


def test_the_same_is_invented_again(talks):
    """But for the time; and nothing of it is in the future."""
    again = crowd.invent(NOW + DAY // 2)
    assert [talk.id for talk in again[:500]] == [talk.id for talk in talks[:500]]
    assert max(shown.at for talk in talks for shown in talk.answers) <= NOW
    assert min(shown.at for talk in talks for shown in talk.answers) > NOW - 90 * DAY


def test_as_many_vote_as_really_do(answers, opinions):
    """Few of the people on few of the answers, and a few people on most of what they see."""
    assert 0.04 < len(opinions) / len(answers) < 0.09
    by_person = Counter(person.name for person, _, _ in opinions)
    heaviest = sum(votes for _, votes in by_person.most_common(len(by_person) // 20))
    assert heaviest > 0.3 * len(opinions)


def test_what_is_to_be_found_is_there(opinions):
    """One prompt helps, one hurts, and six models are of different worth."""
    prompts = satisfaction(opinions, lambda _, shown: shown.prompt_version)
    assert prompts["demo-v5"] + 0.05 < prompts["demo-v6"] > prompts["demo-v7"] + 0.15
    models = satisfaction(opinions, lambda _, shown: shown.model)
    assert len(models) == 6
    assert models["demo-aurora-2"] > models["demo-birch-small"] + 0.1 > models["demo-cedar-mini"]


def test_comments_come_in_three_languages(opinions):
    """One of which is written from right to left."""
    said = Counter(person.locale for person, _, opinion in opinions if opinion.comment)
    assert set(said) == set(WORDS) == {"en", "de", "ar"}
    assert min(said.values()) > 5
    assert all(re.search("[\u0600-\u06ff]", text) for text in (*WORDS["ar"].praise, *WORDS["ar"].complaints))


def test_every_model_prompt_and_experiment_is_labelled_as_invented(answers):
    """So that nobody takes them for measurements of anything."""
    names = {name for _, shown in answers for name in (shown.model, shown.prompt_version, *shown.arms)}
    assert all(name.startswith("demo-") for name in names)


def test_all_that_was_invented_is_counted(demo):
    """By the API, with the key that the demo prints."""
    lines, http = demo
    shown, votes = re.search(r"([0-9,]+) answers, ([0-9,]+) votes", lines[0]).groups()
    total = http.get("analytics/summary").json()
    assert total["shown"] == int(shown.replace(",", ""))
    assert total["votes"] == int(votes.replace(",", ""))


@pytest.mark.parametrize(("by", "values"), [
    ("model", {*crowd.SATISFACTION}),
    ("prompt_version", {"demo-v5", "demo-v6", "demo-v7"}),
    ("locale", {"en", "de", "ar"}),
    ("platform", {"web", "ios", "android"}),
    ("arm:demo-greeting", {"a", "b", None}),
])
def test_there_is_something_to_split_by(demo, by, values):
    """Whatever a page offers, the demo has it."""
    groups = demo[1].get("analytics/breakdown", params={"by": by}).json()["groups"]
    assert {group["value"] for group in groups if group["votes"] > 10} == values


def test_the_dashboard_is_there(demo):
    """Where the demo says, with a way in."""
    address = next(line for line in demo[0] if line.startswith("Dashboard:")).split()[-1]
    page = httpx2.get(address, follow_redirects=True)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_users_guests_and_visitors_vote(demo):
    """Each known in their own way."""
    votes = {level: demo[1].get("analytics/summary", params={"auth_level": level}).json()["votes"]
             for level in ("jwt", "session", "guest-bound")}
    assert min(votes.values()) > 100


# ---------------------------------------------------------------- the chat


GUEST = {"who": "guest", "contract": "handauncle"}


@pytest.fixture
def chat(demo):
    """Asks the demo's page, which has no key."""
    address = next(line for line in demo[0] if line.startswith("Thumbs to click:")).split()[-1]
    with httpx2.Client(base_url=f"{address}/", timeout=30) as http:
        yield http


def test_an_answer_comes_piece_by_piece_with_what_its_thumbs_need(demo, chat):
    """And is registered as it was shown."""
    with chat.stream("POST", "chat", params=GUEST, json={"text": "Is the kettle loud?"}) as answer:
        pieces = list(answer.iter_text())
    assert answer.headers["x-message-receipt"].count(".") == 2
    assert len(pieces) > 5
    assert wait_until(lambda: content_of(demo, answer)) == "".join(pieces)


def test_of_an_answer_that_nobody_waited_for_is_registered_what_was_shown(demo, chat):
    """Whoever leaves in the middle has seen half."""
    with chat.stream("POST", "chat", params=GUEST, json={"text": "Where is my parcel?"}) as answer:
        next(answer.iter_text())
    shown = wait_until(lambda: content_of(demo, answer))
    assert "It left the depot this morning and should arrive tomorrow before noon.".startswith(shown)
    assert shown.endswith(" ")


@pytest.mark.parametrize(("asked", "field"), [
    ({"params": {"who": "nobody", "contract": "plaudit"}}, "who"),
    ({"params": {"who": "user", "contract": "pigeon"}}, "contract"),
    ({"params": GUEST, "json": {"text": ""}}, "text"),
    ({"params": GUEST, "json": {"text": "?" * 501}}, "text"),
    ({"params": GUEST, "json": {"text": 7}}, "text"),
], ids=str)
def test_what_the_chat_cannot_answer_it_says(chat, asked, field):
    """As Plaudit's own API would."""
    answer = chat.post("chat", **{"json": {"text": "Hello?"}, **asked})
    assert (answer.status_code, answer.json()["error"]["details"]["field"]) == (422, field)


def content_of(demo, answer):
    return demo[1].get(f"messages/{answer.headers['x-message-id']}").json().get("content")
