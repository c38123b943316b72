"""The replay's comparison is worth something: it finds what a store that loses, doubles or changes a vote shows."""

import importlib
import json
import sys
from pathlib import Path

import pytest

RUN = "a run"
ANSWER = {"prompt_slug": "sally", "prompt": "?", "kind": "reflexion", "org": "An", "api": "a", "latency_ms": 1.0,
          "text": "2"}
ANSWERS = [{**ANSWER, "answer": "a1", "model": "GPT 4"}, {**ANSWER, "answer": "a2", "model": "Another"}]
VOTES = [("w1", "a1", 1), ("w1", "a2", -1), ("w2", "a2", 1), ("w1", "a1", -1), ("w3", "a1", 1), ("w4", "a2", 1)]


@pytest.fixture
def llmfao(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    yield importlib.import_module("llmfao")
    sys.modules.pop("llmfao")


@pytest.fixture
def shown(llmfao, tmp_path):
    """An invented trace in the real one's form."""
    votes = [{"seq": seq, "worker": worker, "answer": answer, "rating": rating, "against": "a3"}
             for seq, (worker, answer, rating) in enumerate(VOTES)]
    for name, rows in (("answers", ANSWERS), ("votes", votes)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return llmfao.read(tmp_path)


@pytest.fixture
def read_back(shown):
    """What a correct server says: what stands, and the histories."""
    histories = {message.id(RUN): list(message.ratings) for message in shown}
    return {message_id: ratings[-1] for message_id, ratings in histories.items()}, histories


def test_a_correct_server_shows_no_difference(llmfao, shown, read_back):
    """The last judgement stands, and each is in the history."""
    assert llmfao.differences(RUN, shown, *read_back) == []
    assert llmfao.totals(RUN, shown, *read_back) == llmfao.Totals(
        messages=5, votes=5, likes=3, dislikes=2, gpt4_likes=1, gpt4_votes=2, history=6)


def test_workers_are_dealt_out_half_a_quarter_and_a_quarter(llmfao, shown):
    """Ids have the form of the contract that each comes through."""
    kinds = {message.worker: message.kind for message in shown}
    assert kinds == dict(zip(["w1", "w2", "w3", "w4"], llmfao.KINDS, strict=True))
    lengths = {message.kind: len(message.id(RUN)) for message in shown}
    assert lengths == {llmfao.Kind.USER: 24, llmfao.Kind.GUEST: 24, llmfao.Kind.VISITOR: 36}


@pytest.mark.parametrize("damage", [
    lambda standing, key: standing.pop(key),
    lambda standing, key: standing.update({key: -standing[key]}),
], ids=["lost", "changed"])
def test_a_damaged_vote_is_found(llmfao, shown, read_back, damage):
    """It is named by its message."""
    standing, histories = read_back
    key = shown[0].id(RUN)
    damage(standing, key)
    [line] = llmfao.differences(RUN, shown, standing, histories)
    assert line.startswith(f"{key}: -1 was said last")


@pytest.mark.parametrize("damage", [
    lambda history: history.clear(),
    lambda history: history.pop(),
    lambda history: history.append(history[-1]),
    lambda history: history.reverse(),
], ids=["all lost", "one lost", "one doubled", "order changed"])
def test_a_damaged_history_is_found(llmfao, shown, read_back, damage):
    """It is named by its message."""
    standing, histories = read_back
    key = shown[0].id(RUN)
    damage(histories[key])
    [line] = llmfao.differences(RUN, shown, standing, histories)
    assert line.startswith(f"{key}: (1, -1) was said")
