"""Who owns what in the measured database: messages numbered from 0, dealt out to fifty users in turn."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import issuer as oidc
import msgspec
import server

SUBJECTS = 50
CONVERSATION_MESSAGES = 20
BATCH_LINES = 10_000  # the most that one request may register


def message_id(number: int) -> str:
    """24 hexadecimal digits, as HandAuncle's contract wants them; load.lua makes the same."""
    return f"65a0f00000000000{number:08x}"


def subject(number: int) -> str:
    return f"auth0|measured-{number % SUBJECTS:02}"


def conversation_id(number: int) -> str:
    """A conversation has one owner: the numbers of its messages differ by multiples of SUBJECTS."""
    return f"c-{number % SUBJECTS}-{number // SUBJECTS // CONVERSATION_MESSAGES}"


def write_tokens(path: Path, issuer: oidc.Issuer) -> Path:
    """A line with the token of each subject, for load.lua."""
    path.write_text("".join(f"{issuer.token(subject(number))}\n" for number in range(SUBJECTS)), encoding="ascii")
    return path


def register(running: server.Server, messages: int) -> Iterator[int]:
    """Register so many messages; yields how many of a batch. Raises SystemExit when one is not taken."""
    with client(running) as http:
        for first in range(0, messages, BATCH_LINES):
            numbers = range(first, min(first + BATCH_LINES, messages))
            lines = b"\n".join(msgspec.json.encode(_registration(number)) for number in numbers)
            answer = http.post("/v1/messages", content=lines, headers={"Content-Type": "application/x-ndjson"})
            require_registered(answer)
            yield len(numbers)


def require_registered(answer: httpx2.Response) -> None:
    """Raises SystemExit unless every line of a batch was taken or was there already."""
    if answer.status_code != httpx2.codes.OK:
        raise SystemExit(f"Registering answered {answer.status_code}: {answer.text[:500]}")
    refused = [row for row in answer.json()["results"] if row["status"] not in ("created", "unchanged")]
    if refused:
        raise SystemExit(f"{len(refused)} messages were not registered, the first: {refused[0]}")


def require_revisions(running: server.Server, answered: int) -> None:
    """Raises SystemExit unless at least as many votes can be read back as were answered. (The last of a load may have
    been stored but not heard of.)
    """
    stored, parameters = 0, {"limit": "1000"}
    with client(running) as http:
        while "cursor" not in parameters or parameters["cursor"]:
            page = http.get("/v1/feedback", params=parameters).raise_for_status().json()
            stored += sum(item["revision"] for item in page["items"])
            parameters["cursor"] = page["cursor"]
    if stored < answered:
        raise SystemExit(f"{answered} votes were answered, {stored} are stored")


def client(running: server.Server) -> httpx2.Client:
    """With the server key, to register and to read."""
    return httpx2.Client(base_url=running.url, headers={"Authorization": f"Bearer {server.SERVER_KEY}"}, timeout=60)


def _registration(number: int) -> dict[str, object]:
    return {
        "id": message_id(number),
        "conversation_id": conversation_id(number),
        "role": "assistant",
        "owner": {"user": {"issuer": oidc.ISSUER, "subject": subject(number)}},
        "created_at": "2026-11-22T08:00:00Z",
        "model": f"model-{number % 7}",
        "prompt_version": f"v{number % 3}",
    }
