"""Schemathesis against a running server, for each of the documents and each way to say who is asking.

Every check, every phase and every operation; nothing is left out, and a warning fails. Of the numbers alone a request
may be refused that the document's schemas allow: which hours a time zone has, that two parameters fit together, and
which arms there are, no schema says. Nor who has become which user already, that a back end has no session, and when a
link may end. What is sent follows from the seed alone, which is printed.

For a longer run, with others:

    make test ARGS="tests/acceptance/test_schemathesis.py --schemathesis-examples=500 --schemathesis-seed=7"
"""

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import identity_provider
import pytest
import tomlkit
from running import MAIN, Person, bearer, guest, plaudit, project, server_key, user

HTTP = Path(str(files("plaudit.http")))
SITEASSIST = HTTP / "contracts/siteassist/openapi.yaml"
HANDAUNCLE = HTTP / "contracts/handauncle/openapi.yaml"
VOTES = HTTP / "contracts/plaudit/openapi.yaml"
OWN_API = HTTP / "api/openapi.yaml"
DIFY = HTTP / "contracts/dify/openapi.yaml"
LIBRECHAT = HTTP / "contracts/librechat/openapi.yaml"
ASSISTANT_UI = HTTP / "contracts/assistant_ui/openapi.yaml"
LANGFUSE = HTTP / "contracts/langfuse/openapi.yaml"
LANGSMITH = HTTP / "contracts/langsmith/openapi.yaml"

# The documents' own examples: a message and its conversation.
PUBLISHABLE_KEY = "pk_example_0123456789"
IDS = {
    SITEASSIST: ("123e4567-e89b-12d3-a456-426614174000", "5a8f3f0e-6f0c-4e39-9a4a-0d7f6f1f2b11"),
    HANDAUNCLE: ("507f1f77bcf86cd799439011", "665f1f77bcf86cd799439000"),
    VOTES: ("m-1", "c-1"),
    OWN_API: ("m-1", "c-1"),
    DIFY: ("m-1", "c-1"),
    LIBRECHAT: ("m-1", "c-1"),
    ASSISTANT_UI: ("m-1", "c-1"),
    LANGFUSE: ("m-1", "c-1"),
    LANGSMITH: ("m-1", "c-1"),
}
REFUSABLE = {"positive_data_acceptance": {"expected-statuses": ["2xx", "304", "422", "429", "5xx"]}}
LINKS = {"positive_data_acceptance": {"expected-statuses": ["2xx", "409", "415", "422", "429", "5xx"]}}
OWN_OPERATIONS = [
    {"include-path": "/v1/identities/link", "checks": LINKS},
    {"include-path-regex": "^/v1/analytics/(summary|series|breakdown|ranking)$", "checks": REFUSABLE},
    {"include-path": "/v1/exports/feedback", "checks": REFUSABLE},
    {"include-path": "/v1/analytics/compare", "checks": REFUSABLE, "warnings": False},  # of most being refused
]
LANGSMITH_OPERATIONS = [
    {"include-path": "/langsmith/feedback/tokens", "checks": REFUSABLE},  # when a link may end follows from the clock
    {"include-path": "/langsmith/feedback/tokens/{token}", "warnings": False},  # of a link that nobody has made
]
OPERATIONS = {OWN_API: OWN_OPERATIONS, LANGSMITH: LANGSMITH_OPERATIONS}  # a filter that matches nothing is a warning
GUEST_SCHEMES = {"device": "x-device-id", "guest": "x-user-id", "platform": "x-platform"}


@pytest.fixture(params=["sqlite", "postgres"])
def server(request, tmp_path):
    """One project with the documents' publishable key, and no limit on how fast anyone may ask. On each database."""
    database = {"database_url": request.getfixturevalue("postgres_url")} if request.param == "postgres" else {}
    with (
        identity_provider.running() as provider,
        plaudit(tmp_path, [project(MAIN, provider.url, publishable_key=PUBLISHABLE_KEY)], **database) as running,
    ):
        yield running


# ---------------------------------------------------------------- who is asking


def visitor(server):
    """As `server.visitor`, under the documents' publishable key."""
    body = {"apiKey": PUBLISHABLE_KEY, "saVid": "a-device"}
    session = server.http.post("/v2/identity/init", json=body).raise_for_status().json()
    return Person({"visitor": {"id": session["visitor"]["id"]}}, bearer(session["sessionToken"]))


def ann(_server):
    return user("ann")


def gus(_server):
    return guest("gus")


def named(_server):
    return Person({"visitor": {"id": "abc-123"}}, {})


def siteassist_credentials(person):
    return {"session": {"bearer": token(person)}, "publishableKey": {"api_key": PUBLISHABLE_KEY}}


def user_or_guest_credentials(person):
    if "authorization" in person.headers:
        return {"bearer": {"bearer": token(person)}}
    return {scheme: {"api_key": person.headers[header]} for scheme, header in GUEST_SCHEMES.items()}


