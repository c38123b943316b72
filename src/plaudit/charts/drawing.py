"""Charts drawn beside the server, in a process of their own: the engine that draws holds the interpreter for twenty
milliseconds a chart, and nobody's vote shall wait for somebody's picture.

The process starts with the first chart that is asked for and ends when none was for ten minutes, or with the server.
What it drew is kept by its specification, the newest few: the same view twice is drawn once.
"""

import asyncio
import json
import sys
from collections import OrderedDict
from collections.abc import Sequence

import structlog

from plaudit.charts.render import can_draw
from plaudit.charts.specs import Spec

KEPT_MAX = 64
SVG_BYTES_MAX = 4 * 1024 * 1024
PATIENCE_SECONDS = 10.0  # for a page's charts together; the first ones wait for the engine to wake
IDLE_SECONDS = 600.0

log = structlog.get_logger("plaudit.charts")


class Drawing:
    """`draws`: can charts be had at all?"""

    def __init__(self, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self.draws = can_draw()
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._idle_seconds = idle_seconds
        self._rest: asyncio.TimerHandle | None = None
        self._waking: asyncio.Task[None] | None = None

    async def svgs(self, specs: Sequence[Spec]) -> list[str | None]:
        """A picture each; None for one that cannot be had now."""
        lines = [json.dumps(spec, separators=(",", ":")) for spec in specs]
        missing = [line for line in dict.fromkeys(lines) if line not in self._kept]
        if missing and self.draws:
            async with self._turn:
                await self._draw([line for line in missing if line not in self._kept])
        return [self._kept.get(line) for line in lines]

    def wake(self) -> None:
        """Have the engine ready before somebody waits for it. Comes back at once."""
        if self.draws and not self._is_awake() and (self._waking is None or self._waking.done()):
            self._waking = asyncio.create_task(self._woken(), name="charts")

    async def aclose(self) -> None:
        if self._rest:
            self._rest.cancel()
        if self._waking:
            self._waking.cancel()
        await self._end()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process and process.returncode is None:
            process.kill()
            await process.wait()

    async def _draw(self, lines: Sequence[str]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                process = await self._awake()
                for line in lines:
                    self._keep(line, await _asked(process, line))
        except (TimeoutError, OSError, ValueError, EOFError) as error:
            log.warning("charts not drawn", reason=str(error) or type(error).__name__)
            await self._end()
        self._rest_later()

    async def _woken(self) -> None:
        async with self._turn:
            await self._draw([])

    def _is_awake(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def _awake(self) -> asyncio.subprocess.Process:
        if self._process is None or not self._is_awake():
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "plaudit.charts", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL, limit=SVG_BYTES_MAX)
        return self._process

    def _keep(self, line: str, svg: str | None) -> None:
        if svg is None:
            return
        self._kept[line] = svg
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)

    def _rest_later(self) -> None:
        if self._rest:
            self._rest.cancel()
        loop = asyncio.get_running_loop()
        self._rest = loop.call_later(self._idle_seconds, self._sleep)

    def _sleep(self) -> None:
        """An input that ends is the end of the process."""
        if self._process and self._process.stdin and not self._turn.locked():
            self._process.stdin.close()
            self._process = None


async def _asked(process: asyncio.subprocess.Process, line: str) -> str | None:
    """Raises `EOFError` when the process is gone."""
    assert process.stdin and process.stdout  # noqa: S101, PT018 -- it was started with both
    process.stdin.write(line.encode() + b"\n")
    await process.stdin.drain()
    answer = await process.stdout.readline()
    if not answer:
        raise EOFError("the process that draws has ended")
    drawn: dict[str, str] = json.loads(answer)
    if "error" in drawn:
        log.warning("charts not drawn", reason=drawn["error"])
    return drawn.get("svg")
