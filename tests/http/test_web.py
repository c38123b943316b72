"""What browsers, proxies and operators see: origins, limits, closed doors, and logs that keep secrets."""

import hashlib
import ipaddress
import json
import socket

import pytest
from raw import Line, head, post
from running import MAIN, ORIGIN, bearer, fresh, guest, plaudit, project, publishable_key, server_key, user
from wires import HANDAUNCLE, SITEASSIST, WIRES

PREFLIGHT = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}
OTHER_ORIGIN = "https://other.example.com"
COMMENT = "PLANTED-COMMENT-7f3a"
PER_ADDRESS = 5


def allowed_origin(answer) -> str | None:
    return answer.headers.get("access-control-allow-origin")


# ---------------------------------------------------------------- origins


@pytest.mark.parametrize("origin", [ORIGIN, OTHER_ORIGIN])
def test_a_preflight_passes_for_the_origin_of_any_project(server, wire, origin):
    """It cannot say whose it is. No credentials are ever allowed: nothing here reads a cookie."""
    answer = server.http.options(wire.url("x"), headers={"origin": origin, **PREFLIGHT})
    assert (answer.status_code, allowed_origin(answer), answer.headers["vary"]) == (204, origin, "Origin")
    assert "authorization" in answer.headers["access-control-allow-headers"]
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in answer.headers


FOREIGN_ORIGINS = ["null", "*", "https://example.com", "https://www.example.com.evil.org", "http://www.example.com",
                   "https://www.example.com:444", "https://WWW.example.com", "https://www.example.com/", "https://a.www.example.com",
                   f"{ORIGIN},{OTHER_ORIGIN}", f"{ORIGIN} {OTHER_ORIGIN}"]


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_another_origin_is_told_nothing(server, wire, origin):
    """Exact match: no wildcard, no suffix, no scheme or port in place of another; the answer cannot be read."""
    preflight = server.http.options(wire.url("x"), headers={"origin": origin, **PREFLIGHT})
    message_id = wire.registered(server, user())
    voted = wire.vote(server, message_id, {**user().headers, "origin": origin})
    assert [allowed_origin(answer) for answer in (preflight, voted)] == [None, None]


@pytest.mark.parametrize(("origin", "readable"), [(ORIGIN, True), (OTHER_ORIGIN, False)])
def test_an_answer_is_readable_for_its_own_projects_pages_only(server, wire, origin, readable):
    """Also a refusal, once it is known whose request it was."""
    headers = {**user().headers, "origin": origin}
    good = wire.vote(server, wire.registered(server, user()), headers)
    refused = wire.vote(server, wire.new_id(), headers)
    assert [answer.status_code for answer in (good, refused)] == [200, 404]
    for answer in (good, refused):
        assert (allowed_origin(answer), answer.headers["vary"]) == (origin if readable else None, "Origin")
        assert ("retry-after" in answer.headers.get("access-control-expose-headers", "")) is readable


def test_no_origin_no_header(server, wire):
    answer = wire.vote(server, wire.registered(server, user()), user().headers)
    assert [name for name in answer.headers if name.startswith("access-control")] == []
    assert "set-cookie" not in answer.headers


def test_what_is_read_is_neither_kept_nor_guessed_at(server):
    """Neither a cache nor a browser does anything of its own with people's votes."""
    answer = server.http.get("/v2/conversations", headers=user().headers)
    assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == ("no-store", "nosniff")


def test_a_publishable_key_is_good_on_its_own_pages_only(server):
    """A wrong origin is 403, an unknown key 401; without a browser there is no origin to be wrong."""
    def init(key: str, **headers: str) -> int:
        return server.http.post("/v2/identity/init", json={"apiKey": key, "saVid": fresh("sa")},
                                headers=headers).status_code

    answers = [init(publishable_key(), origin=ORIGIN), init(publishable_key()),
               init(publishable_key(), origin=OTHER_ORIGIN), init("pk_unknown-key", origin=ORIGIN)]
    assert answers == [201, 201, 403, 401]


def test_a_publishable_key_is_no_bearer(server, wire):
    assert wire.vote(server, wire.new_id(), bearer(publishable_key())).status_code == 401


# ---------------------------------------------------------------- closed doors


@pytest.mark.parametrize(("path", "good"), [("/metrics", 200), ("/docs", 200)])
def test_operators_pages_are_closed_by_default(server, path, good):
    """Nobody, a user and a wrong key are refused; a key of scope admin opens."""
    asked = [{}, user().headers, bearer("sk_wrong_key_of_nobody_at_all"), bearer(server_key())]
    assert [server.http.get(path, headers=headers).status_code for headers in asked] == [401, 401, 401, good]


