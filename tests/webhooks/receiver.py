"""An HTTP server that receives events, and behaves as badly as a test wants."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Received:
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """`answers` says what each request is answered with, given its number from 0; the bytes go out as they are, and
    what is no bytes is awaited first."""

    answers: Callable = lambda _number: answer(204)
    tls: object = None
    received: list[Received] = field(default_factory=list)

    async def __aenter__(self):
        self._clients, self._arrived = {}, asyncio.Event()
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for client, writer in self._clients.items():
            client.cancel()
            writer.transport.abort()
        await asyncio.gather(*self._clients, return_exceptions=True)
        await asyncio.sleep(0)  # the turn in which sockets are closed

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/events"

    @property
    def ids(self):
        return [it.headers["webhook-id"] for it in self.received]

    def _connected(self, reader, writer):
        self._clients[asyncio.create_task(self._serve(reader, writer))] = writer

    async def _serve(self, reader, writer):
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await self._answered(reader, writer):
                pass
        writer.close()

    async def _answered(self, reader, writer):
        self.received.append(await _request(reader))
        self._arrived.set()
        given = self.answers(len(self.received) - 1)
        given = given if isinstance(given, bytes) else await given
        writer.write(given or b"")
        await writer.drain()
        return given is not None

    async def until(self, count):
        """So many requests have arrived."""
        while len(self.received) < count:
            self._arrived.clear()
            await self._arrived.wait()


async def _request(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Received(first.split(" ")[1], headers, body)


def answer(status, body=b"", **headers):
    lines = [f"HTTP/1.1 {status} So", f"content-length: {len(body)}",
             *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def closed():
    """Instead of an answer."""


async def never():
    await asyncio.Event().wait()
