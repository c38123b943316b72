"""Whatever is registered, voted, changed, removed and read, in whatever order: the store says what a ledger says.

Small pools of names make collisions likely. Commands are given several at once, so that they are decided on what came
before them in the same batch as well.
"""

import pytest
from hypothesis import Phase
from random_commands import Machine, run

from plaudit.rules import decide
from plaudit.store.postgres import PostgresStore


def test_the_store_says_what_a_ledger_says():
    """Random sequences over two projects, four voters and both contracts."""
    run(Machine, max_examples=120)


def test_so_does_the_one_on_postgres(postgres, postgres_url):
    """Of one instant, its votes are listed in any order: they may come from several transactions at once."""

    class OnPostgres(Machine):
        def __init__(self):
            postgres.empty_database(postgres_url)
            super().__init__()

        def opened(self):
            return PostgresStore.open(postgres_url, self.decide, now=self.clock)

        @staticmethod
        def in_order(listed):
            return sorted(listed, key=lambda it: (-it.updated_at, it.message_id))

    run(OnPostgres, max_examples=30)


def passing_over_repetitions(head, existing, submission):
    """The rules, but with a bug: the same vote again leaves everything as it was."""
    decided = decide(head, existing, submission)
    return decided if existing is None or existing.vote != submission.vote else None


def test_a_store_that_says_something_else_is_found_out():
    """The control: these sequences find one wrong decision."""

    class Wrong(Machine):
        decide = staticmethod(passing_over_repetitions)

    with pytest.raises(AssertionError):
        run(Wrong, max_examples=200, phases=[Phase.generate])
