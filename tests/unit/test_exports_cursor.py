"""A cursor says where an export goes on and what it is of, in digits and dots."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.errors import Invalid
from plaudit.exported import Moment, Position
from plaudit.exports.exporting import CURSOR, Cursor, cursor_of

instants = st.integers(0, 10**14 - 1)
numbers = st.integers(0, 10**18 - 1)


@st.composite
def snapshots(draw):
    """As PostgreSQL writes them."""
    low = draw(st.integers(3, 10**12))
    between = sorted(draw(st.sets(st.integers(low, low + 50), max_size=5)))
    high = draw(st.integers((between[-1] + 1) if between else low, low + 60))
    return f"{low}:{high}:{','.join(map(str, between))}"


@given(st.builds(Cursor, st.builds(Moment, instants, numbers, instants, st.none() | snapshots()),
                 st.builds(Position, instants, numbers)))
def test_what_is_written_is_what_is_read(cursor):
    assert cursor_of(str(cursor)) == cursor


@given(st.from_regex(CURSOR, fullmatch=True))
def test_whatever_looks_like_one_is_one(text):
    """And is the same one when it is written again."""
    cursor = cursor_of(text)
    assert cursor_of(str(cursor)) == cursor


@pytest.mark.parametrize("text", ["", "1", "2.1.1.1.1.1", "1.1.1.1.1", "1.1.1.1.1.1.", "1.1.1.1.1.1.5", "1.-1.1.1.1.1",
                                  "1.1.1.1.1.\u0661", "1.1.1.1.1.1\n"])
def test_anything_else_is_refused(text):
    with pytest.raises(Invalid):
        cursor_of(text)
