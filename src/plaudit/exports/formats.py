"""The formats, and how lines are written in each as they come."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Protocol

from plaudit.exports import tables
from plaudit.exports.lines import Line
from plaudit.exports.tables import EncodeLines


class Format(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    KTO = "kto"
    DPO = "dpo"
    SFT = "sft"


JSON_LINES = "application/x-ndjson"
MEDIA_TYPES = {
    Format.JSONL: JSON_LINES,
    Format.CSV: "text/csv; charset=utf-8",
    Format.PARQUET: "application/vnd.apache.parquet",
    Format.KTO: JSON_LINES,
    Format.DPO: JSON_LINES,
    Format.SFT: JSON_LINES,
}


class Writer(Protocol):
    """Bytes of a file, in this order: its beginning, lines again and again, its end."""

    def begin(self) -> bytes: ...

    def write(self, lines: Sequence[Line]) -> bytes: ...

    def end(self) -> bytes: ...


def needs_all_at_once(form: Format) -> bool:
    """Pairs are made of votes that may be far from each other."""
    return form is Format.DPO


def writer(form: Format, encode: EncodeLines, *, first: bool = True, bom: bool = False) -> Writer:
    """`first`: the file begins here; else it is added to one that has. Parquet has a file for each part then."""
    return CsvLines(first=first, bom=bom) if form is Format.CSV else JsonLines(encode)


class JsonLines:
    def __init__(self, encode: EncodeLines) -> None:
        self._encode = encode

    def begin(self) -> bytes:
        return b""

    def write(self, lines: Sequence[Any]) -> bytes:
        return self._encode(lines)

    def end(self) -> bytes:
        return b""


class CsvLines:
    def __init__(self, *, first: bool, bom: bool) -> None:
        self._head = tables.csv_head(bom=bom) if first else b""

    def begin(self) -> bytes:
        return self._head

    def write(self, lines: Sequence[Line]) -> bytes:
        return tables.csv_lines(lines)

    def end(self) -> bytes:
        return b""
