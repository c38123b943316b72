"""Dockerfile and compose.yaml name only what there is, and what they would run works: as near as one gets to an image
without Docker. The build's own commands are run, in folders of the test's."""

import asyncio
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import asyncpg
import pytest
import yaml
from command_line import parsed
from dockerfile import let_through, stages
from loopback import free_port
from packaging.specifiers import SpecifierSet

from plaudit.settings import load
from plaudit.settings.loading import FILE_VARIABLE, SECRET_VARIABLES
from plaudit.settings.table import Settings, environment_name
from plaudit.store.postgres_server import Servers

ROOT = Path(__file__).parents[2]
BUILD, IMAGE = stages((ROOT / "Dockerfile").read_text(encoding="utf-8"))
IGNORE = (ROOT / ".dockerignore").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OURS = SERVICES["plaudit"]
VARIABLES = {*map(environment_name, Settings.__struct_fields__), FILE_VARIABLE, *SECRET_VARIABLES}
SHELL = re.compile(r"[;&|<>`*?]|\$\(")
SECONDS = 60
PASSWORD = "a password of the database"


def settings(environment):
    return {name: value for name, value in environment.items() if name.startswith("PLAUDIT_")}


# ---------------------------------------------------------------- Dockerfile


def test_every_file_that_the_image_is_made_of_is_there_and_is_sent_to_the_build():
    """And .dockerignore keeps back what is nobody's business: votes, secrets, history."""
    named = [source for copy in BUILD.all("COPY") for source in copy.arguments[:-1]]
    assert [source for source in named if not (ROOT / source).exists()] == []
    assert [source for source in named if not let_through(Path(source), IGNORE)] == []
    kept_back = ("secrets/pgpass", "plaudit-data/plaudit.db", "plaudit.toml", ".git/config", ".venv/bin/python",
                 "src/plaudit/__pycache__/model.cpython-311.pyc", "tests/conftest.py")
    assert [path for path in kept_back if let_through(Path(path), IGNORE)] == []


