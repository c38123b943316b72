"""One HTTP connection, kept alive, and what is wrong with an answer (I7). Small, for load has to be cheap."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
HANDAUNCLE = "/api/v1/"
SITEASSIST = "/v2/"


class Gone(Exception):
    """The connection ended before the answer did: what became of the request is unknown."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def instant(self) -> int:
        """HandAuncle's `updatedAt`, in milliseconds since 1970."""
        return round(datetime.fromisoformat(self.json["data"]["updatedAt"]).timestamp() * 1000)


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, port: int) -> Self:
        """Raises `Gone` when nobody listens."""
        try:
            return cls(*await asyncio.open_connection("127.0.0.1", port))
        except OSError as error:
            raise Gone from error

    async def ask(self, request: bytes) -> Answer:
        """Raises `Gone`."""
        try:
            self._writer.write(request)
            return await self._answer()
        except (OSError, asyncio.IncompleteReadError) as error:
            raise Gone from error

    async def _answer(self) -> Answer:
        status_line, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(status_line.split()[1])
        body = b"" if status < 200 else await self._reader.readexactly(int(headers["content-length"]))
        return Answer(status, headers, body)

    async def close(self) -> None:
        self._writer.transport.abort()


def request(method: str, path: str, headers: Mapping[str, str] | None = None, body: object = None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    described = {"Content-Type": "application/json", "Content-Length": len(content)} if content else {}
    lines = [f"{method} {path} HTTP/1.1", "Host: plaudit.test"]
    lines += [f"{name}: {value}" for name, value in {**described, **(headers or {})}.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


async def ask(port: int, method: str, path: str, headers: Mapping[str, str] | None = None, body: object = None
              ) -> Answer:
    """One request on a connection of its own. Raises `Gone`."""
    connection = await Connection.to(port)
    try:
        return await connection.ask(request(method, path, headers, body))
    finally:
        await connection.close()


def flaw(path: str, answer: Answer) -> str | None:
    """What is wrong with an answer to a vote: its shape, whatever its status."""
    try:
        _check_head(answer)
        if path.startswith(HANDAUNCLE):
            _check_handauncle(answer)
        else:
            _check_siteassist(answer)
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        return f"I7 {path}: {type(error).__name__} {error} in {answer}"
    return None


def _check_head(answer: Answer) -> None:
    assert REQUEST_ID.fullmatch(answer.headers["x-request-id"])
    assert answer.headers["content-type"] == "application/json"
    if answer.status == 503:
        assert int(answer.headers["retry-after"]) >= 1


def _check_handauncle(answer: Answer) -> None:
    body = answer.json
    assert body["meta"]["requestId"] == answer.headers["x-request-id"]
    assert body["meta"]["timestamp"].endswith("Z")
    if answer.status == 200:
        assert body["success"] is True
        assert set(body["data"]) == {"messageId", "rating", "feedback", "updatedAt"}
    else:
        assert body["success"] is False
        _check_error(answer, body["error"])


def _check_siteassist(answer: Answer) -> None:
    body = answer.json
    if answer.status == 200:
        assert set(body) == {"feedback"}
    else:
        _check_error(answer, body["error"])


def _check_error(answer: Answer, error: Any) -> None:
    assert isinstance(error["message"], str)
    if answer.status == 503:
        assert error["code"] == "SERVICE_UNAVAILABLE"
        assert error["details"]["retryAfter"] == int(answer.headers["retry-after"])
