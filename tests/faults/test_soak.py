"""`make soak`, its first few faults: what it says, and that it finds what is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SEED = "15"  # begins with a kill, which is what the control has to meet
SECONDS = 3


@pytest.fixture
def soaked(tmp_path):
    """Its exit code and its lines."""
    def run(alterations=""):
        chosen = {"SOAK_SEED": SEED, "SOAK_MINUTES": str(SECONDS / 60), "SOAK_DATABASES": "sqlite",
                  "SOAK_ALTERATIONS": alterations, "PYTHONPATH": str(HERE.parent), "TMPDIR": str(tmp_path)}
        ended = subprocess.run([sys.executable, HERE / "soak.py"], env={**os.environ, **chosen}, capture_output=True,
                               text=True, check=False, timeout=120)
        assert ended.stderr == ""
        return ended.returncode, ended.stdout.splitlines()

    return run


def test_a_sound_server_passes(soaked, tmp_path):
    """The seed first, a line for each fault with what the server holds, the seed again; no file is left."""
    code, (first, *faults, last) = soaked()
    assert (code, first) == (0, f"SOAK_SEED={SEED}: {SECONDS / 60:g} minutes on sqlite")
    assert faults
    assert all("descriptors" in fault for fault in faults)
    assert last == f"SOAK_SEED={SEED}: nothing is wrong"
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_acknowledges_before_it_commits_is_found_out(soaked, tmp_path):
    """The control: an exit code, the violations, and where to look."""
    code, lines = soaked("acknowledges_early")
    folder, = tmp_path.iterdir()
    assert code == 1
    assert any(line.startswith("I1") for line in lines)
    assert lines[-1] == f"SOAK_SEED={SEED} found this. Its files are in {folder}"
