"""The settings: what holds, what is refused, and that each refusal names its line."""

from pathlib import Path

import pytest

from plaudit.model import OWN_CONTRACTS, Contract, GuestMode, Issuer, Limits, Plan, Project, Scope, ServerKey
from plaudit.settings import Settings, SettingsError, load, loading, open_secrets
from plaudit.settings.keys import KeyRecord, Keys, add_key, keys_file, read_keys, revoke_key, with_keys
from plaudit.settings.manual import manual
from plaudit.settings.secrets import secrets_file
from plaudit.settings.table import SECTIONS
from plaudit.settings.toml_lines import key_lines

UNLIMITED = Plan("unlimited", frozenset({"feedback"}))
FULL = """\
port = 8100
default_project = "b"
trusted_proxies = [
  "10.0.0.0/8",
  "2001:db8::/32",
]

[plans.free]
features = []

[plans.pro]
features = ["feedback"]

[[projects]]
id = "a"
plan = "free"

[[projects]]
id = "b"
name = "Shop"
plan = "pro"
publishable_key = "pk_shop_0123456789"
origins = ["https://www.example.com", "http://localhost:5173"]
hosts = ["chat.example.com"]
guest_mode = "signed"
feedback_enabled = false
contracts = ["handauncle"]

[projects.limits]
per_subject = 5
per_project = 50

[[projects.issuers]]
issuer = "https://tenant.auth0.com/"
audiences = ["https://api.example.com"]
algorithms = ["ES256"]
authorized_parties = ["app"]
scopes = ["vote"]

[[projects.server_keys]]
id = "backend"
sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
scopes = ["messages:write"]
"""


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(text: str) -> Path:
    Path("plaudit.toml").write_text(text, encoding="utf-8")
    return Path("plaudit.toml")


