"""What a newcomer is told to paste works as pasted: the three lines of the first start."""

import json

from documents import bash, value


def test_the_first_starts_three_lines_work_as_pasted(newcomer):
    """Register two messages, vote through SiteAssist's contract, vote through HandAuncle's as a guest."""
    folder, lines = newcomer
    pasted = [bash(folder, line) for line in lines if line.startswith("curl ")]
    assert [each.stderr for each in pasted] == [""] * 3
    registered, voted, voted_as_guest = (json.loads(each.stdout) for each in pasted)
    assert [result["status"] for result in registered["results"]] == ["created"] * 2
    assert voted == {"feedback": "like"}
    assert (voted_as_guest["success"], voted_as_guest["data"]["rating"], voted_as_guest["data"]["feedback"]) == (
        True, -1, "Too long")


def test_the_votes_can_be_read_again_with_the_key_that_was_printed(newcomer):
    """Pasting them once more, and then looking: two votes, each as it was given last."""
    folder, lines = newcomer
    for line in lines:
        if line.startswith("curl "):
            bash(folder, line)
    read = bash(folder, f"curl -sS {value(lines, 'Plaudit serves')}/v1/feedback "
                        f"-H 'Authorization: Bearer {value(lines, 'Server key:')}'")
    votes = [(item["contract"], item["vote"], item["comment"]) for item in json.loads(read.stdout)["items"]]
    assert sorted(votes) == [("handauncle", "dislike", "Too long"), ("siteassist", "like", None)]
