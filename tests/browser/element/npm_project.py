"""Our npm packages, packed as they would be published, and a project that has them installed among others."""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROJECT = Path(__file__).parent / "project"
PACKAGES = ("element", "react")
NODE_MISSING = """\
This test needs Node.js 18 or later with npm, and `{0}` is not on the PATH.
On Debian and Ubuntu: apt-get install nodejs npm"""


def node(folder: Path, program: str, *arguments: str) -> str:
    """What it prints. Raises AssertionError where there is no Node, or with what it says where it fails."""
    found = shutil.which(program)
    assert found, NODE_MISSING.format(program)
    ran = subprocess.run([found, *arguments], cwd=folder, text=True, capture_output=True, check=False,
                         env={**os.environ, "NO_PROXY": "127.0.0.1"})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def packed(folder: Path) -> dict[str, Path]:
    """Each package's tarball. Packed of a copy, for others pack as well."""
    for part in ("npm", "src/plaudit/http/element"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    pack = ("npm", "pack", "--silent", "--pack-destination", str(folder))
    return {name: folder / node(folder / "npm" / name, *pack).strip() for name in PACKAGES}


def installed(folder: Path, tarballs: dict[str, Path]) -> Path:
    """The project with the packages of its lock file, and ours."""
    made = shutil.copytree(PROJECT, folder / "project")
    node(made, "npm", "ci", "--prefer-offline")
    for name, tarball in tarballs.items():
        place = made / "node_modules/@plaudit" / name
        with tarfile.open(tarball) as archive:
            archive.extractall(folder / name, filter="data")
        place.parent.mkdir(exist_ok=True)
        shutil.move(folder / name / "package", place)
    return made
