"""What is JSON and what is not, the same for every contract. A body never causes a bug, whatever its bytes."""

import pytest

from plaudit.errors import MalformedBody
from plaudit.http.body import json_object


@pytest.mark.parametrize("body", [
    pytest.param(b"", id="empty"),
    pytest.param(b" \n", id="white space"),
    pytest.param(b"null", id="null"),
    pytest.param(b"[]", id="an array"),
    pytest.param(b'"like"', id="a string"),
    pytest.param(b"1", id="a number"),
    pytest.param(b"true", id="true"),
    pytest.param(b"rating=1", id="a form"),
    pytest.param(b'{"rating":1', id="cut off"),
    pytest.param(b'{"rating":1}{}', id="something after it"),
    pytest.param(b"{'rating':1}", id="single quotes"),
    pytest.param(b'{"rating":1,}', id="trailing comma"),
    pytest.param(b'{"rating":NaN}', id="NaN"),
    pytest.param(b'{"rating":Infinity}', id="Infinity"),
    pytest.param(b'{"rating":-Infinity}', id="-Infinity"),
    pytest.param(b'{"rating":01}', id="leading zero"),
    pytest.param(b'{"rating":+1}', id="plus sign"),
    pytest.param(b'{"rating":' + b"1" * 5000 + b"}", id="5 000 digits"),
    pytest.param(b'{"rating":-' + b"1" * 5000 + b"}", id="5 000 digits, negative"),
    pytest.param(b'{"rating":1e999}', id="beyond every float"),
    pytest.param(b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="100 000 arrays deep"),
    pytest.param(b'{"x":' * 100_000 + b"1" + b"}" * 100_000, id="100 000 objects deep"),
    pytest.param(b'{"x":' * 100_000, id="100 000 objects deep, cut off"),
    pytest.param(b'{"x":' * 65 + b"1" + b"}" * 65, id="65 objects deep"),
    pytest.param(b'{"x":' + b"[" * 64 + b"]" * 64 + b"}", id="65 deep in all"),
    pytest.param(b'\xef\xbb\xbf{"rating":1}', id="byte order mark"),
    pytest.param('{"rating":1}'.encode("utf-16"), id="UTF-16"),
    pytest.param('{"rating":1}'.encode("utf-16-le"), id="UTF-16 without its mark"),
    pytest.param(b'{"feedback":"\xc0\xaf"}', id="overlong UTF-8"),
    pytest.param(b'{"\xc0\xaf":1}', id="overlong UTF-8 in a key"),
    pytest.param(b'{"feedback":"\xed\xa0\x80"}', id="surrogate in UTF-8"),
    pytest.param(b'{"feedback":"\xf5\x80\x80\x80"}', id="beyond Unicode"),
    pytest.param(b'{"feedback":"\xe9"}', id="Latin-1"),
    pytest.param(b'{"feedback":"\x00"}', id="raw NUL"),
    pytest.param(b'{"feedback":"\n"}', id="raw line feed"),
    pytest.param(rb'{"feedback":"\ud800"}', id="lone high surrogate"),
    pytest.param(rb'{"feedback":"\udc00"}', id="lone low surrogate"),
    pytest.param(rb'{"feedback":"\ud83d\ud83d\ude00"}', id="high surrogate before a pair"),
    pytest.param(rb'{"\ud800":1}', id="lone surrogate in a key"),
])
def test_what_is_no_json_object_is_malformed(body):
    """Half characters, other encodings, numbers that do not exist and endless depths are all the same refusal."""
    with pytest.raises(MalformedBody):
        json_object(body)


@pytest.mark.parametrize(("body", "read"), [
    (b"{}", {}),
    (b' \t\r\n{ "a" : 1 } ', {"a": 1}),
    (b'{"a":1,"a":2}', {"a": 2}),
    (b'{"a":"' + b"[" * 100 + rb'\"{"}', {"a": "[" * 100 + '"{'}),
    (b'{"a":[' + b",".join([b"[]"] * 100) + b"]}", {"a": [[]] * 100}),
    (rb'{"a":"\ud83d\ude00"}', {"a": "😀"}),
    (rb'{"a":"\u0000"}', {"a": "\0"}),
    (b'{"a":-0,"b":1.0,"c":1e0}', {"a": 0, "b": 1.0, "c": 1.0}),
    (b'{"a":123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
])
def test_a_json_object_is_read(body, read):
    """Of two equal keys the last one wins."""
    assert json_object(body) == read
