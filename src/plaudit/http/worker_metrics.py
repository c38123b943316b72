"""One page of metrics for a server of several processes, whichever of them is asked.

Each worker writes what its own registry says onto a board, once a second; whoever is asked writes too, and adds up what
stands there. The board is memory that the parent shares with its workers by forking: nobody is
called, so nobody has to be waited for; nothing is left behind; a full disk or one that cannot be written is no matter.

What was counted stays counted: a worker that is silent is added with what it said last, and the one that takes a dead
one's place goes on from there. Otherwise a sum would fall, and Prometheus takes any fall for a restart at zero: it
would count everything again. prometheus_client's own multiprocess mode keeps that promise as well, but for its own
value classes only, chosen by an environment variable before the first import; ours counts in plain dictionaries,
because an answer is counted thousands of times a second.
"""

import mmap
import struct
import time
import zlib
from collections.abc import Iterable
from itertools import chain

import msgspec
import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

SILENT_SECONDS = 3.0
HALF_BYTES = 4 * 1024 * 1024  # room for 30 thousand lines; memory is used only where something is written
HEAD = struct.Struct("<QdI")  # turn, when, length
CHECK = struct.Struct("<I")
GREATEST = (  # gauges that mean the same in each worker
    "plaudit_jwks_age_seconds", "plaudit_jwks_keys", "plaudit_webhook_waiting", "plaudit_webhook_oldest_seconds",
    "plaudit_webhook_dead")
SINCE = "_created"  # the time from which on a sample counts
Key = tuple[str, tuple[tuple[str, str], ...]]  # a sample's name and its labels

log = structlog.get_logger("plaudit.workers")


class Sample(msgspec.Struct, array_like=True, frozen=True):
    name: str
    labels: dict[str, str]
    value: float


class Family(msgspec.Struct, array_like=True, frozen=True):
    name: str
    about: str
    kind: str
    samples: list[Sample]


class Said(msgspec.Struct, frozen=True):
    turn: int
    when_seconds: float  # of the monotonic clock, which all processes of a machine share
    families: list[Family]


class Board:
    """To be made before the workers are forked.

    A worker writes its two halves in turn, each with a checksum: one that is killed while it writes, or is read at that
    moment, is read as it was the time before.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self._memory = mmap.mmap(-1, places * 2 * HALF_BYTES)

    def write(self, place: int, turn: int, families: list[Family]) -> None:
        content = msgspec.msgpack.encode(families)
        if len(content) > HALF_BYTES - HEAD.size - CHECK.size:
            log.error("metrics are too many to be added up", bytes=len(content), worker=place)
            return
        whole = HEAD.pack(turn, time.monotonic(), len(content)) + content
        start = self._start(place, turn)
        self._memory[start:start + CHECK.size + len(whole)] = CHECK.pack(zlib.crc32(whole)) + whole

    def read(self, place: int) -> Said:
        """The newest that is whole; turn 0 where nothing was written yet."""
        return max((self._half(place, turn) for turn in (0, 1)), key=lambda said: said.turn)

    def _half(self, place: int, turn: int) -> Said:
        start = self._start(place, turn)
        (check,) = CHECK.unpack_from(self._memory, start)
        number, when_seconds, length = HEAD.unpack_from(self._memory, start + CHECK.size)
        begin = start + CHECK.size
        whole = self._memory[begin:begin + HEAD.size + min(length, HALF_BYTES)]
        if not length or zlib.crc32(whole) != check:
            return Said(0, 0.0, [])
        return Said(number, when_seconds, msgspec.msgpack.decode(whole[HEAD.size:], type=list[Family]))

    def _start(self, place: int, turn: int) -> int:
        return (2 * place + turn % 2) * HALF_BYTES


class Sum(Collector):
    """The whole server as one of its workers sees it."""

    def __init__(self, board: Board, place: int, own: Collector) -> None:
        self._board = board
        self._place = place
        self._own = own
        before = board.read(place)
        self._turn = before.turn
        self._before = [family for family in before.families if family.kind != "gauge"]

    def tell(self) -> None:
        """To be called once a second, or this worker is called silent."""
        self._turn += 1
        self._board.write(self._place, self._turn, added_up([map(_family, self._own.collect()), self._before]))

    def collect(self) -> Iterable[Metric]:
        """Tells first: what was shown once is on the board, so that no later sum is smaller."""
        self.tell()
        said = [self._board.read(place) for place in range(self._board.places)]
        yield from map(_metric, added_up(each.families for each in said))
        yield _states(said)


def _states(said: list[Said]) -> Metric:
    """Of a worker that is starting, stuck or gone, nothing new is heard."""
    since_seconds = time.monotonic() - SILENT_SECONDS
    silent = sum(each.when_seconds < since_seconds for each in said)
    states = GaugeMetricFamily("plaudit_workers", "Worker processes: do they say how they are?", labels=["state"])
    states.add_metric(["answering"], len(said) - silent)
    states.add_metric(["silent"], silent)
    return states


def added_up(pages: Iterable[Iterable[Family]]) -> list[Family]:
    """Every sample once; in the order in which they are found."""
    found: dict[str, tuple[Family, dict[Key, Sample]]] = {}
    for family in chain.from_iterable(pages):
        _, samples = found.setdefault(family.name, (family, {}))
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            samples[key] = _together(samples[key], sample) if key in samples else sample
    return [Family(family.name, family.about, family.kind, [*samples.values()]) for family, samples in found.values()]


def _together(one: Sample, other: Sample) -> Sample:
    if one.name in GREATEST:
        value = max(one.value, other.value)
    elif one.name.endswith(SINCE):
        value = min(one.value, other.value)
    else:
        value = one.value + other.value
    return Sample(one.name, one.labels, value)


def _family(metric: Metric) -> Family:
    samples = [Sample(sample.name, dict(sample.labels), sample.value) for sample in metric.samples]
    return Family(metric.name, metric.documentation, metric.type, samples)


def _metric(family: Family) -> Metric:
    metric = Metric(family.name, family.about, family.kind)
    for sample in family.samples:
        metric.add_sample(sample.name, sample.labels, sample.value)
    return metric
