"""The published client of assistant-ui's cloud votes through Plaudit, in a page and on a server: only its base URL, and
the server's key, are other than before."""

import json
from pathlib import Path

import identity_provider
from published import node, npm_installed
from running import Person, plaudit, project, server_key, user

SOURCES = Path(__file__).parent / "assistant_ui"


def test_the_client_of_assistant_uis_cloud(tmp_path):
    """Whoever has a token of their own, and whom the server names; what they are refused."""
    folder = npm_installed(SOURCES, tmp_path / "client")
    ann, named = user("ann"), Person({"visitor": {"id": "u-1"}}, {})
    with identity_provider.running() as provider, plaudit(tmp_path, [project("main", provider.url)]) as server:
        for message_id, owner, thread_id in (("m-1", ann, "c-1"), ("m%2F2", named, "c/2")):
            assert server.register(message_id, owner, thread_id).status_code == 201
        said = node(folder, "vote.mjs", f"http://127.0.0.1:{server.port}/assistant-ui",
                    ann.headers["authorization"].removeprefix("Bearer "), server_key(scope="feedback:write"), "u-1")
        stored = {message_id: [(each["vote"], each["comment"], each["auth_level"])
                               for each in server.history(message_id)] for message_id in ("m-1", "m%2F2")}
    first, second, third, *refused = [json.loads(line) for line in said.splitlines()]
    assert (first["feedback_id"], third["feedback_id"]) == (second["feedback_id"], third.pop("feedback_id"))
    assert (second["type"], second["comment"]) == ("negative", "Wrong.")
    assert third == {"type": "negative", "comment": "Too short."}
    assert refused == [["CloudAPIError", 404, "No such message"], ["CloudAPIError", 404, "No such message"],
                       ["CloudAPIError", 400, "type: must be 'positive' or 'negative'"]]
    assert stored == {"m-1": [("like", None, "jwt"), ("dislike", "Wrong.", "jwt")],
                      "m%2F2": [("dislike", "Too short.", "server-key")]}
