"""Libraries that stand between a program and its C library, to make its disk slow or failing or its clock wrong."""

import subprocess
from pathlib import Path

HERE = Path(__file__).parent
SOURCES = {
    "slow_fsync": HERE.parents[1] / "benchmarks" / "slow_fsync.c",  # slow or failing
    "shifted_clock": HERE / "shifted_clock.c",
}


def preload(folder: Path, *names: str) -> dict[str, str]:
    """The environment that a program is started in to have them; the first is asked first. Compiled once a folder."""
    libraries = {name: folder / f"{name}.so" for name in names}
    for name, library in libraries.items():
        if not library.exists():
            subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, SOURCES[name], "-ldl"], check=True)
    return {"LD_PRELOAD": ":".join(map(str, libraries.values()))}
