"""What orchestrators and operators ask: alive, ready, how it is going."""

import signal
import time

import pytest
from identity_provider import ISSUER, OTHER_ISSUER
from prometheus_client.parser import text_string_to_metric_families
from raw import PATIENCE_SECONDS
from running import MAIN, bearer, guest, plaudit, project, server_key, user
from wires import HANDAUNCLE, SITEASSIST


def test_a_healthy_server_is_alive_and_ready(server):
    answers = [server.http.get(path) for path in ("/livez", "/readyz")]
    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (200, {"status": "alive"}), (200, {"status": "ready"})]
    assert all(answer.headers["x-request-id"] for answer in answers)


def test_a_server_that_cannot_store_is_alive_but_not_ready(damaged):
    """An orchestrator that restarted it would mend nothing; one that sent it no votes does right."""
    server, _ = damaged
    assert server.http.get("/livez").status_code == 200
    ready = server.http.get("/readyz")
    assert (ready.status_code, ready.json()["error"]["code"]) == (503, "unavailable")
    assert int(ready.headers["retry-after"]) >= 1


def test_a_server_that_is_going_away_says_so_and_still_takes_votes(tmp_path, jwks_url):
    """Between the signal and the closed door new traffic is sent elsewhere, and what comes is still answered."""
    with plaudit(tmp_path, [project(MAIN, jwks_url)], drain_seconds=PATIENCE_SECONDS) as server:
        message_id = SITEASSIST.registered(server, user())
        server.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while server.http.get("/readyz").status_code == 200:
            assert time.monotonic() < deadline
        assert server.http.get("/livez").status_code == 200
        assert SITEASSIST.vote(server, message_id, user().headers).status_code == 200
        assert len(server.history(message_id)) == 1


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
def test_they_are_read_only(server, path):
    answer = server.http.post(path, headers=bearer(server_key()))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


# ---------------------------------------------------------------- metrics


@pytest.fixture(scope="module")
def watched(tmp_path_factory, jwks_url):
    """A server after seven votes and what became of them, as `/metrics` then counts: sample and labels -> value."""
    projects = [project(MAIN, jwks_url), project("second", issuer=OTHER_ISSUER), project("free", jwks_url, plan="free")]
    with plaudit(tmp_path_factory.mktemp("watched"), projects) as server:
        ann, gus = user(), guest()
        mine, guests = SITEASSIST.registered(server, ann), HANDAUNCLE.registered(server, gus)
        for message_id, headers, body in (
                (mine, ann.headers, SITEASSIST.like), (mine, ann.headers, SITEASSIST.dislike),
                (SITEASSIST.new_id(), ann.headers, None), (mine, user("bob").headers, None), (mine, {}, None),
                (mine, user(project_id="free").headers, None),
                (mine, user("far", "second", OTHER_ISSUER).headers, None)):
            SITEASSIST.vote(server, message_id, headers, body)
        HANDAUNCLE.vote(server, guests, gus.headers)
        text = server.http.get("/metrics", headers=bearer(server_key())).text
    return {(sample.name, *sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples}


@pytest.mark.parametrize(("contract", "project_id", "outcome", "count"), [
    ("siteassist", MAIN, "stored", 2),
    ("siteassist", MAIN, "not_found", 1),
    ("siteassist", MAIN, "forbidden", 1),
    ("siteassist", "", "unauthenticated", 1),
    ("siteassist", "free", "payment_required", 1),
    ("siteassist", "", "dependency_down", 1),
    ("handauncle", MAIN, "stored", 1),
])
def test_votes_are_counted_by_contract_outcome_and_project(watched, contract, project_id, outcome, count):
    """Whose project it would have been is not known of somebody who is nobody."""
    labels = ("contract", contract), ("outcome", outcome), ("project", project_id)
    assert watched["plaudit_votes_total", *labels] == count


@pytest.mark.parametrize(("sample", "least", "most"), [
    (("plaudit_unknown_message_total", ("contract", "siteassist"), ("project", MAIN)), 1, 1),
    (("plaudit_requests_total", ("operation", "siteassist.vote"), ("status", "200")), 2, 2),
    (("plaudit_request_seconds_count", ("operation", "siteassist.vote")), 7, 7),
    (("plaudit_request_seconds_sum", ("operation", "siteassist.vote")), 0.0001, 60),
    (("plaudit_write_queue_depth",), 0, 0),
    (("plaudit_commit_batch_size_count",), 5, 20),
    (("plaudit_commit_batch_size_sum",), 5, 20),
    (("plaudit_commit_seconds_sum",), 0.00001, 60),
    (("plaudit_jwks_age_seconds", ("issuer", ISSUER)), 0, 60),
    (("plaudit_jwks_keys", ("issuer", ISSUER)), 1, 1),
    (("plaudit_jwks_fetches_total", ("issuer", ISSUER)), 1, 1),
    (("plaudit_jwks_failures_total", ("issuer", ISSUER)), 0, 0),
    (("plaudit_jwks_failures_total", ("issuer", OTHER_ISSUER)), 1, 1),
], ids=lambda value: value[0] if isinstance(value, tuple) else None)
def test_what_operators_watch_is_measured(watched, sample, least, most):
    """Latency, the queue, batches and commits, issuers' keys, votes on messages that nobody registered."""
    assert least <= watched[sample] <= most


def test_no_label_has_a_value_that_clients_choose(watched):
    """Ids, paths and names would fill an operator's disk, and tell whose they are."""
    values = {value for _, *labels in watched for name, value in labels if name != "le"}
    assert {value for value in values if "auth0" in value or "U-" in value} == {ISSUER, OTHER_ISSUER} & values
    assert len(values) < 40
