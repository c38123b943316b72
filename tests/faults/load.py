"""Sixty-four people at once, voting as fast as they are answered: users by token through both contracts, guests by
device, visitors by session. Everything they ask and are told goes into a `Register`."""

import asyncio
import itertools
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from answers import HANDAUNCLE, SITEASSIST, Answer, Connection, Gone, ask, flaw, request
from register import Register
from serving import PUBLISHABLE_KEY, SERVER_KEY, Plaudit, until

from plaudit.bootstrap import DEVELOPMENT_AUDIENCE, development_issuer
from plaudit.settings import load as load_settings

PEOPLE = 64
MESSAGES_EACH = 2
DAY_SECONDS = 24 * 60 * 60
TOKEN_DAYS = 30
COME_BACK_SECONDS = 0.05
VOTES = {1: "like", -1: "dislike", None: None}
KEY_HEADERS = {"Authorization": f"Bearer {SERVER_KEY}"}


@dataclass(frozen=True, slots=True)
class Person:
    contract: str  # the beginning of its paths
    owner: Mapping[str, Any]
    headers: Mapping[str, str]
    message_ids: Sequence[str]

    def vote(self, message_id: str, vote: int | None, comment: str | None) -> bytes:
        """The request; SiteAssist's contract has no comments."""
        if self.contract == SITEASSIST:
            return request("POST", self.path(message_id), self.headers, {"feedback": VOTES[vote]})
        return request("POST", self.path(message_id), self.headers, {"rating": vote, "feedback": comment})

    def path(self, message_id: str) -> str:
        user = "user/" if self.contract == HANDAUNCLE else ""
        return f"{self.contract}{user}messages/{message_id}/feedback"

    def value(self, number: int) -> tuple[int | None, str | None]:
        """What this person says the how-manieth time. Comments are numbered, so that no two are the same."""
        if self.contract == SITEASSIST:
            return (1, -1, None, 1, None, None)[number % 6], None
        return (-1 if number % 3 else 1), f"number {number}"


async def settle(server: Plaudit, people: int = PEOPLE, token_age_days: int = 0, messages_each: int = MESSAGES_EACH
                 ) -> list[Person]:
    """People of four kinds in turn, and their messages registered."""
    token = _minting(server, token_age_days)
    found = await asyncio.gather(*(_person(server, number, token, messages_each) for number in range(people)))
    batch = [_registration(person, message_id) for person in found for message_id in person.message_ids]
    answer = await ask(server.port, "POST", "/v1/messages", KEY_HEADERS, batch)
    assert answer.json["created"] == len(batch), answer
    server.secrets.update(value for person in found for name, value in person.headers.items() if name != "x-platform")
    return found


async def register_bulk(server: Plaudit, messages: int, content_bytes: int) -> None:
    """Messages that nobody votes on, to make the database's log grow."""
    person = Person(HANDAUNCLE, {"visitor": {"id": "v-1"}}, {}, ())
    batch = [{**_registration(person, _message_id(HANDAUNCLE)), "content": "x" * content_bytes}
             for _ in range(messages)]
    answer = await ask(server.port, "POST", "/v1/messages", KEY_HEADERS, batch)
    assert answer.json["created"] == messages, answer


def _minting(server: Plaudit, age_days: int) -> Any:
    settings = load_settings(server.configuration, {}).settings
    issuer = development_issuer(settings)
    issued_at = (int(time.time()) - age_days * DAY_SECONDS) * 1000

    def mint(subject: str) -> tuple[str, str]:
        lifetime_seconds = TOKEN_DAYS * DAY_SECONDS
        return issuer.issuer, issuer.mint(subject, DEVELOPMENT_AUDIENCE, issued_at, lifetime_seconds=lifetime_seconds)

    return mint


