"""A disk that loses at a power cut what it was not told to keep: an ext4 on a block device with a write cache.

Three files, one in the other. `device` is the disk's magnetic side. `cache/device`, a file on an ext4 on it, is the
block device that Plaudit's ext4, `disk`, lies on. So a write has two caches to go through, as on a real machine:

    written by Plaudit          in the page cache of `disk`
    written back by the kernel  in the page cache of `cache`, as in a drive's own cache
    flushed                     in `device`

Whoever copies `device` gets what the power cut leaves: what the kernel flushed, and of the rest whatever it happened to
write back, in any order. A copy of a single image would also hold what was in the drive's cache. That the loop devices
read and write `device` through the machine's page cache changes nothing: the copy is read through the same.

Mounts and loop devices are in a mount namespace that lives as long as its processes: one that waits for its input to
end, and those that `entered` began, which die with their parent. A killed test leaves nothing behind. Needs root.
"""

import asyncio
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from serving import until

DEVICE_SIZE, DISK_SIZE = "128M", "96M"
FOUND = """
set -eu
cd "$1"
made() { test -e "$1" || { truncate -s "$2" "$1" && mkfs.ext4 -q -F "$1"; }; }
mkdir cache disk
made device "$2"
mount -t ext4 -o loop device cache
made cache/device "$3"
mount -t ext4 -o loop cache/device disk
echo "mounted $(losetup --noheadings --output NAME --associated device)"
exec cat
"""


class Unmountable(Exception):
    """This machine, or this user, cannot mount a disk image."""


class LosingDisk:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self.folder = folder / "disk"  # as it is called inside; outside it stays empty
        script = ["sh", "-c", FOUND, "sh", folder, DEVICE_SIZE, DISK_SIZE]
        self._holder = subprocess.Popen(["unshare", "--mount", "--propagation", "private", *script],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def __enter__(self) -> Self:
        """Raises `Unmountable`."""
        word, _, block_device = self._holder.stdout.readline().decode().strip().partition(" ")
        if word != "mounted":
            raise Unmountable(self._holder.communicate()[1].decode().strip())
        self._statistics = Path("/sys/block", Path(block_device).name, "stat")
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None,
                 _traceback: TracebackType | None) -> None:
        self._holder.communicate()

    @property
    def seen_from_outside(self) -> Path:
        return Path(f"/proc/{self._holder.pid}/root{self.folder}")

    @property
    def entered(self) -> list[str]:
        """A command after this runs on the disk."""
        return ["nsenter", "--target", str(self._holder.pid), "--mount", "setpriv", "--pdeathsig", "KILL"]

    def flush_no_more(self) -> None:
        """As a disk that keeps no promise: whoever synchronises a file hears that it is done."""
        subprocess.run([*self.entered, "mount", "-o", "remount,barrier=0", self.folder], check=True)

    async def after_a_power_cut(self, folder: Path) -> Self:
        """A copy, not yet mounted, of what reached the device, whose writer has been paused. Where the kernel wrote on
        meanwhile, the copy is no one moment's and is made again."""
        await until(lambda: asyncio.to_thread(self._copied_at_rest, folder))
        return type(self)(folder)

    def _copied_at_rest(self, folder: Path) -> bool:
        folder.mkdir(exist_ok=True)
        written = self._writes_completed()
        subprocess.run(["cp", "--sparse=always", self._folder / "device", folder], check=True)
        return written is not None and written == self._writes_completed()

    def _writes_completed(self) -> int | None:
        """None: a request is on its way."""
        statistics = self._statistics.read_text().split()
        return None if int(statistics[8]) else int(statistics[4])
