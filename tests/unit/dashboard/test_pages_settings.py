"""What the settings say about the pages."""

import pytest

from plaudit import bootstrap
from plaudit.model import SignIn
from plaudit.settings import SettingsError, load

PROJECT = "[[projects]]\nid = 'a'\n"
DASHBOARD = PROJECT + """[projects.dashboard]
issuer = 'https://i/'
client_id = 'pages'
allow_values = ['ann@example.com']
"""


@pytest.fixture
def loaded(tmp_path, monkeypatch):
    """The configuration of a file."""
    monkeypatch.chdir(tmp_path)

    def of(text):
        (tmp_path / "plaudit.toml").write_text(text, encoding="utf-8")
        return load(None, {})

    return of


def test_a_project_says_where_its_days_begin_where_its_traces_are_and_who_may_look(loaded):
    more = "time_zone = 'Europe/Madrid'\ntrace_url = 'https://t/{trace_id}'\n"
    [project] = loaded(DASHBOARD.replace(PROJECT, PROJECT + more)).projects
    assert (project.time_zone, project.trace_url) == ("Europe/Madrid", "https://t/{trace_id}")
    assert project.sign_in == SignIn("https://i/", "pages", "email", frozenset({"ann@example.com"}))


def test_without_a_word_a_project_has_utc_and_nobody_but_its_keys(loaded):
    [project] = loaded(PROJECT).projects
    assert (project.time_zone, project.trace_url, project.sign_in) == ("UTC", None, None)


@pytest.mark.parametrize(("text", "message"), [
    (PROJECT + "time_zone = 'Mars/Olympus'", "projects[0].time_zone: there is no time zone"),
    (PROJECT + "time_zone = '../etc/passwd'", "projects[0].time_zone: there is no time zone"),
    (PROJECT + "time_zone = ''", "projects[0].time_zone: there is no time zone"),
    *[(PROJECT + f"trace_url = '{url}'", "projects[0].trace_url: must be an https:// or http:// address with")
      for url in ("https://t/", "javascript:alert({trace_id})", "https://{trace_id}/", "https://t.{trace_id}/x",
                  "//t/{trace_id}", "https://t/{trace_id}{x}", "https://t/ {trace_id}", "https://u@t/{trace_id}")],
    (DASHBOARD.replace("https://i/", "http://i/"), "projects[0].dashboard.issuer: must be the provider's https://"),
    (DASHBOARD.replace("'ann@example.com'", ""), "projects[0].dashboard.allow_values: name at least one value"),
    (DASHBOARD.replace("pages", ""), "projects[0].dashboard.client_id: is empty"),
    (DASHBOARD + "allow_claim = ''", "projects[0].dashboard.allow_claim: is empty"),
    (DASHBOARD + "algorithms = ['none']", 'projects[0].dashboard.algorithms: "none" is not accepted'),
    (DASHBOARD + "client_secret = 'x'", "projects[0].dashboard.client_secret: there is no such setting"),
])
def test_what_cannot_be_is_refused_and_named(loaded, text, message):
    with pytest.raises(SettingsError) as refused:
        loaded(text)
    assert message in str(refused.value)


def test_a_clients_secret_is_read_from_a_file_that_only_plaudit_can_read(loaded, tmp_path):
    (tmp_path / "client-secret").write_text("hush\n", encoding="utf-8")
    (tmp_path / "client-secret").chmod(0o600)
    configuration = loaded(DASHBOARD + "client_secret_file = 'client-secret'")
    prepared = bootstrap.prepare(configuration, {})
    assert prepared.default_project.sign_in.client_secret == "hush"
    assert "hush" not in repr(prepared)


@pytest.mark.parametrize(("content", "mode", "message"), [
    ("hush", 0o644, "others can read it"), ("\n", 0o600, "is empty"), (None, 0, "cannot be read"),
])
def test_a_secret_that_is_none_is_refused(loaded, tmp_path, content, mode, message):
    if content is not None:
        (tmp_path / "client-secret").write_text(content, encoding="utf-8")
        (tmp_path / "client-secret").chmod(mode)
    configuration = loaded(DASHBOARD + "client_secret_file = 'client-secret'")
    with pytest.raises(SettingsError) as refused:
        bootstrap.prepare(configuration, {})
    assert message in str(refused.value)
