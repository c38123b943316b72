"""Real input: 10,920 judgements of 124 people, through both contracts over HTTP, read back and compared."""

import csv
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REPLAY = ROOT / "benchmarks" / "replay.py"
FOLDER = ROOT.parent / "shared" / "data" / "llmfao"


def replay(*arguments):
    return subprocess.run([sys.executable, REPLAY, *arguments], capture_output=True, text=True, check=False)


def lines(name):
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


# In CI a skip is a failure (tests/conftest.py): there the trace has to be beside the checkout.
@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """What a replay says, and the server's ranking of the models afterwards."""
    if not FOLDER.is_dir():
        pytest.skip(f"the LLMFAO trace is not in {FOLDER}; `make replay` says what it is")
    ranking = tmp_path_factory.mktemp("replay") / "ranking.csv"
    played = replay("--data", str(FOLDER), "--ranking", str(ranking))
    assert played.returncode == 0, played.stdout + played.stderr
    with ranking.open(encoding="utf-8", newline="") as file:
        return played, list(csv.DictReader(file))


def test_the_whole_trace_is_stored_exactly_once(played):
    """Every judgement is a revision, each worker's last on each answer stands, and the totals are the known ones."""
    played = played[0]
    assert "none lost, none doubled" in played.stdout
    rows = [line.split("│")[1:3] for line in played.stdout.splitlines() if line.startswith("│")]
    assert {name.strip(): total.strip() for name, total in rows} == {
        "messages": "7,316", "votes": "7,316", "likes": "3,941", "dislikes": "3,375",
        "gpt4_likes": "99", "gpt4_votes": "118", "history": "10,920",
    }


def test_the_ranking_has_each_models_rate_exactly(played):
    """All 59, beside a count of the trace by other means: what each worker said last of each answer."""
    models = {answer["answer"]: answer["model"] for answer in lines("answers.jsonl")}
    last = {(vote["worker"], vote["answer"]): vote["rating"]
            for vote in sorted(lines("votes.jsonl"), key=lambda vote: vote["seq"])}
    votes = Counter(models[answer] for _, answer in last)
    likes = Counter(models[answer] for (_, answer), rating in last.items() if rating == 1)
    ranked = {row["model"]: row for row in played[1]}
    assert len(ranked) == len(votes) == 59
    for model, row in ranked.items():
        assert (int(row["likes"]), int(row["votes"]), int(row["shown"])) == (likes[model], votes[model], votes[model])
        assert float(row["satisfaction"]) == likes[model] / votes[model]
    assert (ranked["GPT 4"]["likes"], ranked["GPT 4"]["votes"]) == ("99", "118")


def test_the_ranking_is_as_unsure_as_its_people_are_few(played):
    """Every interval holds its rate, and the first of them may be no better than the eleventh."""
    for row in played[1]:
        low, value, high = (float(row[name]) for name in ("simultaneous_low", "satisfaction", "simultaneous_high"))
        assert low < value < high
        assert 1 <= int(row["rank_low"]) <= int(row["rank_high"]) <= 59
    assert int(played[1][0]["rank_high"]) > 10


def test_a_clone_without_the_trace_is_told_where_to_put_it(tmp_path):
    """The data is not part of the repository."""
    played = replay("--data", str(tmp_path / "nothing"))
    assert played.returncode == 2
    assert f"not in {tmp_path / 'nothing'}" in played.stderr
    assert "--data FOLDER" in played.stderr
