"""Figures of receipts: how long it takes to find out who has signed one, and whether a million leave anything."""

import os
import time
from collections.abc import Iterator

import figures
import jwt
import machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from plaudit.auth.receipts import TYPE, Receipts, new_key
from plaudit.model import Plan, Project, ReceiptAlgorithm, ReceiptKey

TIMED = 2000
ROUNDS = 9  # of which the median is shown
MANY = 1_000_000
CLAIMS = {
    "project": "measured", "message_id": "0190f6a2-7b1c-7c3d-8e4f-0123456789ab", "role": "assistant",
    "conversation_id": "0190f6a2-7b1c-7c3d-8e4f-0123456789ac", "model": "gpt-x", "prompt_version": "v7",
    "owner": {"user": {"issuer": "https://tenant.auth0.com/", "subject": "auth0|123456"}}, "arms": {"greeting": "warm"},
    "iat": 1_795_334_400, "exp": 1_797_334_400,
}


def receipts(setting: figures.Setting) -> Iterator[figures.Row]:
    setting.say("verifying receipts")
    known, signed = _signed(ReceiptAlgorithm.ED25519)
    times = [_microseconds(known, signed, TIMED) for _ in range(ROUNDS)]
    yield figures.Row("receipt_eddsa_us", figures.median(times), 60, at_least=False, unit="µs",
                      note=f"of which the signature itself {_signature_us():.0f} µs")
    known, signed = _signed(ReceiptAlgorithm.HS256)
    _microseconds(known, signed, TIMED)
    before = machine.resident_mb(os.getpid())
    setting.say(f"verifying {MANY:,} receipts")
    each = _microseconds(known, signed, MANY)
    yield figures.Row("rss_growth_of_1m_receipts_mb", machine.resident_mb(os.getpid()) - before, 1, at_least=False,
                      unit="MB", note=f"HS256, {each:.1f} µs each")


def _signed(algorithm: ReceiptAlgorithm) -> tuple[Receipts, str]:
    secret, checked_by = new_key(algorithm)
    key = Ed25519PrivateKey.from_private_bytes(secret) if algorithm is ReceiptAlgorithm.ED25519 else secret
    project = Project("measured", "measured", Plan("", frozenset()), "",
                      receipt_keys=(ReceiptKey("k", algorithm, checked_by),))
    return Receipts([project]), jwt.encode(CLAIMS, key, algorithm.value, {"kid": "k", "typ": TYPE})


def _microseconds(known: Receipts, signed: str, times: int) -> float:
    before = time.perf_counter()
    for _ in range(times):
        known.verify(signed)
    return (time.perf_counter() - before) / times * 1e6


def _signature_us() -> float:
    """What OpenSSL needs by itself."""
    private = Ed25519PrivateKey.generate()
    public, signed = private.public_key(), b"x" * 500
    signature = private.sign(signed)
    before = time.perf_counter()
    for _ in range(TIMED):
        public.verify(signature, signed)
    return (time.perf_counter() - before) / TIMED * 1e6