def refusal(text: str, **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(write(text), environ)
    return str(caught.value)


# ---------------------------------------------------------------- what holds


def test_without_a_file_there_is_one_project_with_everything_on():
    """No configuration is needed to start."""
    configuration = load(None, {})
    assert configuration.file is None
    assert configuration.settings == Settings()
    assert configuration.settings.database_path == Path("plaudit-data/plaudit.db")
    assert configuration.projects == (
        Project(id="default", name="default", plan=UNLIMITED, feedback_plan="unlimited", guest_mode=GuestMode.BOUND,
                contracts=OWN_CONTRACTS),
    )


def test_a_file_says_everything_about_its_projects():
    """The default project comes first; the JWKS address follows from the issuer."""
    configuration = load(write(FULL), {})
    assert configuration.settings.port == 8100
    assert configuration.settings.trusted_proxies == ("10.0.0.0/8", "2001:db8::/32")
    assert configuration.projects == (
        Project(
            id="b", name="Shop", plan=Plan("pro", frozenset({"feedback"})), feedback_plan="pro",
            publishable_key="pk_shop_0123456789",
            origins=frozenset({"https://www.example.com", "http://localhost:5173"}),
            hosts=frozenset({"chat.example.com"}),
            server_keys=(ServerKey("backend", "0123456789abcdef" * 4, frozenset({Scope.MESSAGES_WRITE})),),
            issuers=(Issuer("https://tenant.auth0.com/", frozenset({"https://api.example.com"}),
                            "https://tenant.auth0.com/.well-known/jwks.json", ("ES256",), frozenset({"app"}),
                            frozenset({"vote"})),),
            guest_mode=GuestMode.SIGNED, limits=Limits(5, 50), feedback_enabled=False,
            contracts=frozenset({Contract.HANDAUNCLE}),
        ),
        Project(id="a", name="a", plan=Plan("free", frozenset()), feedback_plan="pro"),
    )


def test_what_comes_later_wins():
    """Default, file, environment, option."""
    file = write("port = 1\nhost = '::1'\nsession_days = 7\nqueue_max = 9")
    settings = load(file, {"PLAUDIT_PORT": "2", "PLAUDIT_HOST": "::"}, {"port": 3, "host": None}).settings
    assert (settings.port, settings.host, settings.session_days, settings.queue_max) == (3, "::", 7, 9)


@pytest.mark.parametrize(("variable", "text", "name", "value"), [
    ("PLAUDIT_DEVELOPMENT", "true", "development", True),
    ("PLAUDIT_DEVELOPMENT", "0", "development", False),
    ("PLAUDIT_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1/32", "trusted_proxies", ("10.0.0.0/8", "192.0.2.1/32")),
    ("PLAUDIT_TRUSTED_PROXIES", "", "trusted_proxies", ()),
    ("PLAUDIT_DRAIN_SECONDS", "0.5", "drain_seconds", 0.5),
    ("PLAUDIT_DATABASE_URL", "sqlite:/var/lib/v.db", "database_url", "sqlite:/var/lib/v.db"),
    *(("PLAUDIT_DATABASE_URL", url, "database_url", url) for url in (
        "postgresql://", "postgresql:///d", "postgresql://u@/d", "postgresql://u:p%2F%40@a,b:1,[::1]:65535/d?ssl=off",
        "postgres://u:a@b@h:/d", "postgresql://%2Frun%2Fpostgresql/d?user=u@x")),
])
def test_the_environment_speaks_in_text(variable, text, name, value):
    """Each top-level setting is a variable; lists are separated by commas."""
    assert getattr(load(None, {variable: text}).settings, name) == value


def test_the_environment_names_the_file():
    Path("other.toml").write_text("port = 4", encoding="utf-8")
    assert load(None, {"PLAUDIT_CONFIG": "other.toml"}).settings.port == 4


@pytest.mark.parametrize(("settings", "address"), [
    (Settings(), "http://127.0.0.1:8000"),
    (Settings(host="0.0.0.0", port=9), "http://127.0.0.1:9"),
    (Settings(host="::"), "http://[::1]:8000"),
    (Settings(host="2001:db8::1"), "http://[2001:db8::1]:8000"),
    (Settings(host="localhost"), "http://localhost:8000"),
])
def test_the_address_to_try_things_at(settings, address):
    assert settings.base_url == address


# ---------------------------------------------------------------- what is refused

ISSUER = '[[projects]]\nid = "a"\n[[projects.issuers]]\n'
PROJECTS = '[[projects]]\nid = "a"\n{0}\n[[projects]]\nid = "b"\n{0}\n'
ISSUERS = '[[projects.issuers]]\nissuer = "https://i/"\naudiences = ["x"]'


@pytest.mark.parametrize(("text", "message"), [
    ("port = 8000\nprot = 1", "plaudit.toml:2: prot: there is no such setting; did you mean port?"),
    ("port = '8000'", "plaudit.toml:1: port: expected a whole number, got text in quotes"),
    ("\nport = 70000", "plaudit.toml:2: port: expected a whole number <= 65535"),
    ("\nhost = 'a'\nhost = 'b'", "plaudit.toml:3: is not valid TOML: Cannot overwrite a value"),
    ("docs_access = 'all'", "plaudit.toml:1: docs_access: invalid enum value 'all'; choose from key, off, public"),
    ("[[projects]]\nid = 'a'\nguest_mode = 'x'",
     "plaudit.toml:3: projects[0].guest_mode: invalid enum value 'x'; choose from bare, bound, off, signed"),
    ("[[projects]]\nid = 'a'\ncontracts = ['siteassist', 'x']",
     ("plaudit.toml:3: projects[0].contracts[1]: invalid enum value 'x'; choose from assistant-ui, dify, handauncle, "
      "langfuse, langsmith, librechat, plaudit, siteassist")),
    ("[[projects]]\nid = 'a'\n[[projects.server_keys]]\nid = 'k'\nsha256 = ''\nscopes = ['all']",
     ("plaudit.toml:6: projects[0].server_keys[0].scopes[0]: invalid enum value 'all'; choose from admin, "
      "feedback:read, feedback:write, messages:write")),
    ("data_dir = ''", "plaudit.toml:1: data_dir: is empty; name a folder"),
    ("database_url = 'mysql:x'",
     ("plaudit.toml:1: database_url: must be sqlite:PATH, such as sqlite:plaudit-data/plaudit.db, or postgresql:// and "
      "what follows")),
    *((f"database_url = 'postgresql://{rest}'",
       ("plaudit.toml:1: database_url: must be like postgresql://USER:PASSWORD@HOST:5432,HOST:5432/DATABASE, with a "
        "password's special characters escaped: %40 for @, %2F for /"))
      for rest in ("u:a/secret@h/d", "u:1/secret@h/d", "u:1#secret@h/d", "u:a?secret@h/d", "u@h:x/d", "u@h:65536/d",
                   "u@h:0/d", "u@a,b:c/d", "u@[::1/d", "u@::1/d")),
    *((f"limits_url = '{url}'",
       ("plaudit.toml:1: limits_url: must be like valkey://:PASSWORD@HOST:6379/0 (or redis://, valkeys://, rediss://), "
        "with a password's special characters escaped: %40 for @"))
      for url in ("", "host:6379", "memcached://host", "redis://", "redis://:secret@", "redis://host:x",
                  "redis://host/zero", "redis://host/0?socket_timeout=9", "redis://:a#b@host")),
    ("trusted_proxies = [\n'10.0.0.1/8']",
     'plaudit.toml:1: trusted_proxies: "10.0.0.1/8" is no network; write it like 10.0.0.0/8 or 192.0.2.7/32'),
    ("default_project = 'x'",
     'plaudit.toml:1: default_project: there is no project "x"; choose one of default'),
    ("[plans.free]\nfeatures = []\n[plans.pro]\nfeature = []",
     "plaudit.toml:4: plans.pro.feature: there is no such setting; did you mean features?"),
    ("[plans.free]\nfeatures = []\n[plans.pro]\nfeatures = 1",
     "plaudit.toml:4: plans.pro.features: expected a list in brackets, got a whole number"),
    ("[[projects]]\nname = 'x'", 'plaudit.toml:1: projects[0]: "id" is missing; add it'),
    ("[[projects]]\nid = 'a b'",
     "plaudit.toml:2: projects[0].id: must be 1 to 64 letters, digits, dots, dashes or underscores"),
    ("[[projects]]\nid = 'a'\nplan = 'pro'",
     'plaudit.toml:3: projects[0].plan: there is no plan "pro"; choose one of unlimited, or add it under [plans]'),
    ("[[projects]]\nid = 'a'\ncontracts = []",
     ("plaudit.toml:3: projects[0].contracts: a project that serves no contract takes no votes; remove the line to "
     "serve all")),
    ("[[projects]]\nid = 'a'\npublishable_key = ''",
     "plaudit.toml:3: projects[0].publishable_key: must be pk_ and 8 to 128 letters, digits, dashes or underscores"),
    ("[[projects]]\nid = 'a'\norigins = ['https://x/']",
     ('plaudit.toml:3: projects[0].origins: "https://x/" is no web origin; write scheme and host only, in lower case, '
     "like https://www.example.com")),
    ("[[projects]]\nid = 'a'\nhosts = ['x:80']",
     'plaudit.toml:3: projects[0].hosts: "x:80" is no host name; write it in lower case without scheme or port'),
    ("[[projects]]\nid = 'a'\n[projects.redaction]\ncomments = true\npatterns = ['###']",
     ('plaudit.toml:5: projects[0].redaction.patterns: "###" would take out what anybody writes; say something of it '
      "as it is written")),
    ("[[projects]]\nid = 'a'\n[projects.redaction]\npatterns = ['ORD-#']",
     "plaudit.toml:4: projects[0].redaction.patterns: take nothing out while comments = false"),
    ("[[projects]]\nid = 'a'\n[projects.retention]\nvotes_days = 0",
     "plaudit.toml:4: projects[0].retention.votes_days: expected a whole number >= 1"),
    ("[[projects]]\nid = 'a'\n[projects.limits]\nper_subject = -1",
     "plaudit.toml:4: projects[0].limits.per_subject: expected a whole number >= 0"),
    ("[[projects]]\nid = 'a'\n[[projects.server_keys]]\nid = 'k'\nsha256 = 'sk_x'\nscopes = []",
     ("plaudit.toml:5: projects[0].server_keys[0].sha256: must be the SHA-256 of a key, 64 lower-case hexadecimal "
     "digits; `plaudit key new --toml` prints one\n"
     "plaudit.toml:6: projects[0].server_keys[0].scopes: a key without scopes may do nothing; give it some or remove "
     "it")),
    (ISSUER + "issuer = 'https://i/'", 'plaudit.toml:3: projects[0].issuers[0]: "audiences" is missing; add it'),
    (ISSUER + "issuer = 'https://i/'\naudiences = []",
     ("plaudit.toml:5: projects[0].issuers[0].audiences: name at least one audience: without it, tokens made for other "
     "applications would pass")),
    *((ISSUER + f"issuer = '{issuer}'\naudiences = ['x']\njwks_url = 'https://j/'",
       ("plaudit.toml:4: projects[0].issuers[0].issuer: must be the provider's https:// address as its tokens write "
        "it, in ASCII without # and ?, at most 500 characters"))
      for issuer in ("https://i/#x", "https://i/?x", "https://i/ x", "https://ü/", f"https://{'i' * 501}")),
    (ISSUER + "issuer = 'https://i/'\naudiences = ['x']\njwks_url = 'http://127.0.0.1.example.com/'",
     ("plaudit.toml:6: projects[0].issuers[0].jwks_url: keys must be fetched over https:// (http:// only from this "
     "machine): who changes them on the way is everybody")),
    (ISSUER + "issuer = 'http://i/'\naudiences = ['x']",
     ("plaudit.toml:4: projects[0].issuers[0].issuer: keys must be fetched over https:// (http:// only from this "
     "machine): who changes them on the way is everybody")),
    (ISSUER + "issuer = 'https://i/'\naudiences = ['x']\nalgorithms = ['none']",
     ('plaudit.toml:6: projects[0].issuers[0].algorithms: "none" is not accepted; choose from RS256, RS384, RS512, '
     "PS256, PS384, PS512, ES256")),
    (ISSUER + "issuer = 'https://i/'\naudiences = ['x']\nalgorithms = ['HS256']",
     ('plaudit.toml:6: projects[0].issuers[0].algorithms: "HS256" is not accepted; choose from RS256, RS384, RS512, '
     "PS256, PS384, PS512, ES256")),
    ("[[projects]]\nid = 'a'\n[[projects]]\nid = 'a'",
     'plaudit.toml:4: projects[1].id: the id "a" is already taken by project "a"; it must name one place only'),
    (PROJECTS.format("publishable_key = 'pk_12345678'"),
     ('plaudit.toml:6: projects[1].publishable_key: the publishable key "pk_12345678" is already taken by project "a"; '
     "it must name one place only")),
    (PROJECTS.format("hosts = ['h']"),
     'plaudit.toml:6: projects[1].hosts: the host "h" is already taken by project "a"; it must name one place only'),
    (PROJECTS.replace("{0}", ISSUERS + "\njwks_url = 'https://j/'", 1).replace(
        "{0}", ISSUERS.replace("x", "y")),
     ("plaudit.toml:9: projects[1].issuers[0].jwks_url: the keys of https://i/ are said to be at https://j/ already; "
     "give it one address")),
    (PROJECTS.format(ISSUERS),
     ('plaudit.toml:10: projects[1].issuers[0].audiences: the issuer and audience "https://i/ x" is already taken by '
     'project "a"; it must name one place only')),
])
def test_a_refusal_names_the_line_and_what_to_do(text, message):
    """Each line that is wrong is named, and what would be right."""
    assert refusal(text) == message


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/jwks", "http://localhost/jwks", "http://[::1]/jwks"])
def test_keys_may_come_unencrypted_from_this_machine(url):
    file = write(f"{ISSUER}issuer = 'http://127.0.0.1:9/'\naudiences = ['x']\njwks_url = '{url}'")
    assert load(file, {}).projects[0].issuers[0].jwks_url == url


@pytest.mark.parametrize(("environ", "message"), [
    ({"PLAUDIT_PROT": "1"}, "PLAUDIT_PROT: there is no such setting; did you mean PLAUDIT_PORT?"),
    ({"PLAUDIT_PORT": "x"}, "PLAUDIT_PORT: expected a whole number"),
    ({"PLAUDIT_LOG_FORMAT": "x"}, "PLAUDIT_LOG_FORMAT: invalid enum value 'x'; choose from json, text"),
    ({"PLAUDIT_TRUSTED_PROXIES": "x"},
     'PLAUDIT_TRUSTED_PROXIES: "x" is no network; write it like 10.0.0.0/8 or 192.0.2.7/32'),
    ({"PLAUDIT_CONFIG": "none.toml"},
     "none.toml: cannot be read (No such file or directory); check the path, or start without a file"),
])
def test_a_wrong_variable_is_named(environ, message):
    with pytest.raises(SettingsError) as caught:
        load(None, environ)
    assert str(caught.value) == message


def test_a_wrong_option_is_named():
    with pytest.raises(SettingsError, match=r"^--port: expected a whole number <= 65535$"):
        load(None, {}, {"port": 99999})


def test_a_file_that_is_not_text_is_refused():
    Path("plaudit.toml").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match="is not UTF-8"):
        load(None, {})


