"""A wire to a server that can be cut through without either end being told: what was sent meanwhile comes late."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

CHUNK_BYTES = 65536


class Wire:
    def __init__(self) -> None:
        self._whole = asyncio.Event()
        self._whole.set()
        self.port = 0

    def cut(self) -> None:
        self._whole.clear()

    def mend(self) -> None:
        self._whole.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until one end closes. Whatever is under way when the wire is cut waits until it is mended."""
        with suppress(OSError):
            while found := await reader.read(CHUNK_BYTES):
                await self._whole.wait()
                writer.write(found)
                await writer.drain()
            await self._whole.wait()
        writer.close()


@asynccontextmanager
async def wire_to(port: int) -> AsyncIterator[Wire]:
    """To this port of 127.0.0.1."""
    wire, under_way = Wire(), set()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way.add(asyncio.current_task())
        await wire._whole.wait()
        ends = [writer]
        try:
            with suppress(OSError):  # nobody is there: then nobody is here
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
                ends.append(far_writer)
                await asyncio.gather(wire.carry(reader, far_writer), wire.carry(far_reader, writer))
        finally:
            for end in ends:
                end.transport.abort()

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
