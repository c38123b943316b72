"""The audit log: plans. Two who append at once take the same number; whoever comes second begins again."""

from collections.abc import Mapping
from typing import Any

from plaudit import audit
from plaudit.deeds import Action, AuditEntry, Deed
from plaudit.model import Instant, Project
from plaudit.store import rows
from plaudit.store.plans import Ask, Put, Row, Steps
from plaudit.store.reads import EVERYTHING

ALL = 2**31 - 1


def append(project_id: str, deed: Deed) -> Steps[None]:
    yield from _append(project_id, (yield from _last(project_id)), deed)


def append_settings(project: Project, now: Instant) -> Steps[None]:
    """See `ports.Store.audit_settings`."""
    last = yield from _last(project.id)  # first: whoever notes the same after this look takes the number
    if changed := (yield from changed_settings(project)):
        yield from _append(project.id, last, Deed(audit.OPERATOR, Action.SETTINGS_CHANGED, now, changed))


def changed_settings(project: Project) -> Steps[Mapping[str, Any]]:
    noted = yield from log(project.id, action=Action.SETTINGS_CHANGED, after=0, limit=ALL)
    return audit.changed_settings(noted, project)


def log(project_id: str, *, action: Action | None, after: int, limit: int) -> Steps[list[AuditEntry]]:
    """See `ports.Store.audit_log`."""
    wanted = {"project_id": project_id, "after": after, "limit": limit, **({"action": action.value} if action else {})}
    conditions = "a.action = :action" if action else EVERYTHING
    return [_entry(row) for row in (yield Ask("read_audit", wanted, {"conditions": conditions}))]


def _last(project_id: str) -> Steps[AuditEntry | None]:
    found = yield Ask("read_last_audit", {"project_id": project_id})
    return _entry(found[0]) if found else None


def _append(project_id: str, last: AuditEntry | None, deed: Deed) -> Steps[None]:
    entry = audit.entry_after(last, deed)
    yield Put("append_audit", [(project_id, entry.number, entry.at, entry.actor, entry.action.value,
                                rows.to_json(entry.details), entry.sha256)])


def _entry(row: Row) -> AuditEntry:
    number, at, actor, action, details, sha256 = row
    return AuditEntry(number, at, actor, Action(action), rows.from_json(details), sha256)
