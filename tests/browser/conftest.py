"""Chromium, and a server with a month of votes to look at. Where one is missing these tests fail and say what to do.

The browser lives as long as one file's tests: while it does, its driver holds this thread's event loop.
"""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import identity_provider
import oidc_provider
import pytest
from oidc_provider import CLIENT, EMAIL
from playwright.sync_api import sync_playwright
from running import MAIN, plaudit, project, server_key
from screens import DESK
from votes import fill

CHROMIUM_MISSING = """\
These tests drive Chromium, and there is none on the PATH.
On Debian and Ubuntu: apt-get install chromium"""
NPM_MISSING = """\
axe-core comes with npm, and `npm` is not on the PATH.
On Debian and Ubuntu: apt-get install nodejs npm"""
AXE = Path(__file__).parent / "axe"
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")
TRACES = "https://traces.example.com/show/{trace_id}"
SETTINGS = {"time_zone": "Europe/Madrid", "trace_url": TRACES}


@pytest.fixture(scope="session")
def oidc():
    with oidc_provider.running() as provider:
        yield provider


@pytest.fixture(scope="session")
def server(tmp_path_factory, oidc):
    """`main` has votes and people of an identity provider; `empty` has neither."""
    people = {"issuer": oidc.url, "client_id": CLIENT, "allow_values": [EMAIL]}
    projects = [project(MAIN, **SETTINGS, dashboard=people), project("empty"), project("hostile", **SETTINGS)]
    folder = tmp_path_factory.mktemp("pages")
    with identity_provider.running() as users:
        for one in projects:
            one["issuers"][0]["jwks_url"] = users.url
        with plaudit(folder, projects) as running:
            fill(running)
            yield running


@pytest.fixture(scope="module")
def chromium():
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, CHROMIUM_MISSING
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium, server):
    """Opens a tab, as many as are asked for. After the test none of them may have complained about anything."""
    contexts, complaints = [], []

    def make(**options):
        context = chromium.new_context(**{"base_url": str(server.http.base_url), "viewport": DESK, **options})
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: complaints.append(f"console: {message.text}")
               if message.type in {"error", "warning"} else None)
        tab.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        tab.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        tab.on("request", lambda asked: complaints.append(f"asked elsewhere: {asked.url}")
               if not asked.url.startswith(("http://127.0.0.1:", "data:image/svg+xml;base64,")) else None)
        tab.complaints = complaints
        return tab

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def session(server):
    """A session by a project's key: one each, for sign-ins are limited."""

    @cache
    def of(project_id):
        answer = server.http.post("/dashboard/sign-in", data={"key": server_key(project_id)},
                                  headers={"sec-fetch-site": "same-origin"})
        assert answer.status_code == 303, answer.text
        return answer.cookies["plaudit_dashboard"]

    return of


@pytest.fixture
def signed_in(opened, session):
    """A tab of somebody who has signed in by a project's key."""

    def make(project_id=MAIN, **options):
        tab = opened(**options)
        tab.context.add_cookies([{"name": "plaudit_dashboard", "value": session(project_id), "domain": "127.0.0.1",
                                  "path": "/dashboard", "httpOnly": True, "sameSite": "Strict"}])
        return tab

    return make


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """Says what axe-core finds wrong with a page: a line for each rule and place."""
    npm = shutil.which("npm")
    assert npm, NPM_MISSING
    folder = tmp_path_factory.mktemp("axe")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(AXE / name, folder)
    ran = subprocess.run([npm, "ci", "--prefer-offline"], cwd=folder, text=True, capture_output=True, check=False,
                         env={**os.environ, "NO_PROXY": "127.0.0.1"})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    source = (folder / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")

    def check(tab):
        tab.evaluate(source)
        found = tab.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [f"{each['id']}: {node['html'][:200]} {re.sub(chr(10), ' ', node['failureSummary'])[:300]}"
                for each in found["violations"] for node in each["nodes"]]

    return check
