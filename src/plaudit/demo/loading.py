"""The demo's crowd, brought in as everybody else is: the back end registers, people vote by the public contracts."""

import asyncio
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import msgspec

from plaudit.demo.crowd import Person, Shown, Talk
from plaudit.instants import to_text
from plaudit.model import SubjectKind

TALKS_A_BATCH = 500
VOTES_AT_ONCE = 64  # they share commits
LABEL = {"demo": "invented"}

Json = dict[str, Any]
Step = Callable[[int], object]  # so many more are done


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens the server. `user_token` gives the token of a user by name."""

    server: str
    publishable: str
    issuer: str
    user_token: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Known:
    """A person as the server knows them: what owns their messages, and what they send with each vote."""

    owner: Json
    headers: Mapping[str, str]


async def load(client: httpx2.AsyncClient, keys: Keys, talks: list[Talk], registered: Step, voted: Step) -> None:
    """Register every answer and make every vote. Raises `httpx2.HTTPStatusError`."""
    voters = dict.fromkeys(talk.person for talk in talks if talk.is_voted_on)
    known = {person: await _introduced(client, keys, person) for person in voters}
    for start in range(0, len(talks), TALKS_A_BATCH):
        batch = talks[start:start + TALKS_A_BATCH]
        await _register(client, keys, batch, known)
        registered(len(batch))
    opinions = [(talk.person, shown) for talk in talks for shown in talk.answers if shown.opinion]
    for start in range(0, len(opinions), VOTES_AT_ONCE):
        some = opinions[start:start + VOTES_AT_ONCE]
        await asyncio.gather(*(_vote(client, known[person], person, shown) for person, shown in some))
        voted(len(some))


async def _introduced(client: httpx2.AsyncClient, keys: Keys, person: Person) -> Known:
    """Only who votes must be known by more than a name."""
    if person.kind is not SubjectKind.VISITOR:
        return Known(owner(keys, person), _headers(keys, person))
    answer = await client.post("/v2/identity/init", json={"apiKey": keys.publishable, "saVid": person.name})
    hello = answer.raise_for_status().json()
    return Known({"visitor": {"id": hello["visitor"]["id"]}}, _bearer(hello["sessionToken"]))


def owner(keys: Keys, person: Person) -> Json:
    """Of a visitor who never says anything, any id."""
    match person.kind:
        case SubjectKind.USER:
            return {"user": {"issuer": keys.issuer, "subject": person.name}}
        case SubjectKind.GUEST:
            return {"guest": {"device_id": _device(person), "user_id": f"U-{person.name}"}}
        case _:
            return {"visitor": {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, person.name))}}


def _headers(keys: Keys, person: Person) -> Mapping[str, str]:
    if person.kind is SubjectKind.USER:
        return _bearer(keys.user_token(person.name))
    return {"x-device-id": _device(person), "x-platform": person.platform, "x-user-id": f"U-{person.name}"}


def _device(person: Person) -> str:
    return f"device-of-{person.name}"


# ---------------------------------------------------------------- what was shown, and what is said of it


async def _register(client: httpx2.AsyncClient, keys: Keys, talks: list[Talk], known: Mapping[Person, Known]) -> None:
    lines = []
    for talk in talks:
        whose = known[talk.person].owner if talk.person in known else owner(keys, talk.person)
        lines += [msgspec.json.encode(line) for line in registrations(talk, whose)]
    headers = {**_bearer(keys.server), "content-type": "application/x-ndjson"}
    (await client.post("/v1/messages", content=b"\n".join(lines), headers=headers)).raise_for_status()


def registrations(talk: Talk, whose: Json) -> Iterator[Json]:
    """The answers; the questions too where somebody may come to read the conversation."""
    person = talk.person
    common = {"conversation_id": talk.id, "owner": whose, "locale": person.locale, "platform": person.platform,
              "metadata": LABEL}
    for shown in talk.answers:
        if talk.is_voted_on:
            yield {**common, "id": shown.question_id, "role": "user", "content": shown.question,
                   "created_at": to_text(shown.at - 5_000)}
        yield {**common, "id": shown.id, "role": "assistant", "content": shown.answer, "created_at": to_text(shown.at),
               "in_reply_to": shown.question_id if talk.is_voted_on else None, "model": shown.model,
               "prompt_version": shown.prompt_version, "arms": shown.arms}


async def _vote(client: httpx2.AsyncClient, known: Known, person: Person, shown: Shown) -> None:
    assert shown.opinion  # noqa: S101 -- asked by the caller
    body: Json
    if person.kind is SubjectKind.VISITOR:
        path, body = f"/v2/messages/{shown.id}/feedback", {"feedback": shown.opinion.vote}
    else:
        path = f"/api/v1/user/messages/{shown.id}/feedback"
        body = {"rating": 1 if shown.opinion.vote == "like" else -1, "feedback": shown.opinion.comment}
    (await client.post(path, json=body, headers=known.headers)).raise_for_status()


def _bearer(token: str) -> Mapping[str, str]:
    return {"authorization": f"Bearer {token}"}
