"""Parquet: what is written is what is read, in row groups."""

import io
from datetime import UTC, datetime

from pyarrow import parquet as reader
from test_exports_training import line as vote_line

from plaudit.exports import parquet
from plaudit.exports.lines import COLUMNS
from plaudit.instants import to_text

AT = 1_795_334_400_125


def line(number, **changes):
    return {**dict.fromkeys(COLUMNS), **{name: value for name, value in vote_line(number).items() if name in COLUMNS},
            "reasons": [], "revision": 1, "arms": "{}", "metadata": '{"a":1}',
            **dict.fromkeys(parquet.INSTANTS, to_text(AT)), **changes}


def written(parts, monkeypatch, group):
    """The file, and how many bytes were given away before its end."""
    monkeypatch.setattr(parquet, "GROUP_ROWS", group)
    file = parquet.ParquetLines()
    pieces = [file.begin(), *map(file.write, parts)]
    return b"".join([*pieces, file.end()]), sum(map(len, pieces))


def test_what_is_written_is_what_is_read(monkeypatch):
    lines = [line(number, reasons=["late", "wrong"] if number else [], comment='é\n"' if number else None)
             for number in range(3)]
    content, _ = written([lines], monkeypatch, 10)
    table = reader.read_table(io.BytesIO(content))
    assert table.column_names == list(COLUMNS)
    moment = datetime(2026, 11, 22, 8, 0, 0, 125_000, UTC)
    assert table.to_pylist() == [{**each, **dict.fromkeys(parquet.INSTANTS, moment)} for each in lines]


def test_row_groups_are_given_away_as_they_come(monkeypatch):
    """So that the whole is nowhere."""
    content, before_the_end = written([[line(n)] * 4 for n in range(6)], monkeypatch, 8)
    assert reader.ParquetFile(io.BytesIO(content)).metadata.num_row_groups == 3
    assert before_the_end > 0


def test_without_votes_there_are_columns(monkeypatch):
    content, _ = written([], monkeypatch, 8)
    table = reader.read_table(io.BytesIO(content))
    assert (table.num_rows, table.column_names) == (0, list(COLUMNS))
