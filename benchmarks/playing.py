"""A trace's people and their judgements as HTTP requests: who they are, what they are shown, what they say of it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2
import jwt
import msgspec
from llmfao import Kind, Shown, identifier

Thing = TypeVar("Thing")

AT_ONCE = 32
PAGE = 1000
RATINGS = {"like": 1, "dislike": -1}
VOTES: dict[int, str | int] = {rating: vote for vote, rating in RATINGS.items()}

Step = Callable[[], object]
Json = dict[str, Any]


class Unexpected(Exception):
    """An answer that a correct server does not give"""


class PlayedBefore(Exception):
    """The server has this run's messages already"""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A server and what opens it. `token` gives the token of a user by name."""

    url: str
    server_key: str
    publishable_key: str
    token: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Person:
    """A worker as the server knows them: what owns their messages, and what they send with each vote."""

    owner: Json
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the server says afterwards, by message id: the rating that stands, and all that were ever made."""

    standing: dict[str, int]
    histories: dict[str, list[int]]


class Play:
    """One run. Each step calls back once for each thing done; each raises `Unexpected`."""

    def __init__(self, deployment: Deployment, run: str) -> None:
        self._deployment = deployment
        self._run = run
        self._http = httpx2.AsyncClient(base_url=deployment.url, timeout=60)
        self._key = {"Authorization": f"Bearer {deployment.server_key}"}
        self._people: dict[str, Person] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, _kind: type[BaseException] | None, _error: BaseException | None,
                        _traceback: TracebackType | None) -> None:
        await self._http.aclose()

    async def introduce(self, workers: Mapping[str, Kind], step: Step) -> None:
        """Each worker gets the credentials of their kind."""
        for worker, kind in workers.items():
            self._people[worker] = await self._person(worker, kind)
            step()

    async def register(self, shown: list[Shown], step: Step) -> None:
        """As the application's back end: one batch. Raises `PlayedBefore`."""
        lines = b"\n".join(msgspec.json.encode(self._registration(message)) for message in shown)
        headers = {**self._key, "Content-Type": "application/x-ndjson"}
        answer = await self._answer("POST", "/v1/messages", headers=headers, content=lines)
        if answer["unchanged"] == len(shown):
            raise PlayedBefore
        for result in answer["results"]:
            if result["status"] != "created":
                raise Unexpected(f"{result}; a server takes each --run once")
            step()

    async def vote(self, shown: Iterable[Shown], step: Step) -> None:
        await _at_once(shown, lambda message: self._judge(message, step))

    async def read_back(self, shown: Iterable[Shown], step: Step) -> Reading:
        """The pages of what stands, then each message's history."""
        ours = {message.id(self._run) for message in shown}
        standing = {message_id: rating for message_id, rating in (await self._standing()).items() if message_id in ours}
        histories: dict[str, list[int]] = {}

        async def read_one(message_id: str) -> None:
            histories[message_id] = await self._history(message_id)
            step()

        await _at_once(ours, read_one)
        return Reading(standing, histories)

    async def ranking(self) -> bytes:
        """The models by satisfaction, as the server's own numbers have them: CSV."""
        parameters = {"by": "model", "format": "csv"}
        answer = await self._http.get("/v1/analytics/ranking", headers=self._key, params=parameters)
        if not answer.is_success:
            raise Unexpected(f"the ranking: {answer.status_code} {answer.text[:500]}")
        return answer.content

    # ---------------------------------------------------------------- people

    async def _person(self, worker: str, kind: Kind) -> Person:
        name = identifier(Kind.VISITOR, self._run, worker)  # a UUID
        if kind is Kind.USER:
            token = await asyncio.to_thread(self._deployment.token, f"auth0|{name}")
            claims = jwt.decode(token, options={"verify_signature": False})
            owner = {"issuer": claims["iss"], "subject": claims["sub"]}
            return Person({"user": owner}, {"Authorization": f"Bearer {token}"})
        if kind is Kind.GUEST:
            device, user = f"device-{name}", f"U-{name}"
            return Person({"guest": {"device_id": device, "user_id": user}},
                          {"x-device-id": device, "x-user-id": user, "x-platform": "web"})
        session = await self._answer("POST", "/v2/identity/init", json={
            "apiKey": self._deployment.publishable_key, "saVid": name})
        return Person({"visitor": {"id": session["visitor"]["id"]}},
                      {"Authorization": f"Bearer {session['sessionToken']}"})

    # ---------------------------------------------------------------- messages

    def _registration(self, message: Shown) -> Json:
        answer = message.answer
        return {
            "id": message.id(self._run),
            "conversation_id": message.conversation_id(self._run),
            "role": "assistant",
            "owner": self._people[message.worker].owner,
            "model": answer.model,
            "prompt_version": answer.prompt_slug,  # what the model was given: one of thirteen prompts
            "content": answer.text,
            "metadata": {"answer": answer.answer, "prompt": answer.prompt_slug, "kind": answer.kind, "org": answer.org,
                         "latency_ms": answer.latency_ms},
        }

    async def _judge(self, message: Shown, step: Step) -> None:
        person, message_id = self._people[message.worker], message.id(self._run)
        for rating in message.ratings:
            if message.kind is Kind.VISITOR:
                path, field, value = f"/v2/messages/{message_id}/feedback", "feedback", VOTES[rating]
            else:
                path, field, value = f"/api/v1/user/messages/{message_id}/feedback", "rating", rating
            answer = await self._answer("POST", path, headers=person.headers, json={field: value})
            if answer.get("data", answer)[field] != value:
                raise Unexpected(f"{value} was sent to {path}, the answer says {answer}")
            step()

    # ---------------------------------------------------------------- reading

    async def _standing(self) -> dict[str, int]:
        """Raises `Unexpected` when a vote is listed twice."""
        found: dict[str, int] = {}
        parameters: dict[str, str | int] = {"limit": PAGE}
        while True:
            page = await self._answer("GET", "/v1/feedback", headers=self._key, params=parameters)
            for item in page["items"]:
                if item["message_id"] in found:
                    raise Unexpected(f"{item['message_id']} is listed twice")
                found[item["message_id"]] = RATINGS[item["vote"]]
            if page["cursor"] is None:
                return found
            parameters["cursor"] = page["cursor"]

    async def _history(self, message_id: str) -> list[int]:
        """Raises `Unexpected` unless the revisions are numbered without a gap."""
        page = await self._answer("GET", f"/v1/feedback/{message_id}/history", headers=self._key)
        revisions = [item["revision"] for item in page["items"]]
        if revisions != list(range(1, len(revisions) + 1)):
            raise Unexpected(f"The revisions of {message_id} are {revisions}")
        return [RATINGS[item["vote"]] for item in page["items"]]

    async def _answer(self, method: str, path: str, **sent: Any) -> Json:
        response = await self._http.request(method, path, **sent)
        if not response.is_success:
            raise Unexpected(f"{method} {path}: {response.status_code} {response.text[:500]}")
        answer: Json = response.json()
        return answer


async def _at_once(things: Iterable[Thing], do: Callable[[Thing], Awaitable[None]]) -> None:
    """Do it to each, to AT_ONCE of them at a time; the first error ends it and is raised."""
    waiting = iter(things)

    async def take() -> None:
        for thing in waiting:
            await do(thing)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(take())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
