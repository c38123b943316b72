"""Files are taken apart within bounds, whatever they hold: what cannot be read is told of with its place."""

import io
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.imports import files
from plaudit.imports.files import NO_OBJECT, NO_UTF8, Unreadable, csv_rows, json_items, json_lines

HUGE = 10**5
CHARACTERS = st.text(st.characters(codec="utf-8"), max_size=20)
ANYTHING = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
                        | CHARACTERS, lambda inner: st.lists(inner, max_size=3), max_leaves=5)


@pytest.fixture(autouse=True)
def _small_caps(monkeypatch):
    """So that what is too long need not be made."""
    monkeypatch.setattr(files, "LINE_BYTES_MAX", 1000)
    monkeypatch.setattr(files, "ITEM_CHARACTERS_MAX", 2000)
    monkeypatch.setattr(files, "CELL_CHARACTERS_MAX", 500)
    monkeypatch.setattr(files, "CHUNK_BYTES", 16)


def told(records):
    return [(record.place, json.loads(record.json) if record.json else record.problem) for record in records]


def lines(data: bytes):
    return told(json_lines(io.BytesIO(data)))


def items(data: bytes, names=("data",)):
    return told(json_items(io.BytesIO(data), names))


def rows(data: bytes):
    return told(csv_rows(io.BytesIO(data)))


def test_lines_of_json():
    """Empty ones are passed over and counted; a byte order mark and Windows's line ends do not matter."""
    assert lines(b'\xef\xbb\xbf{"a":1}\r\n\n{"a":2}') == [(1, {"a": 1}), (3, {"a": 2})]


def test_a_line_that_is_no_object_or_too_long_leaves_the_others_alone():
    long = b'{"a":"' + b"x" * HUGE + b'"}'
    assert lines(b"[1]\n" + long + b'\n{"a":1}\n') == [
        (1, NO_OBJECT), (2, files.TOO_LONG), (3, {"a": 1})]


@pytest.mark.parametrize("data", [
    b'[{"a":1},{"a":"\xc3\xa9, [{"}]', b' \n[ {"a" : 1} ,\t{"a":"\xc3\xa9, [{"} ] \n',
    b'\xef\xbb\xbf[{"a":1},{"a":"\\u00e9, [{"}]',
    b'{"meta":{"data":[0]},"data":[{"a":1},{"a":"\xc3\xa9, [{"}],"more":[]}',
    b'{"data":[{"a":1}]}\n{"data":[{"a":"\xc3\xa9, [{"}]}\n',
])
def test_items_of_a_list_wherever_it_stands(data):
    """Also of several pages that follow each other."""
    assert items(data) == [(1, {"a": 1}), (2, {"a": "é, [{"})]


@given(st.lists(st.dictionaries(CHARACTERS, ANYTHING, max_size=3), max_size=4), st.booleans())
def test_items_are_what_the_whole_document_says(value, indented):
    """Wherever it is cut into pieces."""
    data = json.dumps({"x": [1], "data": value, "y": {"data": 1}}, indent=indented or None).encode()
    assert [item for _, item in items(data)] == value


@pytest.mark.parametrize("data", [b"[]", b"", b'{"data":[]}', b" "])
def test_nothing_is_nothing(data):
    assert items(data) == []


@pytest.mark.parametrize("data", [
    b'[{"a":1}', b'[{"a":1},', b'[{"a":1}}', b'{"data":[{"a":1}]', b'[{"a":1} {"a":2}]', b'[{"a":NaN}]', b"nonsense",
    b'{"other":[]}', b'{"data":{}}', b'{"a":1}\n{"a":2}', b'[{"a":1}]]', b"[" * HUGE, b'[{"a":' + b"[" * HUGE,
    b'[{"a":"' + b"x" * HUGE + b'"}]', b'{"data" [1]}', b"[" + b"1" * HUGE + b"]",
])
def test_a_document_that_is_broken_or_too_long_at_once_is_unreadable(data):
    """Nobody knows where the next item begins."""
    with pytest.raises(Unreadable):
        items(data)


def test_an_item_that_is_no_object_or_no_utf_8_leaves_the_others_alone():
    assert items(b'[1, {"a":"\xff"}, {"a":"\\ud800"}, {"a":1}]') == [
        (1, NO_OBJECT), (2, NO_UTF8), (3, NO_UTF8), (4, {"a": 1})]


def test_rows_of_csv():
    """A cell may hold line ends; a place is a line's. A byte order mark is passed over."""
    assert rows(b'\xef\xbb\xbfa,b\r\n1,"x\r\n""y"""\r\n\r\n2,\xc3\xa9\r\n') == [
        (3, {"a": "1", "b": 'x\r\n"y"'}), (5, {"a": "2", "b": "é"})]


def test_a_row_that_is_no_utf_8_or_has_other_cells_leaves_the_others_alone():
    assert rows(b"a,b\n1\n1,2,3\n\xff,2\n1,2\n") == [
        (2, "has not as many cells as the head, 2"), (3, "has not as many cells as the head, 2"), (4, NO_UTF8),
        (5, {"a": "1", "b": "2"})]


@pytest.mark.parametrize("data", [
    b'a,b\n"' + b"x\n" * HUGE, b'a,b\n"x"y,2\n', b"a,b\n" + b"x" * 600 + b",2\n", b"a,b\n" + b"," * HUGE,
    b"a,a\n1,2\n"])
def test_a_table_that_is_broken_or_too_long_at_once_is_unreadable(data):
    """A quotation mark that is never closed would take in all that follows."""
    with pytest.raises(Unreadable):
        rows(data)


@pytest.mark.parametrize(("read", "piece", "between", "begin", "end"), [
    (json_lines, b'{"a":"%s"}', b"\n", b"", b""), (lambda file: json_items(file, ()), b'{"a":"%s"}', b",", b"[", b"]"),
    (csv_rows, b"%s,2", b"\n", b"a,b\n", b"\n")])
def test_memory_does_not_grow_with_the_file(read, piece, between, begin, end):
    """Of a megabyte a third is never held."""
    file = io.BytesIO(begin + between.join([piece % (b"x" * 200)] * 5_000) + end)
    tracemalloc.start()
    count = sum(1 for _ in read(file))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (count, peak < 300_000) == (5_000, True)
