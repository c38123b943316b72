"""From the tables of the file to the nouns of the core. The tables have been checked before."""

from plaudit.model import (
    OWN_CONTRACTS,
    Contract,
    GuestMode,
    Issuer,
    Limits,
    Plan,
    Project,
    Reason,
    ReceiptKey,
    Redaction,
    Retention,
    ServerKey,
    SignIn,
    Vote,
)
from plaudit.rules import FEEDBACK
from plaudit.settings.checks import jwks_url
from plaudit.settings.receipt_keys import key_bytes
from plaudit.settings.table import UNLIMITED, DashboardTable, IssuerTable, ProjectTable, Settings

VOTES = {"like": Vote.LIKE, "dislike": Vote.DISLIKE, None: None}
DEFAULT = "default"  # the id of the project that is there without a file


def projects_of(settings: Settings) -> tuple[Project, ...]:
    """The default project first; without any in the file, one with everything on."""
    tables = settings.projects or (_default(settings),)
    chosen = settings.default_project or tables[0].id
    ordered = sorted(tables, key=lambda table: table.id != chosen)
    return tuple(_project(table, _plans(settings)) for table in ordered)


def _default(settings: Settings) -> ProjectTable:
    """Where things are tried out, the other tools' contracts are there too."""
    served = tuple(Contract if settings.development else OWN_CONTRACTS)
    return ProjectTable(id=DEFAULT, guest_mode=GuestMode.BOUND, contracts=served)


def _plans(settings: Settings) -> dict[str, Plan]:
    """By name, from the smallest to the greatest."""
    written = {name: Plan(name, frozenset(table.features)) for name, table in settings.plans.items()}
    return written if UNLIMITED in written else written | {UNLIMITED: Plan(UNLIMITED, frozenset({FEEDBACK}))}


def _project(table: ProjectTable, plans: dict[str, Plan]) -> Project:
    with_feedback = [name for name, plan in plans.items() if FEEDBACK in plan.features]
    return Project(
        id=table.id,
        name=table.name or table.id,
        plan=plans[table.plan],
        feedback_plan=with_feedback[0] if with_feedback else table.plan,
        publishable_key=table.publishable_key,
        origins=frozenset(table.origins),
        hosts=frozenset(table.hosts),
        server_keys=tuple(ServerKey(key.id, key.sha256, frozenset(key.scopes)) for key in table.server_keys),
        receipt_keys=tuple(ReceiptKey(key.id, key.algorithm, key_bytes(key.key)) for key in table.receipt_keys),
        issuers=tuple(_issuer(issuer) for issuer in table.issuers),
        guest_mode=table.guest_mode,
        limits=Limits(table.limits.per_subject, table.limits.per_project),
        feedback_enabled=table.feedback_enabled,
        contracts=frozenset(table.contracts),
        time_zone=table.time_zone,
        trace_url=table.trace_url,
        reasons=tuple(Reason(each.id, VOTES[each.vote], {code.lower(): text for code, text in each.texts.items()})
                      for each in table.reasons),
        retention=Retention(table.retention.comments_days, table.retention.contents_days, table.retention.votes_days),
        redaction=Redaction(table.redaction.comments, table.redaction.patterns),
        sign_in=_sign_in(table.dashboard) if table.dashboard else None,
    )


def _issuer(table: IssuerTable) -> Issuer:
    return Issuer(
        issuer=table.issuer,
        audiences=frozenset(table.audiences),
        jwks_url=jwks_url(table),
        algorithms=table.algorithms,
        authorized_parties=frozenset(table.authorized_parties),
        scopes=frozenset(table.scopes),
    )


def _sign_in(table: DashboardTable) -> SignIn:
    """Without its secret, which is no setting."""
    return SignIn(
        issuer=table.issuer,
        client_id=table.client_id,
        allow_claim=table.allow_claim,
        allow_values=frozenset(table.allow_values),
        algorithms=table.algorithms,
    )
