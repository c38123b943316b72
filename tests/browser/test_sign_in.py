"""Coming in and going out: by a key, through the identity provider, and not otherwise."""

import re

import httpx2
import pytest
from running import MAIN, bearer, plaudit, project, server_key
from votes import WRITER, WRITER_SHA256, Answer, register

OWN = {"sec-fetch-site": "same-origin"}
SESSION = "plaudit_dashboard"


@pytest.fixture
def people(tmp_path, oidc):
    """A server of its own, whose sign-ins nobody else has counted."""
    found = {"issuer": oidc.url, "client_id": "plaudit-pages", "allow_values": ["ann@example.com"]}
    projects = [project(MAIN, dashboard=found), project("other")]
    projects[1]["server_keys"].append({"id": "writer", "sha256": WRITER_SHA256, "scopes": ["messages:write"]})
    with plaudit(tmp_path, projects, trusted_proxies=["127.0.0.0/8"]) as running:
        yield running


@pytest.fixture
def tab(opened, people):
    return opened(base_url=str(people.http.base_url))


def show(tab, key):
    tab.locator("#key").fill(key)
    tab.get_by_role("button", name="Sign in").click()
    tab.wait_for_load_state()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_a_key_opens_the_page_that_was_asked_for(opened, people, script):
    tab = opened(base_url=str(people.http.base_url), java_script_enabled=script)
    tab.goto("/dashboard/ranking?days=7&by=platform")
    assert "/dashboard/sign-in" in tab.url
    show(tab, server_key())
    assert tab.url.endswith("/dashboard/ranking?days=7&by=platform")
    [cookie] = [each for each in tab.context.cookies() if each["name"] == SESSION]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/dashboard")
    tab.get_by_role("button", name="Sign out").click()
    tab.goto("/dashboard")
    assert "/dashboard/sign-in" in tab.url


@pytest.mark.parametrize(("key", "part"), [("sk_unknown", "No project has this key"), (WRITER, "may not read")])
def test_another_key_opens_nothing(tab, axe, key, part):
    tab.goto("/dashboard/sign-in")
    show(tab, key)
    assert part in tab.get_by_role("alert").inner_text()
    assert axe(tab) == []
    tab.goto("/dashboard")
    assert "/dashboard/sign-in" in tab.url
    tab.complaints.clear()  # the browser says that the form was answered with 403


def test_somebody_on_the_list_comes_in_through_the_identity_provider(tab, axe):
    tab.goto("/dashboard/review?days=7")
    assert axe(tab) == []
    tab.get_by_role("link", name=re.compile("Continue with")).click()
    tab.wait_for_url(re.compile(r"/dashboard/review\?days=7"))
    assert "ann@example.com" in tab.locator(".who").inner_text()
    assert [each["name"] for each in tab.context.cookies()] == [SESSION]


def test_somebody_else_does_not(tab, oidc):
    oidc.claims = {"email": "eve@example.com"}
    try:
        tab.goto("/dashboard/sign-in")
        tab.get_by_role("link", name=re.compile("Continue with")).click()
        assert "not on the list" in tab.get_by_role("alert").inner_text()
    finally:
        oidc.claims = {}
    tab.complaints.clear()  # the browser says that it was answered with 403


def test_a_return_that_nobody_departed_for_is_not_believed(people):
    """Somebody else's code, sent to a browser that has not asked for it (RFC 6749, 10.12)."""
    for query in ({}, {"code": "x", "state": "y"}, {"error": "access_denied", "state": "y"}):
        answer = people.http.get("/dashboard/sign-in/return", params=query)
        assert answer.status_code == 403
        assert SESSION not in answer.cookies


# ---------------------------------------------------------------- without a browser


def signed_in(server, project_id=MAIN):
    """The session's cookie, as a header."""
    with httpx2.Client(base_url=server.http.base_url, trust_env=False) as http:
        answer = http.post("/dashboard/sign-in", data={"key": server_key(project_id)}, headers=OWN)
    assert answer.status_code == 303, answer.text
    return {"cookie": f"{SESSION}={answer.cookies[SESSION]}"}


def test_over_tls_the_cookie_is_secure(people):
    for headers, secure in [({}, False), ({"x-forwarded-proto": "https"}, True),
                            ({"x-forwarded-proto": "https, http"}, False)]:
        answer = people.http.post("/dashboard/sign-in", data={"key": server_key()}, headers=OWN | headers)
        assert ("Secure" in answer.headers["set-cookie"]) is secure


def test_each_sees_its_own_project_only(people):
    secret = Answer(1, project="other", changes={"content": "a secret of the other project"})
    register(people, [secret])
    mine, other = signed_in(people), signed_in(people, "other")
    path = f"/dashboard/messages/{secret.id}"
    assert "a secret" in people.http.get(path, headers=other).text
    assert people.http.get(path, headers=mine).status_code == 404
    assert "0 answers" not in people.http.get("/dashboard?days=all", headers=mine).text


def test_a_form_of_another_site_does_nothing(people):
    session = signed_in(people)
    form = {"message": "x", "subject": "guest:x", "revision": "1", "label": "wrong"}
    for headers in ({}, {"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        for path, data in (("/dashboard/review", form), ("/dashboard/sign-in", {"key": server_key()}),
                           ("/dashboard/sign-out", {})):
            answer = people.http.post(path, data=data, headers=headers | session)
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers


def test_a_form_that_is_wrong_is_refused_in_a_page(people):
    session = signed_in(people)
    good = {"message": "x", "subject": "guest:x", "revision": "1", "label": "wrong"}
    for change, status in [({}, 404), ({"revision": "0"}, 400), ({"revision": "1.5"}, 400), ({"subject": "x"}, 400),
                           ({"label": " "}, 400), ({"label": "x" * 65}, 400), ({"note": "x" * 2001}, 400),
                           ({"label": "a\x00b"}, 400), ({"note": "x" * 20_000}, 413)]:
        answer = people.http.post("/dashboard/review", data=good | change, headers=OWN | session)
        assert answer.status_code == status, change
        assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_guessing_keys_is_slow(people):
    keys = [f"sk_{number}" for number in range(12)]
    answers = [people.http.post("/dashboard/sign-in", data={"key": key}, headers=OWN) for key in keys]
    assert [answer.status_code for answer in answers] == [403] * 10 + [429] * 2
    assert "Too many requests" in answers[-1].text


def test_every_page_has_the_strict_policy_and_is_kept_by_nobody(people):
    session = signed_in(people)
    for path in ("/dashboard", "/dashboard/sign-in", "/dashboard/nothing", "/dashboard/review"):
        headers = people.http.get(path, headers=session).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")
        assert "access-control-allow-origin" not in headers


def test_a_session_is_no_key_and_a_key_is_no_session(people):
    session = signed_in(people)["cookie"].partition("=")[2]
    assert people.http.get("/v1/feedback", headers=bearer(session)).status_code == 401
    assert people.http.get("/v1/feedback", headers={"cookie": f"{SESSION}={session}"}).status_code == 401
    answer = people.http.get("/dashboard", headers=bearer(server_key()))
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/dashboard/sign-in")


def test_the_pages_can_be_switched_off(tmp_path):
    with plaudit(tmp_path, [project(MAIN)], dashboard=False) as server:
        assert [server.http.get(path).status_code for path in ("/dashboard", "/dashboard/sign-in")] == [404, 404]
