"""Files of any size, a line or an item at a time. Pure, but for reading.

Nothing here trusts a file: what is too long is passed over or ends it, what is not UTF-8 or no JSON object is told of
with its place. Memory is bounded by the caps, whatever the file is.
"""

import codecs
import csv
import json
import re
from collections.abc import Collection, Iterator
from typing import Any, BinaryIO, NamedTuple, NoReturn

from plaudit.errors import PlauditError

LINE_BYTES_MAX = 16 * 1024 * 1024
ITEM_CHARACTERS_MAX = 64 * 1024 * 1024  # of JSON: some tools put a whole conversation beside each vote
CELL_CHARACTERS_MAX = 1024 * 1024
CHUNK_BYTES = 256 * 1024

TOO_LONG = f"is longer than {LINE_BYTES_MAX:,} bytes"
NO_OBJECT = "is no JSON object"
NO_UTF8 = "is not UTF-8"

_BLANK = re.compile(r"[ \t\r\n]*")


class Unreadable(PlauditError):
    """The file cannot be read"""

    code = "unreadable"


class Record(NamedTuple):
    """A line or an item, counted from 1: JSON, or what is wrong with it."""

    place: int
    json: bytes | None
    problem: str = ""


def json_lines(file: BinaryIO) -> Iterator[Record]:
    """Lines that hold nothing are passed over."""
    place = 0
    while line := file.readline(LINE_BYTES_MAX + 1):
        place += 1
        if len(line) > LINE_BYTES_MAX:
            while line and not line.endswith(b"\n"):
                line = file.readline(LINE_BYTES_MAX)
            yield Record(place, None, TOO_LONG)
        elif bare := line.removeprefix(codecs.BOM_UTF8).strip():
            yield Record(place, bare) if bare.startswith(b"{") else Record(place, None, NO_OBJECT)


def csv_rows(file: BinaryIO) -> Iterator[Record]:
    """By the names in the head; a place is that of a row's last line. Raises `Unreadable`."""
    csv.field_size_limit(CELL_CHARACTERS_MAX)  # else a quotation mark that is never closed takes in all that follows
    rows = csv.reader(_text_lines(file), strict=True)
    try:
        head = next(rows, [])
        if len(set(head)) < len(head):
            raise Unreadable("The head names a column twice")
        for row in rows:
            if not row:
                continue
            if len(row) == len(head):
                yield _record(rows.line_num, dict(zip(head, row, strict=True)))
            else:
                yield Record(rows.line_num, None, f"has not as many cells as the head, {len(head)}")
    except csv.Error as error:
        raise Unreadable(f"Line {rows.line_num}: {error}") from None


def _text_lines(file: BinaryIO) -> Iterator[str]:
    first = True
    while line := file.readline(LINE_BYTES_MAX + 1):
        if len(line) > LINE_BYTES_MAX:
            raise Unreadable(f"A line {TOO_LONG}")
        yield line.removeprefix(codecs.BOM_UTF8 if first else b"").decode("utf-8", "surrogateescape")
        first = False


def json_items(file: BinaryIO, lists: Collection[str]) -> Iterator[Record]:
    """Of a list, or of an object's list that has one of these names; several of them may follow each other. Raises
    `Unreadable`, also where the file ends too early."""
    text, place = _Text(file), 0
    while mark := text.mark():
        if mark not in "[{":
            raise Unreadable("It is neither a list nor an object; lines of JSON are named .jsonl")
        for item in text.items() if mark == "[" else _members(text, lists):
            place += 1
            yield _record(place, item) if isinstance(item, dict) else Record(place, None, NO_OBJECT)


def _members(text: "_Text", lists: Collection[str]) -> Iterator[Any]:
    found = False
    for name in text.names():
        if name in lists and text.mark() == "[":
            found = True
            yield from text.items()
        else:
            text.value()
    if not found:
        raise Unreadable(f"There is no list named {' or '.join(lists)} in it; lines of JSON are named .jsonl")


def _record(place: int, value: dict[str, Any]) -> Record:
    try:
        return Record(place, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
    except UnicodeEncodeError:
        return Record(place, None, NO_UTF8)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and its like are no JSON


_decode = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode


class _Text:
    """A file's text from where it was read up to; as much of it as is needed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        self._text, self._at, self._ended = "", 0, False

    def mark(self) -> str:
        """The next character that is not blank; empty at the end."""
        while True:
            self._at = _BLANK.match(self._text, self._at).end()  # type: ignore[union-attr]  # it matches nothing as well
            if self._at < len(self._text) or self._ended:
                return self._text[self._at:self._at + 1]
            self._more()

    def value(self) -> Any:
        """Raises `Unreadable` where there is none, or a longer one than may be held."""
        self.mark()
        while True:
            left = len(self._text) - self._at
            try:
                value, end = _decode(self._text, self._at)
                if end < len(self._text) or self._ended:
                    self._at = end
                    return value
            except ValueError as error:
                if self._ended or left > ITEM_CHARACTERS_MAX:
                    raise self._unreadable("ends too early, is none, or has an item that is too long") from error
            except RecursionError:
                raise self._unreadable("is nested too deeply") from None
            self._more()

    def items(self) -> Iterator[Any]:
        """Of the list that begins here."""
        yield from self._parts("[", "]", self.value)

    def names(self) -> Iterator[Any]:
        """Of the object that begins here; each one's value is to be read before the next."""
        yield from self._parts("{", "}", self._name)

    def _parts(self, begin: str, end: str, part: Any) -> Iterator[Any]:
        self._take(begin)
        if self.mark() == end:
            self._take(end)
            return
        while True:
            yield part()
            if self.mark() == end:
                self._take(end)
                return
            self._take(",")

    def _name(self) -> Any:
        name = self.value()
        self._take(":")
        return name

    def _take(self, mark: str) -> None:
        if self.mark() != mark:
            raise self._unreadable(f"has something else where `{mark}` should be")
        self._at += 1

    def _more(self) -> None:
        """Twice as much as is held already, so that a long value is not read again for each piece of it."""
        self._text, self._at = self._text[self._at:], 0
        read = self._file.read(max(CHUNK_BYTES, len(self._text)))
        self._ended = not read
        self._text += self._decoder.decode(read, self._ended)

    def _unreadable(self, what: str) -> Unreadable:
        """Where, is told as far as it is known: what is held was read up to there."""
        return Unreadable(f"Its JSON {what}, before byte {self._file.tell():,}")
