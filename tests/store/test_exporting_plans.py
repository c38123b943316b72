"""What an export reads it finds by an index, and it sorts nothing but its own part."""

from contextlib import closing
from functools import partial

import pytest
from examples import ANNA, DISLIKE, GUEST, NOW, a_message, a_vote
from test_queries import plans, scans

from plaudit.counts import Selection
from plaudit.exported import BEGINNING, Moment, Position
from plaudit.rules import decide
from plaudit.store import exporting, histories, linking, writes
from plaudit.store.sqlite_file import open_writer
from plaudit.store.sqlite_migrate import migrate
from plaudit.store.sqlite_plans import run
from plaudit.store.sqlite_writer import Writer

MOMENT = Moment(NOW, 2, NOW)


def votes(after=BEGINNING, **wanted):
    return partial(exporting.votes, "acme", Selection(**wanted), MOMENT, after, entries=20, until=None)


READS = {
    "the moment": partial(exporting.moment, "acme", NOW),
    "all": votes(),
    "a part": votes(Position(NOW, 1), since=NOW, model="gpt-x", arms={"greeting": "warm"}),
    "with histories": partial(histories.votes, "acme", Selection(), MOMENT, BEGINNING, entries=20, until=None),
    "how much there is": partial(exporting.entries_after, "acme", MOMENT, BEGINNING),
    "where a part ends": partial(exporting.position_after, "acme", MOMENT, BEGINNING, 20),
}


@pytest.fixture
def connection(tmp_path):
    """With votes of before the moment, one of them changed after it, and one that became a user's."""
    with closing(open_writer(tmp_path / "plaudit.db")) as opened:
        migrate(opened)
        writer = Writer(tmp_path / "plaudit.db", opened, decide, {})
        answers = [a_message(), a_message("m-2", owner=GUEST, conversation_id="c-2")]
        link = partial(linking.link, linking.Link("acme", GUEST, ANNA, NOW), {})
        for jobs in ([partial(writes.register, "acme", answers, {})], [a_vote(), a_vote("m-2", subject=GUEST)],
                     [a_vote(vote=DISLIKE)], [link]):
            writer.commit(jobs)
        yield opened


@pytest.mark.parametrize("name", READS)
def test_an_export_finds_its_rows_by_an_index(connection, name):
    found = plans(connection, partial(run, plan=READS[name]))
    assert [scans(steps) for steps in found if "SCAN h USING COVERING INDEX" not in steps] == [[]] * len(found)


def test_a_part_of_an_export_asks_for_all_that_there_is_to_ask(connection):
    """Entries of the same instant and of later ones, the snapshot, the rows, each message's chain, the questions."""
    assert len(plans(connection, partial(run, plan=READS["all"]))) == 2 + 1 + 1 + 2 + 1


def test_entries_are_read_in_their_order(connection):
    """Nothing is sorted, so that a part costs what is in it."""
    for steps in plans(connection, partial(run, plan=READS["where a part ends"])):
        assert not any("TEMP B-TREE" in step for step in steps)
        assert all(step.startswith("SEARCH h USING COVERING INDEX history_by_time") for step in steps)