def langfuse_credentials(_person):
    return {"keys": {"username": PUBLISHABLE_KEY, "password": server_key()}}


def langsmith_credentials(_person):
    return {"key": {"api_key": server_key()}}


def own_credentials(_person):
    return {"serverKey": {"bearer": server_key()}}


def named_credentials(person):
    return {"serverKey": {"bearer": server_key()}, "userId": {"api_key": person.owner["visitor"]["id"]}}


def token(person):
    return person.headers["authorization"].removeprefix("Bearer ")


# ---------------------------------------------------------------- what holds


@pytest.mark.parametrize(
    ("document", "someone", "credentials"),
    [
        pytest.param(SITEASSIST, visitor, siteassist_credentials, id="siteassist-visitor"),
        pytest.param(SITEASSIST, ann, siteassist_credentials, id="siteassist-user"),
        pytest.param(HANDAUNCLE, ann, user_or_guest_credentials, id="handauncle-user"),
        pytest.param(HANDAUNCLE, gus, user_or_guest_credentials, id="handauncle-guest"),
        pytest.param(VOTES, ann, user_or_guest_credentials, id="plaudit-user"),
        pytest.param(VOTES, gus, user_or_guest_credentials, id="plaudit-guest"),
        pytest.param(OWN_API, ann, own_credentials, id="own-api"),
    ],
)
def test_the_server_is_what_its_document_says(server, pytestconfig, document, someone, credentials):
    """With credentials that are good, and an object of one's own behind each id that the document gives as example."""
    person = someone(server)
    register(server, person, document)
    schemathesis(server, pytestconfig, document, auth={"openapi": credentials(person)}, warnings={"fail-on": True})


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("document", "someone", "credentials"),
    [
        pytest.param(DIFY, named, own_credentials, id="dify"),
        pytest.param(LIBRECHAT, ann, user_or_guest_credentials, id="librechat"),
        pytest.param(ASSISTANT_UI, ann, user_or_guest_credentials, id="assistant-ui-user"),
        pytest.param(ASSISTANT_UI, named, named_credentials, id="assistant-ui-server"),
        pytest.param(LANGFUSE, ann, langfuse_credentials, id="langfuse"),
        pytest.param(LANGSMITH, ann, langsmith_credentials, id="langsmith"),
    ],
)
def test_another_tools_contract_is_what_its_document_says(server, pytestconfig, document, someone, credentials):
    """Beneath them is what is beneath the others: on one database."""
    person = someone(server)
    register(server, person, document)
    schemathesis(server, pytestconfig, document, auth={"openapi": credentials(person)}, warnings={"fail-on": True})


def test_nobody_is_shown_what_is_another_voters(server, pytestconfig):
    """Whatever its owner was shown is asked for again by somebody else: the one check that needs two people.

    It compares whole answers, so it says nothing of HandAuncle's, in each of which stands the time.
    """
    people = {"owner": visitor(server), "other": ann(server)}
    register(server, people["owner"], SITEASSIST)
    file = server.folder / "people.json"
    file.write_text(json.dumps({"auth": [
        {"name": name, "fixedHeaders": [{"name": header, "value": value} for header, value in person.headers.items()]}
        for name, person in people.items()]}), encoding="utf-8")
    schemathesis(server, pytestconfig, SITEASSIST,
                 auth={"wfc": {"path": str(file), "user": "owner", "peers": list(people)}})


def register(server, owner, document):
    message_id, conversation_id = IDS[document]
    answer = server.register(message_id, owner, conversation_id, content="It is 42.")
    assert answer.status_code == 201, answer.text


# ---------------------------------------------------------------- Schemathesis


def schemathesis(server, options, document, **more):
    """Raises AssertionError with all that it found. `more` goes to the top of its settings."""
    file = server.folder / "schemathesis.toml"
    file.write_text(tomlkit.dumps({
        "origin": f"http://127.0.0.1:{server.port}",
        "seed": options.getoption("schemathesis_seed"),
        "request-timeout": 10,
        "continue-on-failure": True,
        "suppress-health-check": ["too_slow"],  # speaks of the machine, not of the server
        "checks": {"enabled": True},
        "phases": {name: {"enabled": True} for name in ("examples", "coverage", "fuzzing", "stateful")},
        "operations": OPERATIONS.get(document, []),
        "generation": {"mode": "all", "max-examples": options.getoption("schemathesis_examples"), "database": "none"},
        **more,
    }), encoding="utf-8")
    hooks = {"PYTHONPATH": str(Path(__file__).parent), "SCHEMATHESIS_HOOKS": "ndjson_for_schemathesis"}
    ran = subprocess.run([Path(sys.executable).with_name("schemathesis"), "--config-file", file, "run", document],
                         cwd=server.folder, env={**os.environ, **hooks, "NO_PROXY": "127.0.0.1"}, text=True,
                         capture_output=True, check=False)
    sys.stdout.write(ran.stdout)
    assert ran.returncode == 0, ran.stdout + ran.stderr
