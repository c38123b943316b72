"""A disk of a few megabytes, in a mount namespace of its own that lives as long as a process that only waits.

Works for root and for anybody else who may make a user namespace; where that is forbidden the tests fail.
"""

import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && echo mounted && exec cat'


class SmallDisk:
    def __init__(self, folder: Path, size: str, **owner: Any) -> None:
        """`owner`: whose it is, as `subprocess` wants to be told; without it one's own."""
        folder.mkdir()
        self._owner = owner
        self.folder = folder  # as it is called inside; outside it stays empty
        self._holder = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNT, "sh", size, folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, **owner)

    def __enter__(self) -> Self:
        assert self._holder.stdout.readline() == b"mounted\n"
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
        return ["nsenter", "--target", str(self._holder.pid), "--user", "--preserve-credentials", "--mount"]

    def fill(self) -> None:
        """Something else takes all the space that is left."""
        subprocess.run([*self.entered, "dd", "if=/dev/zero", f"of={self.folder}/ballast", "bs=4096"],
                       stderr=subprocess.DEVNULL, check=False, **self._owner)

    def make_space(self) -> None:
        (self.seen_from_outside / "ballast").unlink()

    def resize(self, size: str) -> None:
        self._remount(f"size={size}")

    def allow(self, access: str) -> None:
        """`ro` or `rw`"""
        self._remount(access)

    def _remount(self, option: str) -> None:
        """Without the options that the kernel reports: some of them only root may repeat."""
        subprocess.run([*self.entered, "mount", "--options-source=disable", "-o", f"remount,{option}", self.folder],
                       check=True, **self._owner)