def test_the_line_of_every_key():
    """Headers, dotted keys, values over many lines, tables in tables in arrays."""
    text = 'a = """\nb = 1\n"""\r\nc.d = [\n 1, # x\n]\n[e]\nf = {g = 1}\n[[h]]\n[h.i]\nj = 1\n[[h]]\n  [[h.k]]\n  l=1'
    assert key_lines(text) == {
        ("a",): 1, ("c",): 4, ("c", "d"): 4, ("e",): 7, ("e", "f"): 8, ("e", "f", "g"): 8, ("h", 0): 9,
        ("h", 0, "i"): 10, ("h", 0, "i", "j"): 11, ("h", 1): 12, ("h", 1, "k", 0): 13, ("h", 1, "k", 0, "l"): 14,
    }


# ---------------------------------------------------------------- the manual


@pytest.mark.parametrize(("title", "table"), SECTIONS[3:], ids=[title for title, _ in SECTIONS[3:]])
def test_a_mistake_is_told_by_what_is_known_of_its_own_table(title, table):
    """Whichever tables there are beside it."""
    assert loading._table(("projects", 0, title.strip("`[]").removeprefix("projects."))) is table


def test_the_manual_is_fresh():
    """If this fails: python -m plaudit.settings > docs/settings.md"""
    written = Path(__file__).parents[2] / "docs" / "settings.md"
    assert written.read_text(encoding="utf-8") == manual()


