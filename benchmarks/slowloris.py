"""Clients that hold connections and hardly use them: `slowloris.py PORT IDLE SLOW`. Says "there" when all are; stays.

IDLE clients ask once and keep their connection. Of the SLOW a third says nothing, a third sends a header byte by byte,
a third a body. Whoever is sent away comes back.
"""

import asyncio
import contextlib
import itertools
import sys

BYTE_SECONDS = 1
ASKED = b"GET /livez HTTP/1.1\r\nHost: idle\r\n\r\n"
HEAD = b"POST /api/v1/user/messages/65a0f0000000000000000000/feedback HTTP/1.1\r\nHost: slow\r\n"
BODY = HEAD + b"Content-Type: application/json\r\nContent-Length: 4096\r\n\r\n"
SLOW = ((b"", b""), (HEAD + b"X-Slow: ", b"x"), (BODY, b" "))  # what is sent at once, and what then, again and again


async def main(port: int, idle: int, slow: int) -> None:
    kinds = [*itertools.repeat((ASKED, b""), idle), *itertools.islice(itertools.cycle(SLOW), slow)]
    there = [asyncio.Event() for _ in kinds]
    async with asyncio.TaskGroup() as group:
        for kind, arrived in zip(kinds, there, strict=True):
            group.create_task(_come_again_and_again(port, *kind, arrived))
        await asyncio.gather(*(arrived.wait() for arrived in there))
        print("there", flush=True)


async def _come_again_and_again(port: int, at_once: bytes, then: bytes, arrived: asyncio.Event) -> None:
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(at_once)
            arrived.set()
            with contextlib.closing(writer):
                await _stay(reader, writer, then)
        await asyncio.sleep(BYTE_SECONDS)


async def _stay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, then: bytes) -> None:
    """Until the server closes the connection."""
    while not reader.at_eof():
        writer.write(then)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reader.read(4096), BYTE_SECONDS)


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
