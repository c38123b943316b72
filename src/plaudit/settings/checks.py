"""What the settings may not say. Each check yields a path and a sentence: what is wrong and what to do."""

import re
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from plaudit.events import Body
from plaudit.redaction import pattern_problem
from plaudit.settings.receipt_keys import key_bytes
from plaudit.settings.table import UNLIMITED, DashboardTable, IssuerTable, ProjectTable, Settings, WebhookTable
from plaudit.settings.toml_lines import KeyPath
from plaudit.webhooks import addresses, otlp

Problem = tuple[KeyPath, str]

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256")
ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
REASON_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
REASON_TEXT_MAX = 80
REASONS_MAX = 20
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
RECEIPT_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
ISSUER = re.compile(r'https?://[!-"$->@-~]{1,500}')
HOST = re.compile(r"[a-z0-9.-]{1,253}|\[[0-9a-f:.]+\]")
POSTGRES_PLACE = re.compile(r"(?:\[[0-9A-Fa-f:.%]+\]|[^:\[\]]*)(?::([0-9]{0,5}))?", re.ASCII)  # either left out
PORTS = range(1, 65536)
LIMITS_SCHEMES = ("valkey", "valkeys", "redis", "rediss")
LOOPBACK_NAMES = ("localhost",)
UNSIGNED = (Body.SLACK, Body.OTLP, Body.OTLP_JSON)  # to whoever knows no signatures


def problems(settings: Settings) -> Iterator[Problem]:
    yield from _top(settings)
    for index, project in enumerate(settings.projects):
        for path, text in _project(project, settings):
            yield ("projects", index, *path), text
    yield from _shared(settings.projects)
    yield from _one_address(settings.projects)


# ---------------------------------------------------------------- the top


def _top(settings: Settings) -> Iterator[Problem]:
    url = settings.database_url
    if url is not None and not settings.on_postgres and (not url.startswith("sqlite:") or url == "sqlite:"):
        yield ("database_url",), ("must be sqlite:PATH, such as sqlite:plaudit-data/plaudit.db, or postgresql:// and "
                                  "what follows")
    if url is not None and settings.on_postgres and not _is_postgres_url(url):
        yield ("database_url",), ("must be like postgresql://USER:PASSWORD@HOST:5432,HOST:5432/DATABASE, with a "
                                  "password's special characters escaped: %40 for @, %2F for /")
    if settings.workers > 1 and not settings.on_postgres:
        yield ("workers",), ("one SQLite file takes one server: with several writing processes, single votes waited "
                             "1.6 to 2.6 seconds. Set workers = 1, or database_url to a PostgreSQL server")
    if settings.limits_url is not None and not _is_limits_url(settings.limits_url):
        yield ("limits_url",), ("must be like valkey://:PASSWORD@HOST:6379/0 (or redis://, valkeys://, rediss://), "
                                "with a password's special characters escaped: %40 for @")
    if not settings.data_dir:
        yield ("data_dir",), "is empty; name a folder"
    for network in settings.trusted_proxies:
        if not _is_network(network):
            yield ("trusted_proxies",), f'"{network}" is no network; write it like 10.0.0.0/8 or 192.0.2.7/32'
    known = [project.id for project in settings.projects] or ["default"]
    if settings.default_project not in (None, *known):
        yield ("default_project",), f'there is no project "{settings.default_project}"; choose one of {_list(known)}'


def _is_postgres_url(url: str) -> bool:
    """A password's own / or # would end the hosts early, and stand where nobody takes it for a secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    places = map(POSTGRES_PLACE.fullmatch, parts.netloc.rpartition("@")[2].split(","))
    return "@" not in parts.path and "#" not in url and all(it and int(it[1] or 5432) in PORTS for it in places)


def _is_limits_url(url: str) -> bool:
    """A path is the number of a database. What may stand after a `?` would be arguments of the client's own."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return (parts.scheme in LIMITS_SCHEMES and bool(parts.hostname) and port != 0 and "?" not in url
            and "#" not in url and bool(re.fullmatch(r"(/[0-9]{0,4})?", parts.path)))


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


# ---------------------------------------------------------------- one project


def _project(project: ProjectTable, settings: Settings) -> Iterator[Problem]:
    if not ID.fullmatch(project.id):
        yield ("id",), "must be 1 to 64 letters, digits, dots, dashes or underscores"
    plans = [*settings.plans, UNLIMITED]
    if project.plan not in plans:
        yield ("plan",), f'there is no plan "{project.plan}"; choose one of {_list(plans)}, or add it under [plans]'
    if not project.contracts:
        yield ("contracts",), "a project that serves no contract takes no votes; remove the line to serve all"
    yield from _keys(project)
    yield from _web(project)
    yield from _pages(project)
    yield from _reasons(project)
    yield from _redaction(project)
    for index, webhook in enumerate(project.webhooks):
        for path, text in _webhook(webhook):
            yield ("webhooks", index, *path), text
    for index, issuer in enumerate(project.issuers):
        for path, text in _issuer(issuer):
            yield ("issuers", index, *path), text


