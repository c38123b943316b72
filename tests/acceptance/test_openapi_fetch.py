"""A TypeScript client made from the SiteAssist document alone votes, takes it back and reads it again.

It installs its own npm packages, as its lock file has them; npm keeps what it has fetched once.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from running import Person, plaudit, project, publishable_key

from plaudit.http.document import document

SOURCES = Path(__file__).parent / "openapi_fetch"
DEVICE, CONVERSATION, MESSAGE = "device-abc-123", "5a8f3f0e-6f0c-4e39-9a4a-0d7f6f1f2b11", (
    "123e4567-e89b-12d3-a456-426614174000")
NODE_MISSING = """\
This test needs Node.js 18 or later with npm, and `{0}` is not on the PATH.
On Debian and Ubuntu: apt-get install nodejs npm"""


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A folder with the client, its packages, the document's types, and what the compiler made of them."""
    folder = tmp_path_factory.mktemp("openapi_fetch")
    for name in ("package.json", "package-lock.json", ".npmrc", "tsconfig.json", "client.ts", "misuse.ts"):
        shutil.copy(SOURCES / name, folder)
    (folder / "siteassist.json").write_bytes(document("plaudit.http.contracts.siteassist"))
    node(folder, "npm", "ci", "--prefer-offline")
    node(folder, "npx", "openapi-typescript", "siteassist.json", "--output", "siteassist.d.ts")
    node(folder, "npx", "tsc")
    return folder


def node(folder, program, *arguments):
    """What it prints. Raises AssertionError where there is no Node, or with what it says where it fails."""
    found = shutil.which(program)
    assert found, NODE_MISSING.format(program)
    ran = subprocess.run([found, *arguments], cwd=folder, text=True, capture_output=True, check=False,
                         env={**os.environ, "NO_PROXY": "127.0.0.1"})
    assert ran.returncode == 0, f"{program} {' '.join(arguments)}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


def test_a_generated_client_votes_takes_it_back_and_reads_it_again(tmp_path, client):
    """Compiled against the document's types with nothing cast; what those types refuse is in `misuse.ts`."""
    with plaudit(tmp_path, [project("main")]) as server:
        hello = server.http.post("/v2/identity/init", json={"apiKey": publishable_key(), "saVid": DEVICE})
        visitor = Person({"visitor": {"id": hello.json()["visitor"]["id"]}}, {})
        assert server.register(MESSAGE, visitor, CONVERSATION).status_code == 201
        said = json.loads(node(client, "node", "built/client.js", f"http://127.0.0.1:{server.port}/v2",
                               publishable_key(), DEVICE, CONVERSATION, MESSAGE))
        history = [(each["revision"], each["vote"]) for each in server.history(MESSAGE)]
    times = [step["read"][0].pop("feedbackAt") for step in said["steps"]]
    assert [time is not None for time in times] == [True, True, False, False]
    assert said == {
        "visitor": "anonymous",
        "steps": [{"stored": vote, "read": [{"feedback": vote}]} for vote in ("like", "dislike", None, None)],
        "conversations": [CONVERSATION],
        "unknown": [404, "CONVERSATION_NOT_FOUND"],
    }
    assert history == [(1, "like"), (2, "dislike"), (3, None)]
