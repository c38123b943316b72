"""Training sets: which votes become which rows, for whom, and what the card says of them."""

import hashlib
import json
from collections import defaultdict

import pytest

from plaudit.cli.export_made import Origin, training_set
from plaudit.exports.formats import Format
from plaudit.exports.training import Pairs, Recipe, split_of

SPLITS = (("train", 0.7), ("test", 0.3))


def line(number, **changes):
    """A vote of a person of its own on an answer of its own."""
    return {"message_id": f"m-{number}", "subject_kind": "user", "subject_issuer": "https://i.example/",
            "subject": f"person-{number}", "vote": "like", "role": "assistant", "model": "gpt-x",
            "question": f"Question {number}?", "content": f"Answer {number}.", **changes}


@pytest.fixture
def made(tmp_path):
    """What a recipe makes of lines: rows by file, and the card."""

    def make(lines, form, **recipe):
        source = tmp_path / "lines"
        source.write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
        files = training_set(source, tmp_path / "set.jsonl", Recipe(form, **recipe),
                             Origin("acme", "2026-11-22T08:00:00.000Z", {"model": None, "locale": "de"}))
        assert sorted(tmp_path.iterdir()) == sorted([source, *files])
        *written, card, words = files
        return {file.name: [json.loads(row) for row in file.read_text("utf-8").splitlines()] for file in written}, \
            json.loads(card.read_text("utf-8")), words.read_text("utf-8")

    return make


def user(text):
    return [{"role": "user", "content": text}]


def assistant(text):
    return [{"role": "assistant", "content": text}]


# ---------------------------------------------------------------- rows


def test_kto_has_every_vote_with_its_label(made):
    rows, card, _ = made([line(1), line(2, vote="dislike")], Format.KTO)
    assert rows == {"set.jsonl": [
        {"prompt": user("Question 1?"), "completion": assistant("Answer 1."), "label": True},
        {"prompt": user("Question 2?"), "completion": assistant("Answer 2."), "label": False}]}
    assert (card["balance"]["likes"], card["balance"]["dislikes"]) == (1, 1)


def test_sft_has_what_was_liked(made):
    rows, card, _ = made([line(1), line(2, vote="dislike")], Format.SFT, plain=True)
    assert rows == {"set.jsonl": [{"prompt": "Question 1?", "completion": "Answer 1."}]}
    assert card["left_out"] == {"disliked": 1}


def test_dpo_has_two_answers_to_one_prompt(made):
    """Each vote is in one pair at the most; what was liked and disliked alike is in none."""
    lines = [line(1, question="Q?"), line(2, question="Q?", vote="dislike"), line(3, question="Q?"),
             line(4, question="R?"), line(5, question="S?", content="Same."),
             line(6, question="S?", content="Same.", vote="dislike")]
    rows, card, _ = made(lines, Format.DPO)
    [row] = rows["set.jsonl"]
    assert row["prompt"] == user("Q?")
    assert row["chosen"][0]["content"] in {"Answer 1.", "Answer 3."}
    assert row["rejected"] == assistant("Answer 2.")
    assert (card["left_out"], card["options"]["pairs"]) == ({"in no pair": 4}, "anybody")


def test_pairs_of_the_same_voter_are_one_persons(made):
    lines = [line(1, question="Q?", subject="ann"), line(2, question="Q?", subject="bo", vote="dislike"),
             line(3, question="R?", subject="ann"), line(4, question="R?", subject="ann", vote="dislike")]
    rows, *_ = made(lines, Format.DPO, pairs=Pairs.SAME_VOTER, plain=True)
    assert rows["set.jsonl"] == [{"prompt": "R?", "chosen": "Answer 3.", "rejected": "Answer 4."}]