def test_the_example_in_the_manual_works():
    assert load(write(manual().split("```toml\n")[1].split("```")[0]), {}).projects[0].id == "shop"


# ---------------------------------------------------------------- secrets and keys


def test_the_first_start_makes_secrets_and_the_second_reads_them(tmp_path):
    """The folder is the operator's alone, and so is the file; nothing else is left there."""
    data = tmp_path / "new" / "data"
    first, created = open_secrets(data, {})
    second, created_again = open_secrets(data, {})
    assert (first, created, created_again) == (second, True, False)
    assert len(first.session_secret) == len(first.guest_pepper) == 64
    assert first.session_secret != first.guest_pepper
    assert secrets_file(data).stat().st_mode & 0o777 == 0o600
    assert data.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in data.iterdir()] == ["secrets.toml"]
    assert first.session_secret.decode() not in repr(first)


@pytest.mark.parametrize(("content", "mode", "message"), [
    ('session_secret = ""\nguest_pepper = "0123456789abcdef0123456789abcdef"', 0o600, "session_secret is empty"),
    ('guest_pepper = "0123456789abcdef0123456789abcdef"', 0o600, "session_secret is empty"),
    ('session_secret = "short"\nguest_pepper = "0123456789abcdef0123456789abcdef"', 0o600, "shorter than 32"),
    ("", 0o640, r"others can read it \(mode 0640\); run: chmod 600 .*secrets.toml"),
    ("=", 0o600, "is not valid TOML"),
])
def test_secrets_that_protect_nothing_are_refused(tmp_path, content, mode, message):
    path = secrets_file(tmp_path)
    path.write_text(content, encoding="utf-8")
    path.chmod(mode)
    with pytest.raises(SettingsError, match=message):
        open_secrets(tmp_path, {})


