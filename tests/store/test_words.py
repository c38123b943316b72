"""A text is found by its words: the same on every database, in every script, whatever is in the text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.store.words import CHARACTERS_MAX, LENGTH_MAX, WORDS_MAX, asked, project_word, words

texts = st.text(max_size=60)


@pytest.mark.parametrize(("text", "found"), [
    ("Refund is LATE, refund!", ["refund", "is", "late"]),
    ("Ärger mit der Straße", ["arger", "mit", "der", "strasse"]),
    ("Ça va? naïve café", ["ca", "va", "naive", "cafe"]),
    ("e\u0301te\u0301", ["ete"]),
    ("İstanbul ISPARTA", ["istanbul", "isparta"]),
    ("snake_case, don't", ["snake", "case", "don", "t"]),
    ("v2.1 costs 30€", ["v2", "1", "costs", "30"]),
    ("привет, Мир", ["привет", "мир"]),
    ("حَرْف", ["حرف"]),
    ("שָׁלוֹם", ["שלום"]),
    ("返金がない", ["返金", "金か", "かな", "ない", "い"]),
    ("GPTは遅い", ["gpt", "は遅", "遅い", "い"]),
    ("ราคา", ["รา", "าค", "คา", "า"]),
    ("ﬁne \uff21\uff22\uff23", ["fine", "abc"]),
    ("👍 !? …", []),
    ("", []),
], ids=str)
def test_words_are_letters_and_digits_without_case_and_accents(text, found):
    """Scripts without spaces are taken two characters at a time, so that any part of a word is found."""
    assert words(text) == found


def test_several_texts_have_the_words_of_each():
    assert words("late refund", None, "refund", "") == ["late", "refund"]


@given(texts)
def test_a_word_is_found_by_how_it_is_written_otherwise(text):
    """In capitals where those come back to it, or decomposed."""
    assert words(unicodedata.normalize("NFD", text)) == words(unicodedata.normalize("NFC", text))


@given(texts)
def test_a_word_is_nothing_that_a_search_could_read_as_its_own_sign(text):
    """FTS5 and tsquery take it as it is."""
    for word in words(text):
        assert word.isalnum() or all(unicodedata.category(it)[0] in "LNM" for it in word)
        assert not set(word) & set("\"'&|!<>():*\\ \0\t\n")


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20))
def test_a_text_is_found_by_a_search_for_the_same(text):
    """Word by word; a search takes the first sixteen."""
    assert [word for word, _ in asked(text)] == words(text)[:16]


@pytest.mark.parametrize(("search", "found"), [
    ("re", [("re", False)]), ("ref", [("ref", True)]), ("金", [("金", True)]),
    ("返金", [("返金", False), ("金", True)]), ("a refund", [("a", False), ("refund", True)]),
])
def test_a_beginning_will_do_where_few_words_have_it(search, found):
    assert asked(search) == found


def test_what_is_endless_is_cut():
    assert len(words(" ".join(map(str, range(2 * WORDS_MAX))))) == WORDS_MAX
    assert words("x" * 1000) == ["x" * LENGTH_MAX]
    assert words("ж" * 1000) == ["ж" * LENGTH_MAX]
    assert words(" " * CHARACTERS_MAX + "hidden") == []
    assert len(asked(" ".join(map(str, range(100))))) == 16


@given(texts, st.text(min_size=1, max_size=20))
def test_no_text_can_say_that_it_is_of_a_project(text, project_id):
    assert project_word(project_id) not in words(text, project_word(project_id))
