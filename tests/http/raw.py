"""HTTP by hand, for what a well-behaved client cannot say."""

import contextlib
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from running import Headers

PATIENCE_SECONDS = 15


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def head(method: str, path: str, headers: Mapping[str, str] | None = None, version: str = "1.1") -> bytes:
    fields = {"host": "main.example", **(headers or {})}
    lines = [f"{method} {path} HTTP/{version}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def post(path: str, headers: Mapping[str, str], body: bytes, **more: str) -> bytes:
    """A whole request with its length, as JSON unless a header says otherwise."""
    common = {"content-type": "application/json", "content-length": str(len(body))}
    return head("POST", path, {**common, **headers, **more}) + body


class Line:
    """One connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
        self._incoming = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._incoming.close()
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def ask(self, data: bytes, *, bodyless: bool = False) -> Answer:
        self.send(data)
        return self.answer(bodyless=bodyless)

    def answer(self, *, bodyless: bool = False) -> Answer:
        """The next answer; `bodyless` for one to HEAD. Raises AssertionError when the server hangs up instead."""
        start = self._incoming.readline()
        assert start, "the connection was closed without an answer"
        headers = {}
        while (field := self._incoming.readline().strip()) != b"":
            name, _, value = field.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        length = 0 if bodyless else int(headers.get("content-length", 0))
        return Answer(int(start.split()[1]), headers, self._incoming.read(length))

    def is_closed(self) -> bool:
        """Wait for the other end to hang up. Raises TimeoutError when it does not."""
        with contextlib.suppress(ConnectionResetError):
            return self._incoming.read() == b""
        return True
