"""What a process holds (I8), and what it holds too much of."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Footprint:
    resident_mb: int
    descriptors: int
    threads: int

    def __str__(self) -> str:
        return f"{self.resident_mb} MB, {self.descriptors} descriptors, {self.threads} threads"

    @classmethod
    def of(cls, pid: int) -> Self:
        process = Path("/proc", str(pid))
        told = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        descriptors = len(list((process / "fd").iterdir()))
        return cls(int(told["VmRSS"].split()[0]) // 1024, descriptors, int(told["Threads"]))

    def beyond(self, before: Self, growth: Self) -> list[str]:
        """In words, what is more than it was before and may grow to."""
        return [f"I8 {name} grew from {was} to {now}, by more than {more}"
                for name, was, now, more in zip(self.__slots__, *map(dataclasses.astuple, (before, self, growth)),
                                                strict=True)
                if now > was + more]