@pytest.mark.parametrize(("access", "status"), [("public", 200), ("off", 404)])
def test_operators_pages_open_and_close_as_the_settings_say(tmp_path, jwks_url, access, status):
    """And a key without scope admin does not open what needs one."""
    reader = {"id": "reader", "sha256": hashlib.sha256(b"sk_reader").hexdigest(), "scopes": ["feedback:read"]}
    projects = [project(MAIN, jwks_url, server_keys=[reader])]
    with plaudit(tmp_path, projects, metrics_access=access, docs_access=access) as server:
        assert [server.http.get(path).status_code for path in ("/metrics", "/docs")] == [status] * 2
        assert server.register("m", user()).status_code == 401
    with plaudit(tmp_path, projects) as server:
        asked = [server.http.get(path, headers=bearer("sk_reader")) for path in ("/metrics", "/docs", "/v1/feedback")]
        assert [answer.status_code for answer in asked] == [403, 403, 200]
        written = server.http.put("/v1/messages/m", json={}, headers=bearer("sk_reader"))
        assert (written.status_code, written.json()["error"]["code"]) == (403, "forbidden")


def test_a_cookie_says_nothing_about_anybody(server, wire):
    """Whatever a browser sends along of its own accord proves nothing, so no other page can vote for its visitor."""
    token = user().headers["authorization"].split()[1]
    cookie = {"cookie": f"authorization=Bearer {token}; session={token}; token={token}", "origin": ORIGIN}
    assert wire.vote(server, wire.registered(server, user()), cookie).status_code == 401


@pytest.mark.parametrize("path", ["/v1/openapi", "/v2/openapi", "/api/v1/openapi"])
def test_the_contracts_documents_are_for_everybody(server, path):
    answer = server.http.get(path)
    assert (answer.status_code, answer.json()["openapi"][:4]) == (200, "3.1.")


# ---------------------------------------------------------------- limits


def limit_headers(answer) -> tuple[str, str]:
    assert 1 <= int(answer.headers["ratelimit-reset"]) <= 60
    return answer.headers["ratelimit-limit"], answer.headers["ratelimit-remaining"]