def test_the_base_image_has_a_python_that_plaudit_runs_on():
    """The same for what is built and for what runs."""
    [version] = {re.fullmatch(r"python:(\d\.\d+)-slim", stage.one("FROM").arguments[0])[1] for stage in (BUILD, IMAGE)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"{version}.0" in SpecifierSet(project["requires-python"])


@pytest.mark.parametrize("run", [*BUILD.all("RUN"), *IMAGE.all("RUN")], ids=lambda run: run.text[:40])
def test_a_step_of_the_build_is_one_plain_command(run):
    """Nothing that a shell would have to understand: a failure in the middle of a step would go unnoticed."""
    assert not SHELL.search(run.text)


@pytest.mark.parametrize("run", [run for run in BUILD.all("RUN") if " install " in run.text],
                         ids=lambda run: run.text[:40])
def test_nothing_is_installed_unverified(run):
    """By hash, or from what was built a step before."""
    assert "--require-hashes" in run.arguments or {"--no-index", "--no-deps"} <= set(run.arguments)


def test_it_runs_as_a_user_with_a_number_who_is_not_root_and_owns_the_data_folder_alone():
    """Orchestrators that insist on it look at the number."""
    user, group = map(int, IMAGE.one("USER").text.split(":"))
    [made] = [run.arguments for run in IMAGE.all("RUN")]
    folder = IMAGE.one("VOLUME").text
    assert 0 not in (user, group)
    assert made == ["install", "--directory", "--owner", str(user), "--group", str(group), "--mode", "0700", folder]
    assert IMAGE.environment["PLAUDIT_DATA_DIR"] == folder == IMAGE.one("WORKDIR").text


def test_it_is_stopped_by_the_signal_that_plaudit_understands():
    assert IMAGE.one("STOPSIGNAL").text == "SIGTERM"


def test_its_variables_are_settings_and_its_port_is_the_one_it_tells():
    assert set(settings(IMAGE.environment)) - VARIABLES == set()
    configured = load(None, settings(IMAGE.environment)).settings
    assert (configured.host, str(configured.port)) == ("0.0.0.0", IMAGE.one("EXPOSE").text)


def test_its_command_is_one_of_plaudits():
    assert parsed(IMAGE.one("ENTRYPOINT").arguments + IMAGE.one("CMD").arguments) == "serve"


# ---------------------------------------------------------------- the image, as far as it goes without Docker


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The build stage's COPY and RUN lines in their order, under a root of ours; the final stage's first COPY is what
    is left of it. Gives that root."""
    root = tmp_path_factory.mktemp("image")
    subprocess.run([sys.executable, "-m", "venv", root / "base"], check=True)  # stands for the base image
    work = root / "build"
    for step in BUILD.instructions:
        if step.word == "COPY":
            _copy(step.arguments, work)
        if step.word == "RUN":
            command = [re.sub(r"^/(?=opt|wheel)", f"{root}/", part) for part in step.arguments]
            ran = subprocess.run([root / "base/bin" / command[0], *command[1:]], cwd=work, env=BUILD.environment,
                                 capture_output=True, text=True, check=False)
            assert ran.returncode == 0, f"{step.text}\n{ran.stdout}{ran.stderr}"
    return root


def _copy(arguments, work):
    *sources, _ = arguments
    work.mkdir(exist_ok=True)
    for source in sources:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, work / source, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, work)


def test_what_the_image_installs_serves_and_its_health_check_tells_whether_it_does(image, tmp_path):
    """With the image's own variables, but for the port and the folder. The control: nobody answers any more."""
    port = str(free_port())
    environment = {**IMAGE.environment, "PLAUDIT_PORT": port, "PLAUDIT_DATA_DIR": str(tmp_path / "data"),
                   "PATH": f"{image}/opt/plaudit/bin"}
    [program, *options] = IMAGE.one("ENTRYPOINT").arguments + IMAGE.one("CMD").arguments
    command = [image / "opt/plaudit/bin" / program, *options]
    with subprocess.Popen(command, env=environment, cwd=tmp_path, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as process:
        try:
            assert next(line for line in process.stdout if line.startswith("Plaudit serves"))
            assert _healthy(image, environment)
        finally:
            process.terminate()
    assert process.returncode == 0
    assert not _healthy(image, environment)


def _healthy(image, environment):
    [program, *options] = IMAGE.health_check
    return subprocess.run([image / "opt/plaudit/bin" / program, *options], env=environment, stderr=subprocess.DEVNULL,
                          check=False, timeout=SECONDS).returncode == 0


def test_the_image_has_no_pip(image):
    """What is installed in a running container would be gone with it."""
    packages = image / "opt/plaudit/lib"
    assert [path.name for path in packages.glob("*/site-packages/*") if path.name in ("pip", "hatchling")] == []


# ---------------------------------------------------------------- compose.yaml


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_do_no_more_than_it_must(name):
    """No writing but to its volumes and to memory, no privilege, no root."""
    service = SERVICES[name]
    assert (service["read_only"], service["cap_drop"], service["security_opt"]) == (
        True, ["ALL"], ["no-new-privileges:true"])
    assert name == "plaudit" or re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
    assert "privileged" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_refers_to_what_there_is(name):
    """Services, networks, volumes, configurations and secrets; and nothing is declared that nobody uses."""
    service = SERVICES[name]
    assert set(service.get("depends_on", {})) - set(SERVICES) == set()
    for kind, used in _used(service).items():
        assert used - set(COMPOSE[kind]) - {"default"} == set(), kind


def _used(service):
    return {
        "networks": set(service["networks"]),
        "volumes": {volume.partition(":")[0] for volume in service.get("volumes", ())},
        "configs": {config["source"] for config in service.get("configs", ())},
        "secrets": set(service.get("secrets", ())),
    }


@pytest.mark.parametrize("kind", ["networks", "volumes", "configs", "secrets"])
def test_nothing_is_declared_that_no_service_uses(kind):
    assert set(COMPOSE[kind]) - set().union(*(_used(service)[kind] for service in SERVICES.values())) == set()


def test_what_is_waited_for_says_when_it_is_ready():
    assert [name for name, how in OURS["depends_on"].items()
            if how["condition"] != "service_healthy" or "healthcheck" not in SERVICES[name]] == []


def test_every_configuration_and_secret_is_a_file():
    """Those given otherwise cannot be put into a container whose root is read-only. What is in the repository is
    there; what is the operator's own is kept out of git."""
    named = [Path(entry["file"]) for kind in ("configs", "secrets") for entry in COMPOSE[kind].values()]
    theirs = [str(path) for path in named if not (ROOT / path).exists() or "secrets" in path.parts]
    ignored = subprocess.run(["git", "check-ignore", *theirs], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ignored.stdout.split() == theirs


def test_the_manuals_commands_make_the_secrets_that_the_services_read(tmp_path):
    """Run as they stand, but for the change of owner, which takes root."""
    manual = (ROOT / "docs/operations/setup.md").read_text(encoding="utf-8")
    block = manual.partition("```sh\ninstall -d -m 0700 secrets\n")[2].partition("chown 10001 secrets/pgpass ")[0]
    subprocess.run(["sh", "-euc", f"install -d -m 0700 secrets\n{block}"], cwd=tmp_path, check=True)
    made = {name: tmp_path / entry["file"] for name, entry in COMPOSE["secrets"].items()}
    assert {name: oct(file.stat().st_mode & 0o777) for name, file in made.items()} == {
        "pgpass": "0o400", "postgres_password": "0o444", "plaudit_password": "0o444"}
    place = re.fullmatch(r"postgresql://(\w+)@(\w+):(\d+)/(\w+)", OURS["environment"]["PLAUDIT_DATABASE_URL"])
    role, host, port, database = place.groups()
    assert made["pgpass"].read_text().strip().split(":") == [
        host, port, database, role, made["plaudit_password"].read_text().strip()]


def test_no_secret_stands_in_an_environment():
    """What stands there is shown by `docker inspect`."""
    given = [item for service in SERVICES.values() for item in service.get("environment", {}).items()]
    assert [name for name, value in given if "PASSWORD" in name and not value.startswith("/run/secrets/")] == []
    assert not re.search(r"://[^/@]*:[^/@]*@", str(given))


def test_plaudits_variables_are_settings_and_lead_to_the_database_service(tmp_path):
    """Together with the image's own."""
    given = settings(OURS["environment"])
    assert set(given) - VARIABLES == set()
    empty = tmp_path / "plaudit.toml"
    empty.touch()
    configured = load(empty, {**settings(IMAGE.environment), **given}).settings
    assert configured.on_postgres
    assert re.fullmatch(r"postgresql://plaudit@(\w+):5432/plaudit", configured.database_url)[1] in SERVICES
    assert given[FILE_VARIABLE] in [config["target"] for config in OURS["configs"]]


def test_the_manual_names_the_shared_limits_as_the_services_know_them():
    """A setting that Plaudit takes, and a service that is started with the profile."""
    manual = (ROOT / "docs/operations/setup.md").read_text(encoding="utf-8")
    [url] = re.findall(r'`limits_url = "(valkey://[^"]*)"`', manual)
    environment = {**OURS["environment"], FILE_VARIABLE: "", "PLAUDIT_LIMITS_URL": url}
    assert load(None, settings(environment)).settings.limits_url == url
    assert SERVICES[re.fullmatch(r"valkey://(\w+):6379/0", url)[1]]["profiles"] == ["limits"]


def test_the_published_port_is_the_images_and_on_loopback():
    """TLS and the public are the proxy's."""
    assert OURS["ports"] == [f"127.0.0.1:8000:{IMAGE.one('EXPOSE').text}"]


def test_a_stopping_container_is_given_the_time_that_plaudit_takes():
    configured = load(None, {}).settings
    seconds = int(OURS["stop_grace_period"].removesuffix("s"))
    assert seconds > configured.drain_seconds + configured.shutdown_timeout_seconds


def test_the_database_has_connections_for_several_processes():
    """And some left for people: `max_connections` as docs/operations/postgresql.md reckons it."""
    given = re.search(r"max_connections=(\d+)", " ".join(SERVICES["postgres"]["command"]))[1]
    assert int(given) >= 4 * load(None, {}).settings.database_connections + 3


# ---------------------------------------------------------------- the database's password


@pytest.fixture
def database(postgres_server):
    """A server that asks Plaudit's role for its password, as the postgres image does, after container/role.sql."""
    server = postgres_server()
    hba = server.data / "pg_hba.conf"
    hba.write_text("host all plaudit 127.0.0.1/32 scram-sha-256\n" + hba.read_text(encoding="utf-8"), encoding="utf-8")
    server.sql("SELECT pg_reload_conf()")
    (server.folder / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    script = (ROOT / "container/role.sql").read_text(encoding="utf-8")
    assert "/run/secrets/plaudit_password" in script
    (server.folder / "role.sql").write_text(script.replace("/run/secrets/plaudit_password", "password"),
                                            encoding="utf-8")
    server.run("psql", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--dbname", server.url(), "--file", "role.sql")
    return server


def password_file(monkeypatch, folder, port, mode):
    file = folder / "pgpass"
    file.write_text(f"127.0.0.1:{port}:plaudit:plaudit:{PASSWORD}\n", encoding="utf-8")
    file.chmod(mode)
    monkeypatch.setenv("PGPASSFILE", str(file))


async def asked(url, question):
    connection = await Servers(url).connect()
    try:
        return await connection.fetchrow(question)
    finally:
        await connection.close()


def test_the_password_comes_from_a_file_and_the_role_may_no_more_than_it_must(database, monkeypatch, tmp_path):
    """Found for the host that takes it, whichever of several that is. The role owns its database and nothing else."""
    password_file(monkeypatch, tmp_path, database.port, 0o600)
    url = f"postgresql://plaudit@127.0.0.1:1,127.0.0.1:{database.port}/plaudit"
    question = """
        SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls,
               has_database_privilege('plaudit', 'CREATE'), has_database_privilege('postgres', 'CREATE'),
               current_setting('server_encoding')
        FROM pg_roles WHERE rolname = current_user"""
    assert tuple(asyncio.run(asked(url, question))) == (
        "plaudit", False, False, False, False, False, True, False, "UTF8")


def test_a_password_file_that_others_can_read_is_not_used(database, monkeypatch, tmp_path):
    """The driver says so and goes on without: the server refuses, as it does without any file."""
    password_file(monkeypatch, tmp_path, database.port, 0o644)
    url = f"postgresql://plaudit@127.0.0.1:{database.port}/plaudit"
    with (pytest.warns(UserWarning, match="group or world access"),
          pytest.raises(asyncpg.InvalidAuthorizationSpecificationError)):
        asyncio.run(asked(url, "SELECT 1"))
