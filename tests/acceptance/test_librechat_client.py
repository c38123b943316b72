"""LibreChat's own client, the package that its page is built on, votes through Plaudit: only its address is another."""

import json
from pathlib import Path

import identity_provider
from published import node, npm_installed
from running import plaudit, project, user

SOURCES = Path(__file__).parent / "librechat"
REASONS = [{"id": "inaccurate", "vote": "dislike", "texts": {"en": "Wrong"}}]


def test_the_client_of_librechats_page(tmp_path):
    """A thumb with a tag, another with a comment, none any more; what it is refused is a sentence."""
    folder, ann = npm_installed(SOURCES, tmp_path / "librechat"), user("ann")
    with (
        identity_provider.running() as provider,
        plaudit(tmp_path, [project("main", provider.url, reasons=REASONS)]) as server,
    ):
        assert server.register("m-1", ann, "c-1").status_code == 201
        said = node(folder, "vote.mjs", f"http://127.0.0.1:{server.port}/librechat",
                    ann.headers["authorization"].removeprefix("Bearer "), "c-1", "m-1")
        history = [(each["vote"], each["comment"], each["reasons"]) for each in server.history("m-1")]
    stored = {"messageId": "m-1", "conversationId": "c-1"}
    assert [json.loads(line) for line in said.splitlines()] == [
        {**stored, "feedback": {"rating": "thumbsUp"}},
        {**stored, "feedback": {"rating": "thumbsDown", "tag": "inaccurate", "text": "Wrong."}},
        {**stored, "feedback": None},
        [404, {"error": "No such message"}],
        [400, {"error": "feedback.rating: must be 'thumbsUp' or 'thumbsDown'"}],
    ]
    assert history == [("like", None, []), ("dislike", "Wrong.", ["inaccurate"]), (None, None, [])]
