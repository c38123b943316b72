"""The conversations of the demo's page, which nobody had: registered and voted on through the public contracts."""

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2

MINUTE_MILLISECONDS = 60_000
DAY_MILLISECONDS = 24 * 60 * MINUTE_MILLISECONDS  # yesterday's: today has few others yet
Exchanges = tuple[tuple[str, str], ...]

VISITOR_TALKS: tuple[Exchanges, ...] = (
    (
        ("How do I change my delivery address?", "Open your order, choose “Delivery”, and enter the new address."),
        ("And after it has shipped?", "Then the address is fixed; you can send the parcel to a pick-up point instead."),
        ("Where is that button?", "It is under “Tracking”, on the right."),
    ),
    (
        ("Do you ship to Iceland?", "Yes, in five to eight days."),
        ("What does it cost?", "I am not sure. It may depend on the weight."),
    ),
)
GUEST_TALKS: tuple[Exchanges, ...] = (
    (
        ("Which tea goes with lemon cake?", "A light Darjeeling: it is fresh and does not fight the lemon."),
        ("How long should it steep?", "Three minutes, in water just off the boil."),
    ),
    (
        ("Can I freeze the cake?", "Yes, for up to three months, well wrapped."),
        ("With the icing?", "Certainly. Icing is made of ice."),
        ("Are you sure?", "I was wrong: freeze it plain, and ice it afterwards."),
    ),
)
USER_TALKS: tuple[Exchanges, ...] = (
    (
        ("Plan three days in Lisbon.", "Day one: Alfama and the castle. Day two: Belém. Day three: a train to Sintra."),
        ("I do not like trains.", "Then take the ferry to Cacilhas and walk along the river."),
        ("Is there a good view there?", "Yes: the whole city, best at sunset."),
    ),
    (
        ("Write a haiku about rain.", "Rain on the tin roof / the cat moves from lap to sill / and then back again"),
        ("Another one, about code.", "Here is a haiku about code. It has some lines. I hope you like it."),
    ),
)
MODELS = ("demo-aurora-2", "demo-birch-large")
VOTES = (("like", None), ("dislike", "Does not answer the question"), ("like", "Clear and short"), None)


@dataclass(frozen=True, slots=True)
class DemoAccess:
    """How the demo registers and votes: as an application's back end, and as each of its three voters."""

    server_key: str
    session_token: str
    visitor_id: str
    guest_headers: dict[str, str]
    user_token: str
    user_owner: dict[str, str]  # issuer and subject

    @property
    def guest_owner(self) -> dict[str, str]:
        return {"device_id": self.guest_headers["x-device-id"], "user_id": self.guest_headers["x-user-id"]}


async def fill(client: httpx2.AsyncClient, access: DemoAccess, now: int) -> None:
    """Register and vote; `now` in milliseconds since 1970. Raises `httpx2.HTTPStatusError`."""
    talks = list(_talks(access, now))
    answer = await client.post("/v1/messages", json=[message for talk in talks for message in talk],
                               headers={"authorization": f"Bearer {access.server_key}"})
    answer.raise_for_status()
    answers = [message for talk in talks for message in talk if message["role"] == "assistant"]
    for number, message in enumerate(answers):
        if vote := VOTES[number % len(VOTES)]:
            (await _vote(client, access, message, *vote)).raise_for_status()


def _talks(access: DemoAccess, now: int) -> Iterator[list[dict[str, Any]]]:
    owners: tuple[tuple[dict[str, Any], tuple[Exchanges, ...]], ...] = (
        ({"visitor": {"id": access.visitor_id}}, VISITOR_TALKS),
        ({"guest": access.guest_owner}, GUEST_TALKS),
        ({"user": access.user_owner}, USER_TALKS),
    )
    for owner, talks in owners:
        for number, exchanges in enumerate(talks):
            start = now - DAY_MILLISECONDS - (number + 1) * 30 * MINUTE_MILLISECONDS
            yield list(_messages(owner, number, exchanges, start))


def _messages(owner: dict[str, Any], number: int, exchanges: Exchanges, start: int) -> Iterator[dict[str, Any]]:
    kind = next(iter(owner))
    conversation = _id(kind, f"conversation {number}")
    for position, (question, answer) in enumerate(exchanges):
        common = {"conversation_id": conversation, "owner": owner, "locale": "en", "platform": "web",
                  "metadata": {"demo": "invented"}}
        asked, answered = (_id(kind, f"{number} {position} {role}") for role in ("question", "answer"))
        at = start + position * MINUTE_MILLISECONDS
        yield {**common, "id": asked, "role": "user", "content": question, "created_at": _instant(at)}
        yield {**common, "id": answered, "role": "assistant", "content": answer, "created_at": _instant(at + 5_000),
               "in_reply_to": asked, "model": MODELS[position % 2], "prompt_version": "demo-v6"}


def _id(kind: str, name: str) -> str:
    """SiteAssist's ids are UUIDs, HandAuncle's 24 hexadecimal digits."""
    if kind == "visitor":
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"plaudit demo {name}"))
    return hashlib.sha256(f"plaudit demo {kind} {name}".encode()).hexdigest()[:24]


def _instant(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def _vote(client: httpx2.AsyncClient, access: DemoAccess, message: dict[str, Any], vote: str,
                comment: str | None) -> httpx2.Response:
    if "visitor" in message["owner"]:
        return await client.post(f"/v2/messages/{message['id']}/feedback", json={"feedback": vote},
                                 headers={"authorization": f"Bearer {access.session_token}"})
    guest = "guest" in message["owner"]
    return await client.post(
        f"/api/v1/user/messages/{message['id']}/feedback",
        json={"rating": 1 if vote == "like" else -1, "feedback": comment},
        headers=access.guest_headers if guest else {"authorization": f"Bearer {access.user_token}"},
    )
