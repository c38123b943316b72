"""What redaction takes out of a text, what it leaves, and that no text makes it slow."""

import time

import pytest

from plaudit.redaction import pattern_problem, redact

TAKEN = {
    "write to Anna.Berg+x@mail.example.com, please": "write to [email], please",
    "<a@b.de>": "<[email]>",
    "jürgen@köln.example": "[email]",
    "4111 1111 1111 1111": "[card]",
    "card:5500-0000-0000-0004.": "card:[card].",
    "378282246310005": "[card]",
    "call +49 (0)171 1234567 now": "call [phone] now",
    "Tel.0171/1234567": "Tel.[phone]",
    "(030) 901820-0": "[phone]",
    "555-123-4567": "[phone]",
    "\u0660\u0661\u0667\u0661 \u0661\u0662\u0663\u0664\u0665\u0666\u0667": "[phone]",
    "sk_live_abcdefghijklmnop1234": "[key]",
    "my key sk-proj-abcdefghijklmnop_1234 leaked": "my key [key] leaked",
    "ghp_0123456789abcdef0123456789abcdef0123": "[key]",
    "AKIAIOSFODNN7EXAMPLE": "[key]",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.c2lnbmF0dXJl": "[key]",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQ==\n-----END PRIVATE KEY-----": "[key]",
}
LEFT = [
    "", "It was 43.", "on 2026-11-22 at 08:00", "2026-11-22T08:00:00.000Z", "order 4111111111111112", "1,234,567,890",
    "costs 12.50 or 99", "@anna", "a@b", "0.12345678901", "version 10.15.7", "192.168.100.200",
    "123e4567-e89b-12d3-a456-426614174000", "12345678901234567890123456", "skate-park", "pk_short", "1+1=2",
    "65a0f00000000000000010dd", "https://example.com/a-b_c?d=1",
]


@pytest.mark.parametrize("text", TAKEN)
def test_what_tells_who_somebody_is_is_taken_out(text):
    assert redact(text) == TAKEN[text]


@pytest.mark.parametrize("text", LEFT)
def test_what_tells_nothing_stays(text):
    assert redact(text) == text


@pytest.mark.parametrize("text", TAKEN)
def test_what_was_taken_out_is_not_looked_into_again(text):
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize("piece", [
    "a", "1", "a@", "a.", "@a.", "1 ", "1-", "(", "+1", "a@a.", "sk-", "eyJ", "eyJaaaaaaaa.", "-----BEGIN ", "-",
    "0 0", "é@", "a-a.a@b-", "sk_" + "a" * 300])
def test_no_text_takes_long(piece):
    """Twice as much takes about twice as long."""
    seconds = []
    for length in (50_000, 200_000):
        text = piece * (length // len(piece))
        started = time.process_time()
        redact(text)
        seconds.append(time.process_time() - started)
    assert seconds[1] < 10 * seconds[0] + 0.2


# ---------------------------------------------------------------- a project's own patterns


@pytest.mark.parametrize(("pattern", "text", "kept"), [
    ("ORD-####", "my ord-1234, not ORD-12345 or XORD-1234", "my [redacted], not ORD-12345 or XORD-1234"),
    ("@@-*", "AB-x9 and abc-x9", "[redacted] and abc-x9"),
    ("*.internal", "see db1.internal!", "see [redacted]!"),
    ("a.c", "abc a.c", "abc [redacted]"),
    ("[x](y)", "[x](y)", "[redacted]"),
])
def test_a_projects_own_patterns(pattern, text, kept):
    """Signs that mean something elsewhere mean themselves."""
    assert pattern_problem(pattern) is None
    assert redact(text, (pattern,)) == kept


@pytest.mark.parametrize("pattern", ["", "ab", "###", "@ *", "*a*", "a**", "*#-", "x" * 65])
def test_a_pattern_that_takes_too_much_or_too_long_is_refused(pattern):
    assert pattern_problem(pattern)


@pytest.mark.parametrize("piece", ["a", "a-", "1", "aa-a", "-"])
def test_no_text_takes_long_with_a_pattern_either(piece):
    seconds = []
    for length in (50_000, 200_000):
        started = time.process_time()
        redact(piece * (length // len(piece)), ("*-*-*-*-*-*.x",))
        seconds.append(time.process_time() - started)
    assert seconds[1] < 10 * seconds[0] + 0.2
