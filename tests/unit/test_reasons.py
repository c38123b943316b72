"""Reasons of a project: which go with which vote, and in which language they are read."""

import pytest

from plaudit.errors import Invalid
from plaudit.model import Plan, Project, Reason, Vote
from plaudit.rules import chosen_reasons

OLD = Reason("old", Vote.DISLIKE, {"en": "Out of date", "de": "Veraltet", "pt-br": "Desatualizado"})
SHORT = Reason("short", Vote.LIKE, {"en": "Short"})
ODD = Reason("odd", None, {"fr": "Curieux", "en": "Odd"})
PROJECT = Project("p", "p", Plan("all", frozenset()), "all", reasons=(OLD, SHORT, ODD))


@pytest.mark.parametrize(("vote", "ids", "chosen"), [
    (Vote.DISLIKE, ["odd", "old"], ("old", "odd")), (Vote.LIKE, ["short", "short"], ("short",)),
    (Vote.LIKE, [], ()), (None, [], ()),
])
def test_they_are_kept_as_the_project_lists_them(vote, ids, chosen):
    assert chosen_reasons(PROJECT, vote, ids) == chosen


@pytest.mark.parametrize(("vote", "ids"), [
    (Vote.LIKE, ["old"]), (Vote.DISLIKE, ["old", "short"]), (None, ["odd"]), (Vote.LIKE, ["unknown"]),
    (Vote.LIKE, [""]),
])
def test_what_does_not_go_with_the_vote_is_refused(vote, ids):
    with pytest.raises(Invalid) as refused:
        chosen_reasons(PROJECT, vote, ids)
    assert refused.value.field == "reasons"


@pytest.mark.parametrize(("language", "text"), [
    ("de", "Veraltet"), ("DE-at", "Veraltet"), ("pt-BR", "Desatualizado"), ("pt", "Out of date"), ("", "Out of date"),
])
def test_a_text_is_in_the_language_that_fits_best_or_else_the_first(language, text):
    assert OLD.text(language) == text
