"""The audit log's chain shows what was changed, and says nothing that opens a door."""

from dataclasses import replace

import pytest

from plaudit import audit
from plaudit.deeds import Action, Deed
from plaudit.model import GuestMode, Issuer, Limits, Plan, Project, ReceiptAlgorithm, ReceiptKey, Scope, ServerKey

NOW = 1_795_334_460_000
PROJECT = Project("shop", "The shop", Plan("pro", frozenset({"feedback"})), "pro", publishable_key="pk_open-sesame",
                  server_keys=(ServerKey("backend", "ab" * 32, frozenset({Scope.ADMIN})),),
                  receipt_keys=(ReceiptKey("chat", ReceiptAlgorithm.HS256, b"open-sesame" * 3),),
                  issuers=(Issuer("https://tenant.example/", frozenset({"api"}), "https://tenant.example/jwks"),))


def chain(*deeds):
    entries = []
    for deed in deeds:
        entries.append(audit.entry_after(entries[-1] if entries else None, deed))
    return entries


def deed(details=None, at=NOW, actor="backend", action=Action.EXPORTED):
    return Deed(actor, action, at, details or {})


ENTRIES = chain(deed({"format": "csv", "rows": 3}), deed(actor="anna@support"), deed(action=Action.REVIEWED), deed())


def test_entries_are_numbered_from_one_and_time_does_not_go_back():
    entries = chain(deed(at=NOW), deed(at=NOW - 1000), deed(at=NOW + 5))
    assert [(entry.number, entry.at) for entry in entries] == [(1, NOW), (2, NOW), (3, NOW + 5)]


def test_what_was_not_changed_is_not_broken():
    """In one piece or page by page."""
    assert audit.broken([]) is None
    assert audit.broken(ENTRIES) is None
    assert audit.broken(ENTRIES[2:], ENTRIES[1]) is None


@pytest.mark.parametrize("change", [
    {"at": NOW + 1}, {"actor": "nobody"}, {"action": Action.SUBJECT_ERASED}, {"details": {}},
    {"details": {"format": "csv", "rows": 30}}, {"sha256": "0" * 64}, {"number": 7},
], ids=str)
def test_a_changed_entry_is_found(change):
    """Whatever was changed of it."""
    assert audit.broken([replace(ENTRIES[0], **change), *ENTRIES[1:]]) == 1


@pytest.mark.parametrize("place", range(3))
def test_an_entry_that_is_gone_is_found(place):
    """All but the last: that its end was cut off no chain can tell by itself."""
    assert audit.broken([*ENTRIES[:place], *ENTRIES[place + 1:]]) == place + 1
    assert audit.broken(ENTRIES[:-1]) is None


def test_an_entry_that_was_put_in_or_moved_is_found():
    assert audit.broken([ENTRIES[0], ENTRIES[0], *ENTRIES[1:]]) == 2
    assert audit.broken([ENTRIES[1], ENTRIES[0], *ENTRIES[2:]]) == 1


def test_a_log_made_anew_ends_in_another_hash():
    """Which is why its end is noted elsewhere."""
    forged = chain(deed({"format": "csv", "rows": 4}), deed(actor="anna@support"), deed(action=Action.REVIEWED), deed())
    assert audit.broken(forged) is None
    assert forged[-1].sha256 != ENTRIES[-1].sha256


# ---------------------------------------------------------------- settings


def noted(*projects):
    """The log after each of these was seen."""
    entries = []
    for project in projects:
        if changed := audit.changed_settings(entries, project):
            entries += [audit.entry_after(entries[-1] if entries else None, deed(changed))]
    return entries


def test_the_first_look_says_everything_and_the_next_one_nothing():
    [first] = noted(PROJECT, PROJECT)
    assert first.details["guest_mode"] == "bound"
    assert first.details["limits.per_subject"] == 100
    assert first.details["server_keys.backend.scopes"] == ["admin"]
    assert first.details["issuers.https://tenant.example/.audiences"] == ["api"]


@pytest.mark.parametrize(("change", "said"), [
    ({"guest_mode": GuestMode.BARE}, {"guest_mode": "bare"}),
    ({"limits": Limits(per_subject=0)}, {"limits.per_subject": 0}),
    ({"origins": frozenset({"https://b.example", "https://a.example"})},
     {"origins": ["https://a.example", "https://b.example"]}),
    ({"server_keys": ()}, {"server_keys": [], "server_keys.backend.id": None, "server_keys.backend.scopes": None}),
], ids=["guest mode", "a limit", "origins", "no keys"])
def test_a_change_says_what_it_is_now(change, said):
    """And null of what is gone. Taken back, it is told again."""
    _, second, third = noted(PROJECT, replace(PROJECT, **change), PROJECT)
    assert second.details == said
    assert set(third.details) == set(said)


def test_nothing_that_opens_a_door_is_written_down():
    [entry] = noted(PROJECT)
    assert "open-sesame" not in str(entry.details)
    assert "abab" not in str(entry.details)
