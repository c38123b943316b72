"""What the browser's server holds: a month of answers and votes, registered and voted through the public contracts."""

import hashlib
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from running import MAIN, Plaudit, bearer, guest, server_key, user

DAY_SECONDS = 86_400
PEOPLE = 60
MODELS = ("gpt-4o", "claude-haiku", "mistral-small")
PROMPTS = ("v6", "v7")
COMMENTS = ("The parcel is late", "Wrong city", "Das stimmt nicht", "الجواب خطأ", "Too long; I stopped reading")
WRITER = "sk_writer_that_may_not_read"
WRITER_SHA256 = hashlib.sha256(WRITER.encode()).hexdigest()
LIKED = {"gpt-4o": 0.8, "claude-haiku": 0.75, "mistral-small": 0.45}


@dataclass(frozen=True)
class Answer:
    """One answer of the assistant and, if somebody said something of it, what."""

    number: int
    liked: bool | None = None
    comment: str | None = None
    project: str = MAIN
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.number:024x}"

    @property
    def conversation(self) -> str:
        return f"{self.number % PEOPLE:024x}"


def fill(server: Plaudit) -> None:
    """Always the same answers and votes; only the days are this month's."""
    chance = random.Random(7)
    answers = [_answer(number, chance) for number in range(PEOPLE * 12)]
    register(server, answers)
    vote(server, answers)


def register(server: Plaudit, answers: list[Answer]) -> None:
    for project in {answer.project for answer in answers}:
        messages = [_message(answer) for answer in answers if answer.project == project]
        said = server.http.post("/v1/messages", json=messages, headers=bearer(server_key(project)))
        assert said.status_code == 200, said.text
        assert {result["status"] for result in said.json()["results"]} <= {"created", "unchanged"}, said.text


def vote(server: Plaudit, answers: list[Answer]) -> None:
    for answer in answers:
        if answer.liked is None:
            continue
        body = {"rating": 1 if answer.liked else -1, **({"feedback": answer.comment} if answer.comment else {})}
        said = server.http.post(f"/api/v1/user/messages/{answer.id}/feedback", json=body,
                                headers=owner(answer).headers)
        assert said.status_code < 300, said.text


def owner(answer: Answer):
    """Every third person is a signed-in user, the others are guests."""
    name = f"person-{answer.number % PEOPLE}"
    return user(name, answer.project) if answer.number % 3 == 0 else guest(name, project_id=answer.project)


def _answer(number: int, chance: random.Random) -> Answer:
    model = MODELS[number % 3]
    if chance.random() > 0.4:
        return Answer(number)
    liked = chance.random() < LIKED[model]
    return Answer(number, liked, chance.choice(COMMENTS) if not liked and chance.random() < 0.7 else None)


def _message(answer: Answer) -> dict[str, Any]:
    at = time.time() - (answer.number * 7 % 30) * DAY_SECONDS - 60
    return {
        "id": answer.id, "conversation_id": answer.conversation, "role": "assistant", "owner": owner(answer).owner,
        "created_at": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "model": MODELS[answer.number % 3], "prompt_version": PROMPTS[answer.number % 2],
        "arms": {"greeting": "ab"[answer.number // 2 % 2]}, "locale": ("en", "de")[answer.number % 5 == 0],
        "platform": ("web", "ios")[answer.number % 4 == 0], "trace_id": f"trace/{answer.number}",
        "content": f"This is answer number {answer.number}.",
        **answer.changes,
    }
