"""The formats, and how lines are written in each as they come."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Protocol

from plaudit.exports import tables
from plaudit.exports.lines import Line
from plaudit.exports.parquet import ParquetLines
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


def writer(form: Format, encode: EncodeLines, *, first: bool = True, bom: bool = False) -> Writer:
    """Of lines as they are. `first`: the file begins here; else it is added to one that has, but Parquet's."""
    if form is Format.CSV:
        return CsvLines(first=first, bom=bom)
    return ParquetLines() if form is Format.PARQUET else JsonLines(encode)


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
