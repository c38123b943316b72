"""Real input: 10,920 judgements of 124 people, through both contracts over HTTP, read back and compared."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REPLAY = ROOT / "benchmarks" / "replay.py"
FOLDER = ROOT.parent / "shared" / "data" / "llmfao"


def replay(*arguments):
    return subprocess.run([sys.executable, REPLAY, *arguments], capture_output=True, text=True, check=False)


# In CI a skip is a failure (tests/conftest.py): there the trace has to be beside the checkout.
@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the LLMFAO trace is not in {FOLDER}; `make replay` says what it is")
def test_the_whole_trace_is_stored_exactly_once():
    """Every judgement is a revision, each worker's last on each answer stands, and the totals are the known ones."""
    played = replay("--data", str(FOLDER))
    assert played.returncode == 0, played.stdout + played.stderr
    assert "none lost, none doubled" in played.stdout
    rows = [line.split("│")[1:3] for line in played.stdout.splitlines() if line.startswith("│")]
    assert {name.strip(): total.strip() for name, total in rows} == {
        "messages": "7,316", "votes": "7,316", "likes": "3,941", "dislikes": "3,375",
        "gpt4_likes": "99", "gpt4_votes": "118", "history": "10,920",
    }


def test_a_clone_without_the_trace_is_told_where_to_put_it(tmp_path):
    """The data is not part of the repository."""
    played = replay("--data", str(tmp_path / "nothing"))
    assert played.returncode == 2
    assert f"not in {tmp_path / 'nothing'}" in played.stderr
    assert "--data FOLDER" in played.stderr
