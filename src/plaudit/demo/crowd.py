"""Ninety days of a shop's assistant that never was, for `plaudit demo`: who asked, what was shown, what was said of it.

The same for each seed, but for the time: it ends now. What is in it to be found:

    six models            of different worth; `demo-aurora-2` replaces `demo-aurora-1` half-way
    prompts               v6 helps from day 30 on; v7, for the last twelve days, hurts
    greeting              an experiment on halves of the people, from day 20 on; `b` is better by too little to tell
    few vote, some a lot  five answers of a hundred are voted on; a few people vote on nearly all that they see
"""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from typing import TypeVar

from plaudit.demo.words import WORDS
from plaudit.model import SubjectKind

T = TypeVar("T")

SEED = 7
DAYS = 90
DAY_MILLISECONDS = 86_400_000
MINUTE_MILLISECONDS = 60_000
PEOPLE = 1500
ANSWERS_A_DAY = (330, 640)  # on the first day and on the last
WEEKEND = 0.55  # of a working day
MORNING_HOUR, EVENING_HOUR = 7, 23
ANSWERS_A_TALK = (1, 1, 2, 2, 3, 4)

KINDS = {SubjectKind.USER: 50, SubjectKind.VISITOR: 25, SubjectKind.GUEST: 25}
LOCALES = {"en": 55, "de": 27, "ar": 18}
PLATFORMS = {"web": 50, "ios": 28, "android": 22}
VOTES_OF = {0.018: 80, 0.12: 17, 0.6: 3}  # how likely somebody votes on an answer: how many there are of them
ACTIVITY_ALPHA, ACTIVITY_MAX = 1.2, 100  # a Pareto tail: some come back every day

AURORA_CHANGE_DAY = 45
SATISFACTION = {  # how likely a vote on it is a like, with prompt v5
    "demo-aurora-1": 0.74, "demo-aurora-2": 0.84, "demo-birch-large": 0.79, "demo-birch-small": 0.66,
    "demo-cedar-pro": 0.77, "demo-cedar-mini": 0.58,
}
TRAFFIC = {"demo-aurora-1": 30, "demo-birch-large": 22, "demo-birch-small": 18, "demo-cedar-pro": 18,
           "demo-cedar-mini": 12}
PROMPTS = ((0, "demo-v5", 0.0), (30, "demo-v6", 0.07), (78, "demo-v7", -0.22))  # from which day; what it does
EXPERIMENT, EXPERIMENT_DAY = "demo-greeting", 20
ARMS = {"a": 0.0, "b": 0.04}
LOCALE_EFFECT = {"en": 0.0, "de": 0.02, "ar": -0.05}
LEANING = 0.12  # people differ; one standard deviation
UNHAPPY_VOTE_MORE = 1.6
COMMENTED = {"like": 0.08, "dislike": 0.35}


@dataclass(frozen=True, slots=True)
class Person:
    kind: SubjectKind
    name: str
    locale: str
    platform: str
    arm: str
    leaning: float
    votes: float  # how likely on an answer
    activity: float


@dataclass(frozen=True, slots=True)
class Opinion:
    vote: str  # like or dislike
    comment: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    id: str
    question_id: str
    question: str
    answer: str
    at: int  # milliseconds since 1970
    model: str
    prompt_version: str
    arms: dict[str, str]
    opinion: Opinion | None


@dataclass(frozen=True, slots=True)
class Talk:
    person: Person
    id: str
    answers: tuple[Shown, ...]

    @property
    def is_voted_on(self) -> bool:
        return any(shown.opinion for shown in self.answers)


def invent(now: int, *, seed: int = SEED, days: int = DAYS) -> list[Talk]:
    """Every conversation, the oldest first. `now` in milliseconds since 1970."""
    chance = random.Random(seed)  # noqa: S311 -- nothing is kept secret by it
    people = [_person(chance, number) for number in range(PEOPLE)]
    weights = list(accumulate(person.activity for person in people))
    return [talk for day in range(DAYS - days, DAYS) for talk in _day(_of_day(seed, day), people, weights, day, now)]


def _of_day(seed: int, day: int) -> random.Random:
    """Of its own for each day, so that a weekend earlier or later changes nothing else."""
    return random.Random(f"{seed} {day}")  # noqa: S311 -- as above