def _keys(project: ProjectTable) -> Iterator[Problem]:
    key = project.publishable_key
    if key is not None and not re.fullmatch(r"pk_[A-Za-z0-9_-]{8,128}", key):
        yield ("publishable_key",), "must be pk_ and 8 to 128 letters, digits, dashes or underscores"
    for index, server_key in enumerate(project.server_keys):
        if not ID.fullmatch(server_key.id):
            yield ("server_keys", index, "id"), "must be 1 to 64 letters, digits, dots, dashes or underscores"
        if not re.fullmatch(r"[0-9a-f]{64}", server_key.sha256):
            yield ("server_keys", index, "sha256"), (
                "must be the SHA-256 of a key, 64 lower-case hexadecimal digits; `plaudit key new --toml` prints one")
        if not server_key.scopes:
            yield ("server_keys", index, "scopes"), "a key without scopes may do nothing; give it some or remove it"
    for index, receipt_key in enumerate(project.receipt_keys):
        if not RECEIPT_KEY_ID.fullmatch(receipt_key.id):
            yield ("receipt_keys", index, "id"), "must be 1 to 64 letters, digits, dashes or underscores"
        if not _is_key(receipt_key.key):
            yield ("receipt_keys", index, "key"), (
                "must be 32 bytes in base64url; `plaudit key new --receipts --toml` prints such a key")


def _is_key(text: str) -> bool:
    try:
        return bool(key_bytes(text))
    except ValueError:
        return False


def _redaction(project: ProjectTable) -> Iterator[Problem]:
    for text in project.redaction.patterns:
        if problem := pattern_problem(text):
            yield ("redaction", "patterns"), f'"{text}" {problem}'
    if project.redaction.patterns and not project.redaction.comments:
        yield ("redaction", "patterns"), "take nothing out while comments = false"


def _reasons(project: ProjectTable) -> Iterator[Problem]:
    ids: set[str] = set()
    for index, reason in enumerate(project.reasons):
        if not REASON_ID.fullmatch(reason.id):
            yield ("reasons", index, "id"), "must be 1 to 32 letters, digits, dashes or underscores"
        if reason.id in ids:
            yield ("reasons", index, "id"), f'there is a reason "{reason.id}" already; give each an id of its own'
        ids.add(reason.id)
        if not reason.texts:
            yield ("reasons", index, "texts"), 'is empty; give it at least one, such as en = "Out of date"'
        for code, text in reason.texts.items():
            if not LANGUAGE.fullmatch(code):
                yield ("reasons", index, "texts"), f'"{code}" is no language; write it like en or pt-BR'
            if not 0 < len(text) <= REASON_TEXT_MAX:
                yield ("reasons", index, "texts"), f"must be 1 to {REASON_TEXT_MAX} characters each"
    if len(project.reasons) > REASONS_MAX:
        yield ("reasons",), f"are {len(project.reasons)}; nobody reads more than {REASONS_MAX}"


def _webhook(webhook: WebhookTable) -> Iterator[Problem]:
    if not ID.fullmatch(webhook.id):
        yield ("id",), "must be 1 to 64 letters, digits, dots, dashes or underscores"
    if (webhook.url is None) == (webhook.url_file is None):
        yield ("url",), "give either url or url_file"
    if webhook.url is not None and (wrong := addresses.problem(webhook.url, allow_private=webhook.allow_private)):
        yield ("url",), wrong
    if webhook.body is Body.OTLP and not otlp.has_protobuf():
        yield ("body",), "needs the extra otel: pip install 'plaudit[otel]'; or take otlp-json"
    if not webhook.secret_files and webhook.body not in UNSIGNED:
        yield ("secret_files",), ("without a secret nobody can tell who has sent an event; make one by "
                                  "`plaudit webhook secret FILE`")
    if not webhook.events:
        yield ("events",), "are none; remove the line for all of them, or the endpoint"


def _web(project: ProjectTable) -> Iterator[Problem]:
    for origin in project.origins:
        if not _is_origin(origin):
            yield ("origins",), (
                f'"{origin}" is no web origin; write scheme and host only, in lower case, like https://www.example.com')
    for host in project.hosts:
        if not HOST.fullmatch(host):
            yield ("hosts",), f'"{host}" is no host name; write it in lower case without scheme or port'


