"""The languages of the pages: complete, and chosen as readers expect."""

# ruff: noqa: RUF001 -- dashes, minus signs and letters as people read them

import re
import string
from pathlib import Path

import pytest

from plaudit.counts import Attribute
from plaudit.http.dashboard import languages
from plaudit.http.dashboard.languages import CODES, PLURALS, chosen, language
from plaudit.model import AuthLevel, Role

PACKAGE = Path(languages.__file__).parent
FORMS = {"zero", "one", "two", "few", "many", "other"}
ENGLISH = language("en").texts


def places(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def plural(key):
    """The key that a plural's form belongs to; None for any other sentence."""
    stem, _, form = key.rpartition(".")
    return stem if form in FORMS and f"{stem}.other" in ENGLISH else None


@pytest.mark.parametrize("code", CODES)
def test_every_catalogue_has_every_sentence(code):
    texts = language(code).texts
    assert {key for key in texts if not plural(key)} == {key for key in ENGLISH if not plural(key)}
    assert all(text.strip() for text in texts.values())


@pytest.mark.parametrize("code", CODES)
def test_a_sentence_has_the_same_places_in_every_language(code):
    texts = language(code).texts
    different = [key for key, text in ENGLISH.items() if not plural(key) and places(text) != places(texts[key])]
    assert different == []


@pytest.mark.parametrize("code", CODES)
def test_a_plural_has_every_form_that_its_language_asks_for(code):
    texts, wanted = language(code).texts, {PLURALS[code](number) for number in range(200)}
    for stem in {plural(key) for key in ENGLISH} - {None}:
        assert {key.rpartition(".")[2] for key in texts if plural(key) == stem} == wanted


@pytest.mark.parametrize(("number", "form"), [
    (0, "zero"), (1, "one"), (2, "two"), (3, "few"), (10, "few"), (11, "many"), (99, "many"), (100, "other"),
    (102, "other"), (103, "few"), (111, "many"), (1000, "other"),
])
def test_arabic_plurals_are_those_of_the_cldr(number, form):
    assert PLURALS["ar"](number) == form


def test_every_sentence_that_a_template_asks_for_is_there():
    """Those whose key is written out; the others are asked for by the browser tests."""
    asked = {key for file in (PACKAGE / "templates").glob("*.html")
             for key in re.findall(r"(?:\bt|words\.count)\('([a-z_.]+)'[,)]", file.read_text(encoding="utf-8"))}
    assert len(asked) > 80
    assert {key for key in asked if key not in ENGLISH and f"{key}.other" not in ENGLISH} == set()


@pytest.mark.parametrize(("asked", "kept", "accepted", "code"), [
    (None, None, "", "en"),
    (None, None, "ar", "ar"),
    (None, None, "ar-EG,ar;q=0.9,en;q=0.8", "ar"),
    (None, None, "de, en;q=0.8, ar;q=0.7", "en"),
    (None, None, "en;q=0.1, ar;q=0.5", "ar"),
    (None, None, "en;q=nonsense, ar;q=1.2.3, *", "en"),
    (None, "ar", "en", "ar"),
    ("en", "ar", "ar", "en"),
    ("xx", "../en", "ar", "ar"),
])
def test_the_address_wins_then_the_cookie_then_the_browser(asked, kept, accepted, code):
    assert chosen(asked, kept, accepted).code == code


def test_what_is_put_into_an_arabic_sentence_is_isolated():
    """A model's name or a percentage must not turn the sentence around it."""
    assert "\u2068gpt-4o\u2069" in language("ar").text("footer.zone", zone="gpt-4o")
    assert language("ar").figure("1.0–2.0%") == "\u20661.0–2.0%\u2069"
    assert "\u2068" not in language("en").text("footer.zone", zone="UTC")


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("key", [
    *(f"auth_level.{level}" for level in AuthLevel), *(f"role.{role}" for role in Role),
    *(f"dimension.{attribute}" for attribute in Attribute),
])
def test_whatever_a_vote_or_an_answer_may_have_has_its_name(code, key):
    assert language(code).text(key, experiment="x")
