"""What tells who somebody is, or lets in who knows it, taken out of a text: e-mail addresses, telephone and card
numbers, keys.

What cannot be told from its form (names, places, what was said) stays. Pure. Every expression here runs in linear time:
what repeats is bounded, and no two parts that follow each other take the same characters.
"""

import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise

EMAIL, PHONE, CARD, KEY, OWN = "[email]", "[phone]", "[card]", "[key]", "[redacted]"
ANY = "*"
PARTS = {"#": r"\d", "@": r"[^\W\d_]", ANY: r"[^\W_]{1,64}"}  # of a project's own patterns: all else is itself
PATTERN_LENGTHS = (3, 64)
CARD_DIGITS = range(13, 20)  # ISO/IEC 7812-1
PHONE_DIGITS = range(8, 16)  # E.164; shorter ones are prices, years and the like
LUHN = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  # of a digit that is doubled, its digits' sum

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?!\w)")
# Prefixes that vendors give their secrets so that such a search finds them, JSON Web Tokens, and PEM.
_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:sk|pk|rk|hf|gh[opsur]|github_pat|glpat|xox[abeoprs]|npm|pypi|plaudit)[-_][A-Za-z0-9_-]{16,255}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{35}"
    r"|eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{0,2048})")
_PEM = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[A-Za-z0-9+/=\s]{0,20000}(?:-----END [A-Z ]{0,40}-----)?")
_NUMBER = re.compile(r"(?<!\w)(?<!\d[.,])\+?\(?\d(?:[ ().\-/]{0,3}\d){7,24}(?![\w])")
_NORTH_AMERICAN = re.compile(r"\d{3}[ .-]\d{3}[ .-]\d{4}", re.ASCII)
_DECIMAL = re.compile(r"\+?\d+\.\d+")


def redact(text: str, own: tuple[str, ...] = ()) -> str:
    """`own`: patterns of a project's, as `pattern_problem` allows them."""
    for pattern in _compiled(own):
        text = pattern.sub(OWN, text)
    for pattern, by in REPLACED:
        text = pattern.sub(by, text)
    return text


def pattern_problem(text: str) -> str | None:
    """What is wrong with a pattern of a project's own; None: nothing. What it allows takes linear time."""
    if not PATTERN_LENGTHS[0] <= len(text) <= PATTERN_LENGTHS[1]:
        return f"must have {PATTERN_LENGTHS[0]} to {PATTERN_LENGTHS[1]} characters"
    if not set(text) - PARTS.keys() - {" "}:
        return "would take out what anybody writes; say something of it as it is written"
    if any(after.isalnum() or after in PARTS for after in _after_any(text)):
        return "must have an end, or what is neither a letter nor a digit, after each *"
    return None


def _after_any(text: str) -> list[str]:
    return [after for before, after in pairwise(text) if before == ANY]


@cache
def _compiled(own: tuple[str, ...]) -> list[re.Pattern[str]]:
    """Case aside, and never a part of a longer word or number."""
    wanted = ["".join(PARTS.get(character, re.escape(character)) for character in text) for text in own]
    return [re.compile(rf"(?<!\w){each}(?!\w)", re.IGNORECASE) for each in wanted]


def _number(found: "re.Match[str]") -> str:
    """A card's or a telephone's; else it stays."""
    digits = [int(character) for character in found[0] if character.isdecimal()]
    if len(digits) in CARD_DIGITS and is_card(digits):
        return CARD
    return PHONE if len(digits) in PHONE_DIGITS and _is_phone(found[0], digits) else found[0]


def is_card(digits: list[int]) -> bool:
    """By the check digit (Luhn, ISO/IEC 7812-1 annex B)."""
    doubled = [LUHN[digit] for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_phone(text: str, digits: list[int]) -> bool:
    """Begins as one that is dialled, +49 or 0 or (0; a plain long number may be an order's."""
    begins = text.startswith(("+", "(")) or digits[0] == 0
    return bool(_NORTH_AMERICAN.fullmatch(text)) or (begins and not _DECIMAL.fullmatch(text))


REPLACED: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (_PEM, KEY), (_KEY, KEY), (_EMAIL, EMAIL), (_NUMBER, _number))