def test_answers_say_how_the_count_stands(server, wire):
    """RateLimit headers count down to the refusal; another voter has a count of its own."""
    ann, bob = user(fresh("ann"), "few-a-subject"), user(fresh("bob"), "few-a-subject")
    message_id = wire.registered(server, ann)
    answers = [wire.vote(server, message_id, ann.headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [limit_headers(answer) for answer in answers] == [("3", "2"), ("3", "1"), ("3", "0"), ("3", "0")]
    assert wire.vote(server, message_id, bob.headers).status_code == 403


@pytest.fixture(scope="module")
def behind_proxies(tmp_path_factory, jwks_url):
    """A server that believes two proxies' networks and limits addresses."""
    folder = tmp_path_factory.mktemp("behind-proxies")
    with plaudit(folder, [project(MAIN, jwks_url)], per_address_per_minute=PER_ADDRESS,
                 trusted_proxies=["127.0.0.1/32", "10.0.0.0/8"]) as running:
        yield running


def ask_until_limited(server, forwarded: list[str], wire=SITEASSIST) -> list[int]:
    """So many requests, each with the next X-Forwarded-For; without credentials, for nobody is asked before."""
    return [wire.vote(server, "x", {"x-forwarded-for": value}).status_code for value in forwarded]


def test_an_address_is_limited_before_anybody_is_authenticated(behind_proxies, wire):
    """In the contract's own words, with the time to wait; another address is not concerned."""
    address = {"siteassist": "192.0.2.1", "handauncle": "192.0.2.2"}[wire.name]
    assert ask_until_limited(behind_proxies, [address] * (PER_ADDRESS + 1), wire) == [401] * PER_ADDRESS + [429]
    answer = wire.vote(behind_proxies, "x", {"x-forwarded-for": address})
    assert wire.refusal(answer).details == {"retryAfter": int(answer.headers["retry-after"])}
    assert ask_until_limited(behind_proxies, ["192.0.2.3"], wire)[0] == 401


@pytest.mark.parametrize(("forwarded", "limited"), [
    pytest.param([f"198.51.100.{number}" for number in range(6)], False, id="six clients"),
    pytest.param([f"198.51.100.{number}, 203.0.113.1" for number in range(6)], True,
                 id="one client that invents others before itself"),
    pytest.param([f"203.0.113.2, 10.0.0.{number}" for number in range(6)], True, id="one client, several proxies"),
    pytest.param([f"203.0.113.3, 10.1.0.1, 10.0.0.{number}" for number in range(6)], True, id="a chain of proxies"),
    pytest.param([f"2001:db8:1:2::{number}" for number in range(6)], True, id="one IPv6 /64"),
    pytest.param([f"2001:db8:2:{number}::1" for number in range(6)], False, id="six IPv6 /64"),
    pytest.param(["::ffff:203.0.113.4", "203.0.113.4"] * 3, True, id="IPv4 written as IPv6"),
    pytest.param([f"198.51.101.{number}:50001" for number in range(6)], False, id="six clients, each with its port"),
    pytest.param([f"203.0.113.5:5000{number}" for number in range(6)], True, id="one client, several ports"),
    pytest.param([f"[2001:db8:3::1]:5000{number}" for number in range(6)], True, id="IPv6, several ports"),
    pytest.param([f"[2001:db8:4:{number}::1]" for number in range(6)], False, id="six IPv6 /64 in brackets"),
    pytest.param([f"203.0.113.6, ::ffff:10.0.0.{number}" for number in range(6)], True, id="proxies written as IPv6"),
    pytest.param([f"junk{number}" for number in range(6)], True, id="no address at all is the proxy itself"),
])
def test_the_client_is_who_the_trusted_proxies_say(behind_proxies, forwarded, limited):
    """The nearest address that is no trusted proxy, read from the right; an IPv6 customer is a /64."""
    assert (429 in ask_until_limited(behind_proxies, forwarded)) is limited


def test_without_trusted_proxies_nobody_speaks_for_another(tmp_path, jwks_url):
    """X-Forwarded-For, Forwarded and X-Real-IP from anyone are just headers."""
    with plaudit(tmp_path, [project(MAIN, jwks_url)], per_address_per_minute=PER_ADDRESS) as server:
        answers = [SITEASSIST.vote(server, "x", {"x-forwarded-for": str(ipaddress.ip_address(number)),
                                                 "x-real-ip": "192.0.2.9", "forwarded": "for=192.0.2.9"})
                   for number in range(PER_ADDRESS + 1)]
    assert [answer.status_code for answer in answers] == [401] * PER_ADDRESS + [429]


# ---------------------------------------------------------------- logs


def test_no_comment_and_no_secret_reaches_the_log(server):
    """Good requests, bad ones and broken ones, with a comment, a token, a device and keys in them."""
    gus, ann = guest("planted-gus", "planted-device-4711"), user("planted-ann")
    session = server.visitor()
    message_id = HANDAUNCLE.registered(server, gus, content=COMMENT, metadata={"note": COMMENT})
    for body in ({"rating": 1, "feedback": COMMENT}, {"rating": 7, "feedback": COMMENT}, {"feedback": COMMENT * 99}):
        for headers in (gus.headers, ann.headers, session.headers, bearer(server_key())):
            HANDAUNCLE.vote(server, message_id, headers, body)
    with Line(server.port) as line:
        line.ask(post(HANDAUNCLE.url(COMMENT), ann.headers, COMMENT.encode()))
        line.send(head("GET", f"/{COMMENT}?token={COMMENT}", {"cookie": COMMENT}))
        line.answer()
    planted = [COMMENT, "planted-device", "U-planted", *(who.headers["authorization"].split()[1]
                                                         for who in (ann, session)), server_key(), publishable_key()]
    log = server.log
    assert [secret for secret in planted if secret in log] == []
    assert "planted-ann" not in log


def test_a_log_event_is_one_json_line_whatever_the_input(server):
    """Line breaks in names, paths and ids stay inside; each line names its request."""
    marker = fresh("marker")
    for wire in WIRES:
        server.http.post(wire.url("%0a%7b%22status%22%3a1%7d%0d"), json=wire.like,
                         headers={**user(marker + "\u2028x").headers, "x-request-id": marker})
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b'\n{"forged":1}\n\r\n\r\n')
        connection.recv(4096)
    lines = [json.loads(line) for line in server.log.splitlines()]
    assert all(isinstance(line, dict) and {"event", "level", "timestamp"} <= set(line) for line in lines)
    assert [line["status"] for line in lines if line.get("request_id") == marker] == [422, 400]
    assert not any("forged" in line for line in lines)
