"""`plaudit doctor`"""

import asyncio
import os
import shutil
import stat
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from plaudit.cli import Failed
from plaudit.cli.finding import Finding
from plaudit.cli.options import Config, read
from plaudit.model import Issuer, Missed
from plaudit.settings import Configuration, SettingsError
from plaudit.store.counted import counted

FREE_BYTES_MIN = 256 * 1024 * 1024
WAL_BYTES_MAX = 256 * 1024 * 1024
SKEW_SECONDS_MAX = 30
OTHERS = 0o077
MEBIBYTE = 1024 * 1024
DAY_SECONDS = 24 * 60 * 60
MISSED_DAYS = 7
VALUES_MAX = 1000  # of a dimension
CLOCK_TIMEOUT_SECONDS = 3.0


def doctor(config: Config = None) -> None:
    """Say in plain words what is wrong, and what to do about it.

    Examined are settings, secrets, disk, database, identity providers and the clock. Changes nothing; the server may be
    running or not. Exit code 1 when something is wrong.

    Examples:

      plaudit doctor

      plaudit doctor --config /etc/plaudit.toml
    """
    try:
        configuration = read(config)
    except SettingsError as error:
        print("\n".join(str(Finding(good=False, text=line)) for line in str(error).splitlines()))
        raise Failed("the settings cannot be used; put them right and ask again") from error
    findings = asyncio.run(examine(configuration))
    print("\n".join(map(str, findings)))
    if wrong := sum(not finding.good for finding in findings):
        raise Failed(f"{wrong} of {len(findings)} checks found something wrong")


async def examine(configuration: Configuration) -> list[Finding]:
    from plaudit.cli.doctor_webhooks import examine_webhooks

    settings = configuration.settings
    findings = [Finding(good=True, text=f"Settings: {configuration.file or 'no file, only defaults'}")]
    findings += _private_files(settings.data_path)
    if settings.on_postgres:
        from plaudit.cli.doctor_postgres import examine_postgres

        findings += [finding async for finding in examine_postgres(settings)]
    else:
        findings += _disk(settings.database_path)
        findings += _database(settings.database_path)
    if all(finding.good for finding in findings):
        findings += [finding async for finding in _looked_into(configuration)]
    findings += [finding async for finding in examine_webhooks(configuration)]
    findings += await _shared_limits(settings.limits_url)
    findings += [finding async for finding in _issuers(configuration)]
    return findings


# ---------------------------------------------------------------- the disk


def _private_files(data_path: Path) -> Iterator[Finding]:
    from plaudit.settings import open_secrets
    from plaudit.settings.keys import keys_file, read_keys
    from plaudit.settings.secrets import secrets_file

    if not secrets_file(data_path).exists():
        yield Finding(good=True, text=f"Secrets: {secrets_file(data_path)} will be made at the first start")
    else:
        yield _tried(f"Secrets: {secrets_file(data_path)}", lambda: open_secrets(data_path, os.environ))
    yield _tried(_keys(keys_file(data_path)), lambda: read_keys(data_path))
    if data_path.exists() and (mode := stat.S_IMODE(data_path.stat().st_mode)) & OTHERS:
        yield Finding(good=False, text=f"Data folder: others can enter {data_path} (mode {mode:04o}); run: "
                                       f"chmod 700 {data_path}")


def _keys(path: Path) -> str:
    return f"Keys: {path}" if path.exists() else f"Keys: {path} is not there yet; `plaudit key new` makes it"


def _tried(text: str, attempt: Callable[[], object]) -> Finding:
    try:
        attempt()
    except SettingsError as error:
        return Finding(good=False, text=f"{text.partition(':')[0]}: {error}")
    return Finding(good=True, text=text)


