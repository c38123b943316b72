"""The audit log's rules: who did what is written down once, in a chain that shows when an entry was changed.

Each entry holds the SHA-256 of the one before it and of all that it says itself. Whoever changes or removes an entry
in the middle breaks the chain; whoever makes the rest anew, or cuts off the end, ends in another hash than the one that
was noted elsewhere.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from enum import StrEnum
from typing import Any

from plaudit.deeds import Action, AuditEntry, Deed
from plaudit.model import Project

OPERATOR = "operator"  # whoever may write the settings, the keys and the database
FIRST = AuditEntry(0, 0, "", Action.SETTINGS_CHANGED, {}, "")  # comes before every chain; it stands in none
# Whatever opens something by itself, and what stands elsewhere already: a key's id, an issuer's address.
UNTOLD = frozenset(("sha256", "key", "client_secret", "publishable_key"))


def entry_after(last: AuditEntry | None, deed: Deed) -> AuditEntry:
    """The chain's next entry. Time never goes back in it, whatever the clock does."""
    before = last or FIRST
    entry = AuditEntry(before.number + 1, max(before.at, deed.at), deed.actor, deed.action, deed.details, "")
    return replace(entry, sha256=_sha256(before.sha256, entry))


def broken(entries: Iterable[AuditEntry], last: AuditEntry | None = None) -> int | None:
    """The number of the first entry that is not what was written there; None: all are. `last`: the one before them."""
    before = last or FIRST
    for entry in entries:
        if entry.number != before.number + 1 or entry.sha256 != _sha256(before.sha256, entry):
            return before.number + 1
        before = entry
    return None


def changed_settings(noted: Sequence[AuditEntry], project: Project) -> Mapping[str, Any]:
    """What of a project's settings is not as the log has it: setting -> value, null where it is gone."""
    known: dict[str, Any] = {}
    for entry in noted:
        known |= entry.details
    now = dict(_flat("", _plain(project)))
    return {name: now.get(name) for name in sorted(known.keys() | now) if known.get(name) != now.get(name)}


def _sha256(previous: str, entry: AuditEntry) -> str:
    said = [previous, entry.number, entry.at, entry.actor, entry.action.value, entry.details]
    return hashlib.sha256(json.dumps(said, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Dataclasses and sets as JSON has them, without what opens anything."""
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.name not in UNTOLD}
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, frozenset | set):
        return sorted(map(_plain, value))
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    return value


def _flat(name: str, value: Any) -> Iterable[tuple[str, Any]]:
    """`limits.per_subject`, `server_keys.backend.scopes`, …: what stands in a list is named by its id or issuer."""
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        value = {each.get("id") or each.get("issuer") or str(place): each for place, each in enumerate(value)}
    if not isinstance(value, dict):
        yield name, value
        return
    for key, each in value.items():
        yield from _flat(f"{name}.{key}" if name else key, each)