def _is_origin(text: str) -> bool:
    return bool(re.fullmatch(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", text))


def _pages(project: ProjectTable) -> Iterator[Problem]:
    if not _is_time_zone(project.time_zone):
        yield ("time_zone",), f'there is no time zone "{project.time_zone}"; take an IANA name, such as Europe/Madrid'
    if project.trace_url is not None and not _is_trace_url(project.trace_url):
        yield ("trace_url",), "must be an https:// or http:// address with {trace_id} where the trace's id belongs"
    if project.dashboard is not None:
        for path, text in _sign_in(project.dashboard):
            yield ("dashboard", *path), text


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _is_trace_url(template: str) -> bool:
    """The id stands behind the host: nobody's trace id may choose where a link goes."""
    start, _, rest = template.partition("{trace_id}")
    return bool(re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+/[^\s{}\\]*", start)
                and "{trace_id}" in template and not re.search(r"[\s{}\\]", rest))


def _sign_in(table: DashboardTable) -> Iterator[Problem]:
    if not ISSUER.fullmatch(table.issuer) or not _is_safe(table.issuer):
        yield ("issuer",), "must be the provider's https:// address (http:// only on this machine), without # and ?"
    if not table.client_id:
        yield ("client_id",), "is empty; take the id of the client that the provider has for the pages"
    if not table.allow_claim:
        yield ("allow_claim",), "is empty; name the claim that says who may look"
    if not table.allow_values or "" in table.allow_values:
        yield ("allow_values",), "name at least one value: without it, every user of the provider could look"
    yield from _algorithms(table.algorithms)


def _issuer(issuer: IssuerTable) -> Iterator[Problem]:
    if not ISSUER.fullmatch(issuer.issuer):
        yield ("issuer",), ("must be the provider's https:// address as its tokens write it, in ASCII without # and ?, "
                            "at most 500 characters")
    if not issuer.audiences or "" in issuer.audiences:
        yield ("audiences",), "name at least one audience: without it, tokens made for other applications would pass"
    if not _is_safe(jwks_url(issuer)):
        yield ("jwks_url" if issuer.jwks_url else "issuer",), (
            "keys must be fetched over https:// (http:// only from this machine): who changes them on the way is "
            "everybody")
    yield from _algorithms(issuer.algorithms)


def _algorithms(algorithms: Iterable[str]) -> Iterator[Problem]:
    for algorithm in algorithms or ("",):
        if algorithm not in ALGORITHMS:
            yield ("algorithms",), f'"{algorithm}" is not accepted; choose from {_list(ALGORITHMS)}'


def jwks_url(issuer: IssuerTable) -> str:
    return issuer.jwks_url or issuer.issuer.removesuffix("/") + "/.well-known/jwks.json"


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)))


def _is_loopback(host: str) -> bool:
    try:
        return host in LOOPBACK_NAMES or ip_address(host).is_loopback
    except ValueError:
        return False


# ---------------------------------------------------------------- between projects


def _shared(projects: Iterable[ProjectTable]) -> Iterator[Problem]:
    """Nothing that tells projects apart may belong to two of them."""
    marks: tuple[tuple[str, Callable[[ProjectTable], Iterator[tuple[KeyPath, str]]]], ...] = (
        ("id", lambda project: iter([(("id",), project.id)])),
        ("publishable key", lambda project: iter([(("publishable_key",), project.publishable_key or "")])),
        ("host", lambda project: ((("hosts",), host) for host in project.hosts)),
        ("server key id", lambda project: (
            (("server_keys", index, "id"), key.id) for index, key in enumerate(project.server_keys))),
        ("server key", lambda project: (
            (("server_keys", index, "sha256"), key.sha256) for index, key in enumerate(project.server_keys))),
        ("receipt key id", lambda project: (
            (("receipt_keys", index, "id"), key.id) for index, key in enumerate(project.receipt_keys))),
        ("webhook id", lambda project: (
            (("webhooks", index, "id"), webhook.id) for index, webhook in enumerate(project.webhooks))),
        ("issuer and audience", _audiences),
    )
    for what, marks_of in marks:
        yield from _repeated(what, projects, marks_of)


def _audiences(project: ProjectTable) -> Iterator[tuple[KeyPath, str]]:
    for index, issuer in enumerate(project.issuers):
        for audience in issuer.audiences:
            yield ("issuers", index, "audiences"), f"{issuer.issuer} {audience}"


def _repeated(what: str, projects: Iterable[ProjectTable],
              marks_of: Callable[[ProjectTable], Iterator[tuple[KeyPath, str]]]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for index, project in enumerate(projects):
        for path, mark in marks_of(project):
            if mark and mark in seen:
                yield ("projects", index, *path), (
                    f'the {what} "{mark}" is already taken by project "{seen[mark]}"; it must name one place only')
            seen.setdefault(mark, project.id)


def _one_address(projects: Iterable[ProjectTable]) -> Iterator[Problem]:
    """An issuer's keys are the same whichever project asks."""
    addresses: dict[str, str] = {}
    for project_index, project in enumerate(projects):
        for index, issuer in enumerate(project.issuers):
            address = addresses.setdefault(issuer.issuer, jwks_url(issuer))
            if address != jwks_url(issuer):
                yield ("projects", project_index, "issuers", index, "jwks_url"), (
                    f"the keys of {issuer.issuer} are said to be at {address} already; give it one address")


def _list(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
