"""Lines as CSV (RFC 4180): every line for itself, so that parts can be written one after the other. Pure."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

from plaudit.exports.lines import COLUMNS, Line

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for a formula, or strip to find one
BOM = "\ufeff".encode()  # for spreadsheets that take a file without it for one of their own country's encoding

Cell = str | int | float | None
EncodeLines = Callable[[Sequence[Any]], bytes]  # values as lines of JSON, each with its end
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def csv_head(*, bom: bool = False) -> bytes:
    return (BOM if bom else b"") + _table([COLUMNS])


def csv_lines(lines: Sequence[Line]) -> bytes:
    return _table([[cell(each[column]) if column != "reasons" else _reasons(each) for column in COLUMNS]
                   for each in lines])


def cell(value: Cell) -> str | int | float:
    """Text that would be a formula in a spreadsheet gets an apostrophe before it; nothing is an empty cell."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _reasons(line: Line) -> str:
    """A JSON array, or nothing."""
    return _encode(line["reasons"]) if line["reasons"] else ""


def _table(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