async def _person(server: Plaudit, number: int, token: Any, messages: int) -> Person:
    contract = (HANDAUNCLE, SITEASSIST)[number % 2]
    ids = [_message_id(contract) for _ in range(messages)]
    if number % 4 < 2:
        issuer, bearer = token(f"auth0|{number}")
        owner = {"user": {"issuer": issuer, "subject": f"auth0|{number}"}}
        return Person(contract, owner, {"Authorization": f"Bearer {bearer}"}, ids)
    if contract == HANDAUNCLE:
        device, user = f"device-of-guest-{number}", f"U-{number}"
        headers = {"x-device-id": device, "x-user-id": user, "x-platform": "web"}
        return Person(contract, {"guest": {"device_id": device, "user_id": user}}, headers, ids)
    answer = await ask(server.port, "POST", "/v2/identity/init", None,
                       {"apiKey": PUBLISHABLE_KEY, "saVid": f"visitor-{number}"})
    session = answer.json
    return Person(contract, {"visitor": {"id": session["visitor"]["id"]}},
                  {"Authorization": f"Bearer {session['sessionToken']}"}, ids)


def _message_id(contract: str) -> str:
    return str(uuid.uuid4()) if contract == SITEASSIST else uuid.uuid4().hex[:24]


def _registration(person: Person, message_id: str) -> dict[str, Any]:
    return {"id": message_id, "conversation_id": f"c-{message_id}", "role": "assistant", "owner": person.owner}


class Load:
    """Votes while the block runs. A client ends with its connection, or comes back where it is told to; leaving the
    block lets each finish its request."""

    def __init__(self, server: Plaudit, people: Sequence[Person], register: Register, *, coming_back: bool = False
                 ) -> None:
        self._server = server
        self.people = people
        self._register = register
        self._coming_back = coming_back
        self._stopped = False
        self.statuses: Counter[int] = Counter()

    async def __aenter__(self) -> Self:
        self._clients = [asyncio.create_task(self._client(person)) for person in self.people]
        return self

    async def __aexit__(self, _kind: type[BaseException] | None, _error: BaseException | None,
                        _traceback: TracebackType | None) -> None:
        self._stopped = True
        async with asyncio.timeout(60):
            await asyncio.gather(*self._clients)

    @property
    def over(self) -> bool:
        return all(client.done() for client in self._clients)

    async def _client(self, person: Person) -> None:
        await self._votes(person)
        while self._coming_back and not self._stopped:
            await asyncio.sleep(COME_BACK_SECONDS)
            await self._votes(person)

    async def _votes(self, person: Person) -> None:
        """On one connection, to its end."""
        with suppress(Gone):
            connection = await Connection.to(self._server.port)
            try:
                for message_id in itertools.cycle(person.message_ids):
                    if self._stopped:
                        return
                    answer = await say_next(connection, person, message_id, self._register)
                    self.statuses[answer.status] += 1
            finally:
                await connection.close()


async def more(register: Register, votes: int = 300) -> None:
    """Until so many more are acknowledged, or something is wrong."""
    enough = register.acknowledged + votes
    await until(lambda: register.acknowledged >= enough or register.flaws)


async def vote(server: Plaudit, person: Person, message_id: str, register: Register) -> Answer:
    """This person's next vote on the message, on a connection of its own. Raises `Gone`."""
    connection = await Connection.to(server.port)
    try:
        return await say_next(connection, person, message_id, register)
    finally:
        await connection.close()


async def say_next(connection: Connection, person: Person, message_id: str, register: Register) -> Answer:
    """This person's next vote on the message, noted. Raises `Gone`."""
    vote, comment = person.value(len(register.attempts.get(message_id, ())))
    attempt = register.attempt(message_id, vote, comment)
    answer = await connection.ask(person.vote(message_id, vote, comment))
    path = person.path(message_id)
    wrong = flaw(path, answer) or _not_what_was_said(answer, path, message_id, vote, comment)
    if wrong:
        register.flaws.append(wrong)
    elif answer.status == 200:
        register.acknowledge(attempt)
    return answer


def _not_what_was_said(answer: Answer, path: str, message_id: str, vote: int | None, comment: str | None
                       ) -> str | None:
    """An answer that is another's, or a refusal that no fault explains."""
    if answer.status == 503:
        return None
    if answer.status != 200:
        return f"I7 {path}: {answer}"
    if path.startswith(SITEASSIST):
        return None if answer.json["feedback"] == VOTES[vote] else f"I7 {path}: {vote} was said, not {answer}"
    data = answer.json["data"]
    said = {"messageId": message_id, "rating": vote, "feedback": comment}
    return None if said.items() <= data.items() else f"I7 {path}: {said} was said, not {answer}"
