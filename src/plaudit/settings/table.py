"""Every setting, once: name, type, default and a sentence. `docs/settings.md` is printed from here.

The shapes of `plaudit.toml` as structs. What a single value may be is said here; what values may not be together is
said in `checks`.
"""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from plaudit.events import Body, Kind
from plaudit.model import OWN_CONTRACTS, Contract, GuestMode, ReceiptAlgorithm, Scope

UNLIMITED = "unlimited"  # the plan that is there without being written down

POSTGRES = ("postgresql://", "postgres://")

Access = Literal["key", "public", "off"]


def says(sentence: str, least: float | None = None, most: float | None = None) -> Meta:
    return Meta(description=sentence, ge=least, le=most)


class PlanTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[plans.NAME]`: what customers of a plan may use. The order in the file is from the smallest to the greatest."""

    features: Annotated[tuple[str, ...], says("What the plan includes; `feedback` is the feature that takes votes.")]


class LimitsTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[projects.limits]`: requests a minute."""

    per_subject: Annotated[int, says("Requests a minute of one voter; 0 switches this limit off.", 0, 1_000_000)] = 100
    per_project: Annotated[int, says("Requests a minute of all its voters; 0 switches it off.", 0, 1_000_000)] = 0


class IssuerTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[projects.issuers]]`: an OpenID Connect provider whose tokens the project believes."""

    issuer: Annotated[str, says("The `iss` of its tokens, compared exactly, the trailing slash included.")]
    audiences: Annotated[tuple[str, ...], says("The `aud` values that are meant for this project; one must match.")]
    jwks_url: Annotated[str | None, says("Where its keys are; default: issuer + `.well-known/jwks.json`.")] = None
    algorithms: Annotated[tuple[str, ...], says("Signature algorithms to accept.")] = ("RS256",)
    authorized_parties: Annotated[tuple[str, ...], says("Accepted `azp` or `client_id` values; empty: any.")] = ()
    scopes: Annotated[tuple[str, ...], says("Scopes that each token must carry; empty: none.")] = ()


class ServerKeyTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[projects.server_keys]]`: a key of the application's back end, as printed by `plaudit key new --toml`."""

    id: Annotated[str, says("A name for the key, to list and to revoke it by.")]
    sha256: Annotated[str, says("SHA-256 of the key, hexadecimal; the key itself is never written down.")]
    scopes: Annotated[tuple[Scope, ...], says("What the key may do.")]
    created: Annotated[str, says("When the key was made, for your own records.")] = ""


class ReceiptKeyTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[projects.receipt_keys]]`: what checks receipts, as printed by `plaudit key new --receipts --toml`."""

    id: Annotated[str, says("The key's id, which each of its receipts names; to list and to revoke it by.")]
    algorithm: Annotated[ReceiptAlgorithm, says("`EdDSA`: the key is Ed25519's public one. `HS256`: it is the secret.")]
    key: Annotated[str, says("The key's 32 bytes in base64url.")]
    created: Annotated[str, says("When the key was made, for your own records.")] = ""


class ReasonTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[projects.reasons]]`: what a voter may tick beside a vote, through Plaudit's own contract and the element."""

    id: Annotated[str, says("What is stored, such as `out-of-date`; never change it.")]
    texts: Annotated[dict[str, str], says('What people read, by language: `en = "Out of date"`. The first one is for '
                                          "whoever speaks none of them.")]
    vote: Annotated[Literal["like", "dislike"] | None, says("Goes with this vote only; default: with either.")] = None


class WebhookTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[projects.webhooks]]`: an endpoint that is told of the project's votes; see [Webhooks](webhooks.md)."""

    id: Annotated[str, says("A name for the endpoint, stored with what it has yet to be told; never change it. No two "
                            "have the same, of whatever projects.")]
    url: Annotated[str | None, says("Where events are sent to: an `https://` address on the public Internet.")] = None
    url_file: Annotated[str | None, says("Instead of `url`, for the address of a chat is a secret: a file that holds "
                                         "it, readable by Plaudit alone.")] = None
    secret_files: Annotated[tuple[str, ...], says("Files that hold a `whsec_…` secret each, readable by Plaudit alone; "
                                                  "`plaudit webhook secret` makes one. Each of several signs, so that "
                                                  "one can be exchanged. With body `slack`, `otlp` or `otlp-json` "
                                                  "there need be none.")] = ()
    headers_file: Annotated[str | None, says("A file of headers to send along, such as the key of whom events are sent "
                                             "to, one `name: value` a line; readable by Plaudit alone.")] = None
    events: Annotated[tuple[Kind, ...], says("Which events: votes, their removal, and votes that became a user's "
                                             "because a guest did.")] = tuple(Kind)
    has_comment: Annotated[bool | None, says("Only votes with a comment, or only those without; default: both.")] = None
    contracts: Annotated[tuple[Contract, ...], says("Only votes through one of these contracts; empty: any.")] = ()
    body: Annotated[Body, says("How an event is written.")] = Body.PLAUDIT
    comments: Annotated[bool, says("Whether comments are sent along.")] = True
    contents: Annotated[bool, says("Whether the answers that were voted on are sent along, up to 16,000 characters of "
                                   "each.")] = False
    allow_private: Annotated[bool, says("Whether the address may be on this machine or on a network that is not "
                                        "public, and begin with `http://`.")] = False


class DashboardTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[projects.dashboard]`: an OpenID Connect provider through which people sign in to the pages, beside the keys."""

    issuer: Annotated[str, says("Its issuer, compared exactly; where to sign in is found by OpenID Connect Discovery.")]
    client_id: Annotated[str, says("The client that the provider has for the pages; its redirect URI is "
                                   "`https://YOUR-HOST/dashboard/sign-in/return`.")]
    allow_values: Annotated[tuple[str, ...], says("Who may look: values of the claim, one of which must match.")]
    allow_claim: Annotated[str, says("The claim of the ID token that says who may look; its value is a text or a list. "
                                     "`email` must be verified.")] = "email"
    algorithms: Annotated[tuple[str, ...], says("Signature algorithms to accept.")] = ("RS256",)
    client_secret_file: Annotated[str | None, says("A file that holds the client's secret, readable by Plaudit alone; "
                                                   "default: a public client.")] = None


Days = Annotated[int, Meta(ge=1, le=36_500)]


class RetentionTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[projects.retention]`: what is forgotten after a while; no number changes. See [People's words](people.md)."""

    comments_days: Annotated[Days | None, says("Days after which a comment is forgotten, and what reviewers noted "
                                               "beside it; default: never.")] = None
    contents_days: Annotated[Days | None, says("Days after which a message's content and metadata are; default: "
                                               "never.")] = None
    votes_days: Annotated[Days | None, says("Days after which a vote, and the answer that it judges, is nobody's any "
                                            "more, and its words are forgotten; default: never.")] = None


class RedactionTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[projects.redaction]`: what is taken out of comments before they are stored; see [People's words](people.md)."""

    comments: Annotated[bool, says("Whether e-mail addresses, telephone and card numbers and keys are taken out. "
                                   "The original is stored nowhere.")] = False
    patterns: Annotated[tuple[str, ...], says("What else is, such as `ORD-######`: `#` is a digit, `@` a letter, `*` "
                                              "some of either, all else itself, case aside.")] = ()


class ProjectTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[projects]]`: one application. One project never sees another's messages."""

    id: Annotated[str, says("The project's id, stored with each of its votes; never change it.")]
    name: Annotated[str | None, says("The name that people read; default: the id.")] = None
    plan: Annotated[str, says("The project's plan, one of `[plans.*]`.")] = UNLIMITED
    publishable_key: Annotated[str | None, says("The `pk_…` key that SiteAssist's widget carries in the page.")] = None
    origins: Annotated[tuple[str, ...], says("Web origins allowed to call, such as `https://www.example.com`.")] = ()
    hosts: Annotated[tuple[str, ...], says("Host names under which guests belong to this project.")] = ()
    guest_mode: Annotated[GuestMode, says("How guests are believed.")] = GuestMode.BOUND
    feedback_enabled: Annotated[bool, says("Whether votes are taken at all; false answers 403.")] = True
    contracts: Annotated[tuple[Contract, ...], says("Which wire contracts the project serves; other tools' only "
                                                    "where they are listed.")] = tuple(
        each for each in Contract if each in OWN_CONTRACTS)
    time_zone: Annotated[str, says("Where its days begin and end: an IANA name, such as `Europe/Madrid`.")] = "UTC"
    trace_url: Annotated[str | None, says("Where a trace can be seen, such as `https://traces.example.com/{trace_id}`; "
                                          "the pages link there.")] = None
    limits: Annotated[LimitsTable, says("See `[projects.limits]`.")] = LimitsTable()
    dashboard: Annotated[DashboardTable | None, says("See `[projects.dashboard]`.")] = None
    retention: Annotated[RetentionTable, says("See `[projects.retention]`.")] = RetentionTable()
    redaction: Annotated[RedactionTable, says("See `[projects.redaction]`.")] = RedactionTable()
    reasons: Annotated[tuple[ReasonTable, ...], says("See `[[projects.reasons]]`.")] = ()
    issuers: Annotated[tuple[IssuerTable, ...], says("See `[[projects.issuers]]`.")] = ()
    server_keys: Annotated[tuple[ServerKeyTable, ...], says("See `[[projects.server_keys]]`.")] = ()
    receipt_keys: Annotated[tuple[ReceiptKeyTable, ...], says("See `[[projects.receipt_keys]]`.")] = ()
    webhooks: Annotated[tuple[WebhookTable, ...], says("See `[[projects.webhooks]]`.")] = ()


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The top of the file. Each of these is also an environment variable: `port` is `PLAUDIT_PORT`."""

    host: Annotated[str, says("The address to listen on.")] = "127.0.0.1"
    port: Annotated[int, says("The port to listen on; 0 takes a free one.", 0, 65535)] = 8000
    workers: Annotated[int, says("How many processes answer. More than one needs PostgreSQL, and each has connections "
                                 "of its own.", 1, 64)] = 1
    data_dir: Annotated[str, says("The folder of the database, the secrets and the keys; made with mode 0700.")] = (
        "plaudit-data")
    database_url: Annotated[str | None, says("`sqlite:PATH`, or `postgresql://USER:PASSWORD@HOST,HOST/DATABASE`; "
                                             "default: `plaudit.db` in the data folder.")] = None
    database_connections: Annotated[int, says("PostgreSQL: connections of one process at the most.", 3, 1000)] = 10
    database_partitions: Annotated[int, says("PostgreSQL: hash partitions of the votes and of their history, fixed "
                                             "when the tables are made; 0: none.", 0, 1024)] = 0
    development: Annotated[bool, says("Serve a built-in token issuer and, without a settings file, limit nobody "
                                      "and serve every contract: for trying things out, never in production.")] = False
    default_project: Annotated[str | None, says("Where guests belong whose host names no project; default: the first "
                                                "project.")] = None
    trusted_proxies: Annotated[tuple[str, ...], says("Networks whose `X-Forwarded-For` is believed, such as "
                                                     "`10.0.0.0/8`.")] = ()
    session_days: Annotated[int, says("How long a visitor's session token is good, in days.", 1, 400)] = 30
    per_address_per_minute: Annotated[int, says("Requests a minute of one client address, counted before anybody is "
                                                "authenticated; 0 switches this limit off.", 0, 10_000_000)] = 300
    limits_url: Annotated[str | None, says("Where the limits of several processes are counted together: "
                                           "`valkey://:PASSWORD@HOST:6379/0`, or `redis://`, and with TLS `valkeys://` "
                                           "or `rediss://`; default: each process counts for itself.")] = None
    late_message_seconds: Annotated[float, says("How long a vote on an unknown message waits for its registration "
                                                "before it is answered with 404; 0: not at all.", 0, 10)] = 1.0
    queue_max: Annotated[int, says("Writes that may wait for the disk; more are answered with 503.", 1, 1_000_000)] = (
        4096)
    header_bytes_max: Annotated[int, says("Bytes of headers in a request.", 1024, 1_048_576)] = 16_384
    header_fields_max: Annotated[int, says("Header fields in a request.", 10, 10_000)] = 100
    body_bytes_max: Annotated[int, says("Bytes of a request's body.", 1024, 16_777_216)] = 16_384
    batch_body_bytes_max: Annotated[int, says("Bytes of a body that registers many messages.", 1024, 1_073_741_824)] = (
        67_108_864)
    request_timeout_seconds: Annotated[float, says("Time for a request to arrive, from its first byte to its last.",
                                                   0.1, 600)] = 10.0
    keep_alive_seconds: Annotated[int, says("How long an idle connection is kept.", 1, 3600)] = 30
    drain_seconds: Annotated[float, says("How long `/readyz` says 503 before a stopping server closes its door.", 0,
                                         600)] = 1.0
    shutdown_timeout_seconds: Annotated[int, says("Time for requests in flight to end when the server stops.", 1,
                                                  3600)] = 30
    metrics_access: Annotated[Access, says("Who reads `/metrics`: `key` asks for a server key with scope admin.")] = (
        "key")
    docs_access: Annotated[Access, says("Who reads `/docs`: `key` asks for a server key with scope admin. Development "
                                        "mode makes it public.")] = "key"
    dashboard: Annotated[bool, says("Whether the pages under `/dashboard` are served. They ask for a server key with "
                                    "scope admin or feedback:read, or for people of `[projects.dashboard]`.")] = True
    log_requests: Annotated[Literal["errors", "all"], says("Which requests leave a line in the log.")] = "errors"
    log_format: Annotated[Literal["json", "text"], says("One JSON object a line, or text for people.")] = "json"
    plans: Annotated[dict[str, PlanTable], says("See `[plans.NAME]`.")] = {}
    projects: Annotated[tuple[ProjectTable, ...], says("See `[[projects]]`.")] = ()

    @property
    def data_path(self) -> Path:
        return Path(self.data_dir)

    @property
    def on_postgres(self) -> bool:
        return self.database_url is not None and self.database_url.startswith(POSTGRES)

    @property
    def database_path(self) -> Path:
        """The SQLite file; there is none `on_postgres`."""
        if self.database_url is None:
            return self.data_path / "plaudit.db"
        return Path(self.database_url.removeprefix("sqlite:"))

    @property
    def docs_public(self) -> bool:
        return self.docs_access == "public" or (self.development and self.docs_access != "off")

    @property
    def base_url(self) -> str:
        """Where somebody on this machine reaches the server."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(self.host, self.host)  # noqa: S104 -- read, not bound
        return f"http://[{host}]:{self.port}" if ":" in host and "[" not in host else f"http://{host}:{self.port}"


SECTIONS: tuple[tuple[str, type[Struct]], ...] = (
    ("The top of the file", Settings),
    ("`[plans.NAME]`", PlanTable),
    ("`[[projects]]`", ProjectTable),
    ("`[projects.limits]`", LimitsTable),
    ("`[[projects.issuers]]`", IssuerTable),
    ("`[[projects.server_keys]]`", ServerKeyTable),
    ("`[[projects.receipt_keys]]`", ReceiptKeyTable),
    ("`[projects.dashboard]`", DashboardTable),
    ("`[projects.retention]`", RetentionTable),
    ("`[projects.redaction]`", RedactionTable),
    ("`[[projects.reasons]]`", ReasonTable),
    ("`[[projects.webhooks]]`", WebhookTable),
)


def environment_name(setting: str) -> str:
    return f"PLAUDIT_{setting.upper()}"