def test_what_is_not_known_is_no_example(made):
    """The card says how many and why."""
    lines = [line(1, question=None), line(2, content=None), line(3, role="human_agent"), line(4, content=""), line(5)]
    rows, card, _ = made(lines, Format.KTO)
    assert len(rows["set.jsonl"]) == 1
    assert card["votes_read"] == 5
    assert card["left_out"] == {"question not known": 1, "answer's content not known": 2, "not a model's answer": 1}


# ---------------------------------------------------------------- options


def test_a_person_has_so_many_votes_at_the_most(made):
    lines = [line(number, subject="loud") for number in range(50)] + [line(number) for number in range(50, 55)]
    rows, card, _ = made(lines, Format.KTO, per_subject_max=3)
    assert len(rows["set.jsonl"]) == 3 + 5
    assert (card["left_out"], card["people"]) == ({"above the limit of a person": 47}, 6)


def test_of_the_same_completion_one_is_left(made):
    """Of each label; the same answer to another question is another one."""
    lines = [line(1, question="Q?", content="A."), line(2, question="Q?", content="A."),
             line(3, question="Q?", content="A.", vote="dislike"), line(4, question="R?", content="A.")]
    rows, card, _ = made(lines, Format.KTO, deduplicated=True, plain=True)
    assert [(row["prompt"], row["label"]) for row in rows["set.jsonl"]] == [("Q?", True), ("Q?", False), ("R?", True)]
    assert card["left_out"] == {"repeated": 1}


@pytest.mark.parametrize("form", [Format.KTO, Format.DPO, Format.SFT])
def test_nobody_is_in_two_splits(made, form):
    """Also where two people make a pair; the shares are about what was asked for."""
    lines = [line(f"{person}-{vote}", subject=f"person-{person}", question=f"Q{vote}?",
                  content=f"of person-{person}: {vote}", vote="like" if person % 2 else "dislike")
             for person in range(200) for vote in range(3)]
    rows, card, _ = made(lines, form, splits=SPLITS, plain=True)
    people = defaultdict(set)
    for name, found in rows.items():
        for row in found:
            for column in ("completion", "chosen", "rejected"):
                if column in row:
                    people[name].add(row[column].split(":")[0])
    train, test = people["set.train.jsonl"], people["set.test.jsonl"]
    assert not train & test
    assert 0.55 < len(train) / len(train | test) < 0.85
    assert [file["split"] for file in card["files"]] == ["train", "test"]


def test_a_person_is_in_the_same_split_for_ever():
    """A set that is made anew next month tests nobody whom a model was trained on before."""
    assert [split_of(f"user:i#{number}", SPLITS) for number in range(12)] == [0, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0]
    assert split_of("anybody", ()) == 0


# ---------------------------------------------------------------- the card


def test_the_card_says_what_is_in_the_files(made, tmp_path):
    lines = [line(number, model="b" if number % 4 else "a", vote="like" if number % 5 else "dislike")
             for number in range(100)]
    _, card, words = made(lines, Format.KTO)
    [file] = card["files"]
    content = (tmp_path / "set.jsonl").read_bytes()
    assert (file["sha256"], file["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))
    assert card["models"] == [{"model": "b", "votes": 75, "share": 0.75}, {"model": "a", "votes": 25, "share": 0.25}]
    assert (card["as_of"], card["filters"]) == ("2026-11-22T08:00:00.000Z", {"locale": "de"})
    balance = card["balance"]
    assert (balance["share_of_likes"], balance["reliability"]) == (0.8, "good")
    assert balance["low"] < 0.8 < balance["high"]
    assert file["sha256"] in words
    assert "80.0% are likes (95 % interval" in words


def test_a_card_is_a_table_whatever_a_model_is_called(made):
    _, _, words = made([line(1, model="a|b\n# c`d")], Format.KTO)
    assert "| `a\\|b # c'd` | 1 | 100.0% |" in words


def test_nothing_makes_an_empty_set(made):
    rows, card, words = made([], Format.KTO)
    assert rows == {"set.jsonl": []}
    assert (card["balance"]["share_of_likes"], "There are no votes." in words) == (None, True)
