"""Which language a reader wants, as far as the browser says so."""

import re
from collections.abc import Collection

RANGE = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9]{1,8})*\s*(?:;\s*q=([0-9.]{1,5})\s*)?", re.ASCII)
RANGES_MAX = 20


def accepted(header: str, codes: Collection[str], default: str) -> str:
    """The best of ours by Accept-Language (RFC 9110, 12.5.4); the first of those that are equally welcome."""
    best, best_weight = default, 0.0
    for part in header.split(",")[:RANGES_MAX]:
        found = RANGE.fullmatch(part)
        if found and found[1].lower() in codes and (weight := _weight(found[2])) > best_weight:
            best, best_weight = found[1].lower(), weight
    return best


def _weight(text: str | None) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0