def _person(chance: random.Random, number: int) -> Person:
    return Person(
        kind=_drawn(chance, KINDS),
        name=f"demo-{number:04}",
        locale=_drawn(chance, LOCALES),
        platform=_drawn(chance, PLATFORMS),
        arm=chance.choice([*ARMS]),
        leaning=chance.gauss(0, LEANING),
        votes=_drawn(chance, VOTES_OF),
        activity=min(chance.paretovariate(ACTIVITY_ALPHA), ACTIVITY_MAX),
    )


def _drawn(chance: random.Random, weighted: dict[T, int]) -> T:
    return chance.choices([*weighted], [*weighted.values()])[0]


def _day(chance: random.Random, people: list[Person], weights: list[float], day: int, now: int) -> Iterator[Talk]:
    """Of the last day only what is over by now."""
    midnight = (now // DAY_MILLISECONDS - (DAYS - 1 - day)) * DAY_MILLISECONDS
    first, last = ANSWERS_A_DAY
    wanted = first + (last - first) * day / DAYS
    if datetime.fromtimestamp(midnight / 1000, UTC).isoweekday() > 5:  # noqa: PLR2004 -- Saturday, Sunday
        wanted *= WEEKEND
    talks = round(wanted * len(ANSWERS_A_TALK) / sum(ANSWERS_A_TALK))
    hours = sorted(chance.triangular(MORNING_HOUR, EVENING_HOUR) for _ in range(talks))
    for hour, person in zip(hours, chance.choices(people, cum_weights=weights, k=talks), strict=True):
        talk = _talk(chance, person, day, midnight + round(hour * 60 * MINUTE_MILLISECONDS))
        if talk.answers[-1].at <= now:
            yield talk


def _talk(chance: random.Random, person: Person, day: int, start: int) -> Talk:
    count = chance.choice(ANSWERS_A_TALK)
    model = _model(chance, day)
    exchanges = chance.sample(WORDS[person.locale].exchanges, count)
    times = [start + position * MINUTE_MILLISECONDS for position in range(count)]
    answers = tuple(_shown(chance, person, day, model, exchange, at=at)
                    for exchange, at in zip(exchanges, times, strict=True))
    return Talk(person, _id(chance, person), answers)


def _shown(chance: random.Random, person: Person, day: int, model: str, exchange: tuple[str, str], *,
           at: int) -> Shown:
    _, prompt_version, effect = max(prompt for prompt in PROMPTS if prompt[0] <= day)
    arms = {EXPERIMENT: person.arm} if day >= EXPERIMENT_DAY else {}
    effect += LOCALE_EFFECT[person.locale] + (ARMS[person.arm] if arms else 0)
    question, answer = exchange
    return Shown(
        id=_id(chance, person),
        question_id=_id(chance, person),
        question=question,
        answer=answer,
        at=at,
        model=model,
        prompt_version=prompt_version,
        arms=arms,
        opinion=_opinion(chance, person, SATISFACTION[model] + effect),
    )


def _model(chance: random.Random, day: int) -> str:
    model = _drawn(chance, TRAFFIC)
    return "demo-aurora-2" if model == "demo-aurora-1" and day >= AURORA_CHANGE_DAY else model


def _opinion(chance: random.Random, person: Person, satisfaction: float) -> Opinion | None:
    """Whoever is unhappy votes sooner, as people do."""
    is_happy = chance.random() < min(max(satisfaction + person.leaning, 0.03), 0.97)
    if chance.random() >= min(1, person.votes * (1 if is_happy else UNHAPPY_VOTE_MORE)):
        return None
    vote, words = "like" if is_happy else "dislike", WORDS[person.locale]
    if person.kind is SubjectKind.VISITOR or chance.random() >= COMMENTED[vote]:  # their contract takes no comment
        return Opinion(vote, None)
    return Opinion(vote, chance.choice(words.praise if is_happy else words.complaints))


def _id(chance: random.Random, person: Person) -> str:
    """SiteAssist's ids are UUIDs, HandAuncle's 24 hexadecimal digits."""
    if person.kind is SubjectKind.VISITOR:
        return str(uuid.UUID(int=chance.getrandbits(128), version=4))
    return f"{chance.getrandbits(96):024x}"