def test_secrets_may_come_from_the_environment(tmp_path):
    """Then no file is made."""
    environ = {"PLAUDIT_SESSION_SECRET": "s" * 32, "PLAUDIT_GUEST_PEPPER": "p" * 32}
    secrets, created = open_secrets(tmp_path, environ)
    assert (secrets.session_secret, secrets.guest_pepper, created) == (b"s" * 32, b"p" * 32, False)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_secret_in_the_environment_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="PLAUDIT_SESSION_SECRET"):
        open_secrets(tmp_path, {"PLAUDIT_SESSION_SECRET": ""})


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="cannot be written"):
        open_secrets(tmp_path / "file" / "data", {})


RECORD = KeyRecord("default", "first", "ab" * 32, (Scope.ADMIN,), "2026-11-22T08:00:00Z")


def test_keys_made_while_running_are_kept_and_forgotten(tmp_path):
    """Private, by id, with the publishable key of the project."""
    add_key(tmp_path, RECORD, "pk_0123456789")
    assert read_keys(tmp_path) == Keys((RECORD,), {"default": "pk_0123456789"})
    assert keys_file(tmp_path).stat().st_mode & 0o777 == 0o600
    with pytest.raises(SettingsError, match='a key "first" already'):
        add_key(tmp_path, RECORD)
    assert [revoke_key(tmp_path, "first"), revoke_key(tmp_path, "first")] == [True, False]
    assert read_keys(tmp_path) == Keys((), {"default": "pk_0123456789"})


def test_kept_keys_belong_to_their_project():
    projects = load(write('[[projects]]\nid = "default"\n[[projects]]\nid = "b"'), {}).projects
    first, second = with_keys(projects, Keys((RECORD,), {"default": "pk_0123456789"}))
    assert first.server_keys == (ServerKey("first", "ab" * 32, frozenset({Scope.ADMIN})),)
    assert (first.publishable_key, second.publishable_key, second.server_keys) == ("pk_0123456789", None, ())


def test_kept_keys_that_cannot_be_understood_are_refused(tmp_path):
    keys_file(tmp_path).write_text("x = 1", encoding="utf-8")
    keys_file(tmp_path).chmod(0o600)
    with pytest.raises(SettingsError, match=r"keys.toml: cannot be understood"):
        read_keys(tmp_path)
