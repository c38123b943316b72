"""What a figure was measured on."""

import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

import apsw

FSYNC_SAMPLES = 200


def facts(folder: Path) -> dict[str, str]:
    """The machine's facts, with the file system of `folder` and the time of one fsync there."""
    return {
        "CPU": f"{cpu_model()}, {os.cpu_count()} cores",
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "SQLite": apsw.sqlite_lib_version(),
        "file system": file_system(folder),
        "fsync": f"{fsync_microseconds(folder):.0f} µs (median of {FSYNC_SAMPLES})",
        "load before": "{:.2f} {:.2f} {:.2f}".format(*os.getloadavg()),
    }


def cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def file_system(folder: Path) -> str:
    """The type of the longest mount point above `folder`."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    above = [fields for fields in mounts if folder.resolve().is_relative_to(fields[1])]
    return max(above, key=lambda fields: len(fields[1]))[2]


def fsync_microseconds(folder: Path) -> float:
    """The median time to append a page to a file and see it on the disk."""
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        return statistics.median(_timed_append(file.fileno()) for _ in range(FSYNC_SAMPLES))


def resident_mb(pid: int) -> float:
    """Resident memory of a process, in megabytes of 10^6 bytes."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise LookupError(f"no VmRSS of process {pid}")


def cpu_seconds(pid: int) -> float:
    """What a process and its children, all of them still running, have used so far."""
    spent = 0
    for process in (pid, *children(pid)):
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        spent += int(fields[11]) + int(fields[12])
    return spent / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text(encoding="ascii").split()]
    return found


def _timed_append(descriptor: int) -> float:
    start = time.perf_counter()
    os.write(descriptor, bytes(4096))
    os.fdatasync(descriptor)
    return (time.perf_counter() - start) * 1e6
