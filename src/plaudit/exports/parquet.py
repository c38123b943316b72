"""Lines as Apache Parquet, a row group after the other, each given away as soon as it is complete.

pyarrow is loaded when it is used: it is large, and few need it.
"""

import io
from collections.abc import Sequence
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from plaudit.exports.lines import COLUMNS, Line

if TYPE_CHECKING:
    import pyarrow as pa

GROUP_ROWS = 10_000
INSTANTS = ("created_at", "updated_at", "shown_at")
HOW_TO_INSTALL = "needs pyarrow: pip install 'plaudit[parquet]'"


def is_there() -> bool:
    """Can Parquet be written here?"""
    return find_spec("pyarrow") is not None


class ParquetLines:
    """`formats.Writer`. Instants are timestamps, reasons a list; all else is as in JSON Lines."""

    def __init__(self) -> None:
        from pyarrow import parquet  # noqa: PLC0415 -- see above

        self._schema = _schema()
        self._given = _Given()
        self._file = parquet.ParquetWriter(self._given, self._schema, compression="zstd")
        self._waiting: list[pa.Table] = []  # as Python's own objects they would take ten times the room

    def begin(self) -> bytes:
        return self._given.take()

    def write(self, lines: Sequence[Line]) -> bytes:
        import pyarrow as pa  # noqa: PLC0415 -- see above

        rows = [{**line, **{name: datetime.fromisoformat(line[name]) for name in INSTANTS}} for line in lines]
        self._waiting.append(pa.Table.from_pylist(rows, self._schema))
        if sum(table.num_rows for table in self._waiting) >= GROUP_ROWS:
            self._write_group()
        return self._given.take()

    def end(self) -> bytes:
        self._write_group()
        self._file.close()
        return self._given.take()

    def _write_group(self) -> None:
        import pyarrow as pa  # noqa: PLC0415 -- see above

        if group := [table for table in self._waiting if table.num_rows]:
            whole = pa.concat_tables(group)
            self._file.write_table(whole, row_group_size=whole.num_rows)
        self._waiting = []


def _schema() -> "pa.Schema":
    import pyarrow as pa  # noqa: PLC0415 -- see above

    kinds: dict[str, Any] = {
        "reasons": pa.list_(pa.string()), "revision": pa.int32(),
        **dict.fromkeys(INSTANTS, pa.timestamp("ms", "UTC"))}
    return pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS])


class _Given(io.RawIOBase):
    """A file of which what was written is taken away, and that knows how long it was all the same."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._length

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._length += len(piece)
        return len(piece)

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken
