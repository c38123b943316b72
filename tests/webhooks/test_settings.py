"""Endpoints in `plaudit.toml`: what is refused, with its line and what to do, and where secrets come from."""

import sys

import pytest

from plaudit.events import Body, Endpoint, Kind
from plaudit.model import Contract
from plaudit.settings import SettingsError, load
from plaudit.settings.webhooks import endpoints_of
from plaudit.webhooks.signing import key_of, new_secret

SECRETS = [new_secret(), new_secret()]
WEBHOOK = '[[projects]]\nid = "shop"\n[[projects.webhooks]]\nid = "all"\n'
URL = 'url = "https://receiver.example/"\n'
SIGNED = 'secret_files = ["first"]\n'


@pytest.fixture(autouse=True)
def _in_a_folder_with_secrets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    contents = {"first": SECRETS[0] + "\n", "second": SECRETS[1], "url": "https://chat.example/services/T0/B0/x\n",
                "private": "https://10.0.0.1/", "short": "whsec_c2hvcnQ=", "other": "hunter2",
                "headers": "Authorization: Bearer key-1\n\nx-team:  shop \n",
                "ours": "a: b\nContent-Type: text/plain\n", "broken": "Bearer key-1"}
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o600)
    (tmp_path / "open").write_text(SECRETS[0])
    (tmp_path / "open").chmod(0o644)


def endpoints(tmp_path, text):
    (tmp_path / "plaudit.toml").write_text(text)
    return endpoints_of(load(None, {}).settings)


def test_an_endpoint_of_few_words(tmp_path):
    """Everything is told there."""
    assert endpoints(tmp_path, WEBHOOK + URL + SIGNED) == (
        Endpoint("all", "shop", "https://receiver.example/", (key_of(SECRETS[0]),)),)


def test_an_endpoint_of_many(tmp_path):
    text = WEBHOOK + ('url_file = "url"\nsecret_files = ["first", "second"]\nevents = ["dislike"]\nhas_comment = true\n'
                      'contracts = ["plaudit"]\nbody = "slack"\ncomments = false\ncontents = true\n'
                      'allow_private = true\n')
    assert endpoints(tmp_path, text) == (Endpoint(
        "all", "shop", "https://chat.example/services/T0/B0/x", tuple(map(key_of, SECRETS)), frozenset({Kind.DISLIKE}),
        has_comment=True, contracts=frozenset({Contract.PLAUDIT}), body=Body.SLACK, comments=False, contents=True,
        allow_private=True),)


@pytest.mark.parametrize("body", [Body.OTLP, Body.OTLP_JSON])
def test_a_collector_is_sent_its_headers_and_no_signature(tmp_path, body):
    text = WEBHOOK + URL + f'body = "{body}"\nheaders_file = "headers"\n'
    [endpoint] = endpoints(tmp_path, text)
    assert (endpoint.body, endpoint.secrets, endpoint.headers) == (
        body, (), (("authorization", "Bearer key-1"), ("x-team", "shop")))
    assert "key-1" not in repr(endpoint)


def test_without_the_extra_there_is_no_protobuf_to_send(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.proto.collector.trace.v1.trace_service_pb2", None)
    with pytest.raises(SettingsError, match=r"body: needs the extra otel: pip install 'plaudit\[otel\]'"):
        endpoints(tmp_path, WEBHOOK + URL + 'body = "otlp"\n')
    assert endpoints(tmp_path, WEBHOOK + URL + 'body = "otlp-json"\n')


def test_no_endpoint_shows_its_secrets(tmp_path):
    """Nor its address, which of a chat is one."""
    [endpoint] = endpoints(tmp_path, WEBHOOK + 'url_file = "url"\n' + SIGNED)
    assert "secrets" not in repr(endpoint)
    assert "chat.example" not in repr(endpoint)


PRIVATE = "is not on the public Internet; if it is meant to be yours, say allow_private = true"
NO_SECRET = "must be whsec_ and the base64 of 24 to 64 bytes; `plaudit webhook secret` makes one"
NO_HEADER = "is no header that can be sent along; write it like authorization: Bearer …"
AGAIN = '[[projects]]\nid = "other"\n[[projects.webhooks]]\nid = "all"\n' + URL + SIGNED


@pytest.mark.parametrize(("text", "line", "name", "message"), [
    (SIGNED, 3, "url", "give either url or url_file"),
    (URL + 'url_file = "url"\n' + SIGNED, 5, "url", "give either url or url_file"),
    ('url = "https://localhost/"\n' + SIGNED, 5, "url", PRIVATE),
    ('url = "http://a.example/"\n' + SIGNED, 5, "url", "must begin with https:// (http:// only with allow_private)"),
    (URL, 3, "secret_files", ("without a secret nobody can tell who has sent an event; make one by "
                              "`plaudit webhook secret FILE`")),
    (URL + SIGNED + "events = []\n", 7, "events", "are none; remove the line for all of them, or the endpoint"),
    (URL + SIGNED + 'events = ["love"]\n', 7, "events[0]",
     "invalid enum value 'love'; choose from dislike, like, linked, removed"),
    (URL + SIGNED + 'boddy = "slack"\n', 7, "boddy", "there is no such setting; did you mean body?"),
])
def test_what_is_refused_where_it_is_written(tmp_path, text, line, name, message):
    with pytest.raises(SettingsError) as refused:
        endpoints(tmp_path, WEBHOOK + text)
    assert str(refused.value) == f"plaudit.toml:{line}: projects[0].webhooks[0].{name}: {message}"


@pytest.mark.parametrize(("text", "message"), [
    (URL + 'secret_files = ["open"]\n', "open: others can read it (mode 0644); run: chmod 600 open"),
    (URL + 'secret_files = ["short"]\n', f"short: {NO_SECRET}"),
    (URL + 'secret_files = ["other"]\n', f"other: {NO_SECRET}"),
    (URL + SIGNED + 'headers_file = "open"\n', "open: others can read it (mode 0644); run: chmod 600 open"),
    (URL + SIGNED + 'headers_file = "ours"\n', f"ours:2: {NO_HEADER}"),
    (URL + SIGNED + 'headers_file = "broken"\n', f"broken:1: {NO_HEADER}"),
    ('url_file = "private"\n' + SIGNED, f"private: the address {PRIVATE}"),
    (URL + SIGNED + AGAIN, ('plaudit.toml:10: projects[1].webhooks[0].id: the webhook id "all" is already taken by '
                            'project "shop"; it must name one place only')),
])
def test_what_else_is_refused(tmp_path, text, message):
    with pytest.raises(SettingsError) as refused:
        endpoints(tmp_path, WEBHOOK + text)
    assert str(refused.value) == message
