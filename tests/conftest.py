"""What holds for every test: where CI is set, a skipped test is a failed run. And the servers that any may start."""

import logging
import os

import pytest
import structlog

pytest_plugins = ["postgres_server", "valkey_server"]


@pytest.fixture(autouse=True)
def _logging_as_before():
    """A command that runs in this process sets it, on a standard error that is closed after the test. Until then what
    a test sets going logs nowhere, least of all among what a command prints."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def database(request):
    """Each database in turn: the settings of a server on it. On PostgreSQL all of a worker's servers share one."""
    if request.param == "sqlite":
        return {}
    return {"database_url": request.getfixturevalue("postgres").create_database()}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("schemathesis")
    group.addoption("--schemathesis-examples", type=int, default=30, help="How many an operation and phase.")
    group.addoption("--schemathesis-seed", type=int, default=20261122, help="What a run is made of.")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if skipped_in_ci(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = skipped_in_ci(terminalreporter.config)
    if skipped:
        terminalreporter.section("skipped, which CI does not take for a success", red=True)
        for report in skipped:
            terminalreporter.line(f"{report.nodeid}: {report.longreprtext}")


def skipped_in_ci(config: pytest.Config) -> list[pytest.TestReport]:
    """The skipped tests where the environment says CI=true, else none. Only the controlling process counts them."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") != "true" or reporter is None or hasattr(config, "workerinput"):
        return []
    return list(reporter.stats.get("skipped", []))