def _disk(database: Path) -> Iterator[Finding]:
    folder = next(parent for parent in database.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    text = f"Disk: {free // MEBIBYTE} MiB free in {folder}"
    enough = free >= FREE_BYTES_MIN
    yield Finding(enough, text if enough else f"{text}; make room before votes are refused")
    if not os.access(folder, os.W_OK):
        yield Finding(good=False, text=f"Disk: {folder} cannot be written by this user; change its owner or data_dir")


# ---------------------------------------------------------------- the database


def _database(path: Path) -> Iterator[Finding]:
    from plaudit.errors import PlauditError
    from plaudit.store import backup

    if not path.exists():
        yield Finding(good=True, text=f"Database: {path} will be made at the first start")
        return
    try:
        damage = backup.quick_check(path)
        newest = None if damage else backup.newest_change(path)
    except PlauditError as error:
        yield Finding(good=False, text=f"Database: {error.message}")
        return
    yield _soundness(path, damage)
    yield _log_size(Path(f"{path}-wal"))
    yield _newest(newest)


def _soundness(path: Path, damage: str | None) -> Finding:
    if damage:
        what = " ".join(damage.split())
        return Finding(good=False, text=f"Database: {path} is damaged ({what}); stop the server and restore the "
                                        "newest backup: `plaudit restore --verify BACKUP`")
    return Finding(good=True, text=f"Database: {path} is sound")


def _log_size(log: Path) -> Finding:
    size = log.stat().st_size if log.exists() else 0
    text = f"Write-ahead log: {size // MEBIBYTE} MiB"
    if size > WAL_BYTES_MAX:
        return Finding(good=False, text=f"{text}; something keeps reading an old state: look for a hung backup or "
                                        "`sqlite3` session, then restart the server")
    return Finding(good=True, text=text)


def _newest(newest: int | None) -> Finding:
    """Votes from the future tell of a clock that was put back."""
    if newest is None:
        return Finding(good=True, text="Newest vote: none yet")
    at = datetime.fromtimestamp(newest / 1000, UTC).isoformat(timespec="seconds")
    if newest / 1000 > time.time() + SKEW_SECONDS_MAX:
        return Finding(good=False, text=f"Newest vote: {at}, which is in the future; put this machine's clock right")
    return Finding(good=True, text=f"Newest vote: {at}")


async def _looked_into(configuration: Configuration) -> AsyncIterator[Finding]:
    """What the rows say of the application. Totals are kept for each combination of values, so an id among them costs
    about as much as votes do; and votes on unknown messages are votes that are lost."""
    from plaudit.databases import reading
    from plaudit.errors import PlauditError

    projects = configuration.projects
    with suppress(PlauditError):  # a database that was never used, or of which a server has to be started first
        async with reading(configuration.settings, projects, now=lambda: int(time.time() * 1000)) as store:
            for project in projects:
                for dimension, values in (await store.dimensions(project.id)).items():
                    if len(values) > VALUES_MAX:
                        yield _many_values(project.id, str(dimension), len(values))
                missed = await store.missed(project.id, int(time.time()) // DAY_SECONDS - MISSED_DAYS)
                if missed:
                    yield _missed(project.id, missed)


def _missed(project_id: str, missed: Mapping[Missed, int]) -> Finding:
    """The most frequent page stands first."""
    total = sum(missed.values())
    late = sum(count for one, count in missed.items() if one.reason == "late")
    pages = dict.fromkeys(one.page for one in missed if one.page)
    where = f", most on {next(iter(pages))}" if pages else ""
    return Finding(good=False, text=f"Unknown messages of {project_id}: {counted(total, 'vote')} refused in "
                                    f"{MISSED_DAYS} days{where}; {late} of their messages were registered too late, "
                                    f"{total - late} never. Give the page receipts, or register before an answer is "
                                    "shown")


def _many_values(project_id: str, dimension: str, count: int) -> Finding:
    return Finding(good=False, text=f"Dimension {dimension} of {project_id}: {count:,} values; is an id among them? "
                                    "Send ids as metadata, or numbers become slow to read and large to keep")


# ---------------------------------------------------------------- shared limits, identity providers and the clock


async def _shared_limits(url: str | None) -> list[Finding]:
    if url is None:
        return []
    from plaudit.bootstrap import limits_problem
    from plaudit.store.postgres_server import without_password

    name = f"Shared limits: {without_password(url)}"
    if problem := await limits_problem(url):
        return [Finding(good=False, text=f"{name}: {problem.rstrip('.')}; votes go on, and each process counts for "
                                         "itself. Check limits_url, and that the server runs")]
    return [Finding(good=True, text=f"{name} counts")]


async def _issuers(configuration: Configuration) -> AsyncIterator[Finding]:
    from plaudit.bootstrap import issuer_check
    from plaudit.errors import DependencyDown

    async with issuer_check() as check:
        for project in configuration.projects:
            for issuer in project.issuers:
                name = f"Issuer {issuer.issuer} of project {project.id}"
                try:
                    count = await check(issuer)
                except DependencyDown as error:
                    yield Finding(good=False, text=f"{name}: {error.message}; check jwks_url and the network")
                    continue
                yield _usable(name, count)
                yield await _clock(issuer)


def _usable(name: str, count: int) -> Finding:
    if count == 0:
        return Finding(good=False, text=f"{name}: it publishes no key that can be used; its users cannot vote. Check "
                                        "jwks_url")
    return Finding(good=True, text=f"{name}: {counted(count, 'usable key')}")


async def _clock(issuer: Issuer) -> Finding:
    """Tokens are judged by time, so this machine and the issuer must agree on it."""
    import httpx2

    try:
        async with (httpx2.AsyncClient(timeout=CLOCK_TIMEOUT_SECONDS) as client,
                    client.stream("GET", issuer.jwks_url) as response):
            theirs = parsedate_to_datetime(response.headers["date"]).timestamp()
    except (httpx2.HTTPError, KeyError, ValueError):
        return Finding(good=True, text=f"Clock: {issuer.jwks_url} does not tell the time, so it was not compared")
    skew_seconds = round(time.time() - theirs)
    text = f"Clock: {abs(skew_seconds)} s {'ahead of' if skew_seconds >= 0 else 'behind'} {issuer.jwks_url}"
    if abs(skew_seconds) > SKEW_SECONDS_MAX:
        return Finding(good=False, text=f"{text}; good tokens are refused like this. Synchronise this machine's clock")
    return Finding(good=True, text=text)
