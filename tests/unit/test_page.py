"""Which page a request came from, as far as the browser says so."""

import pytest
from starlette.requests import Request

from plaudit.http.page import page_of


@pytest.mark.parametrize(("headers", "page"), [
    ({"referer": "https://shop.example/help?user=ann#top"}, "https://shop.example/help"),
    ({"referer": "http://localhost:3000/"}, "http://localhost:3000/"),
    ({"referer": "https://ann:secret@shop.example/"}, "https://shop.example/"),
    ({"origin": "https://shop.example"}, "https://shop.example"),
    ({"referer": "https://shop.example/a", "origin": "https://shop.example"}, "https://shop.example/a"),
    ({}, ""), ({"origin": "null"}, ""), ({"referer": "android-app://com.example/"}, ""), ({"referer": "http://["}, ""),
    ({"referer": "https://shop.example/" + "x" * 200}, ""), ({"referer": "https://shop.example/ü"}, ""),
    ({"referer": "https://shop.example/a b"}, ""), ({"referer": "https://shop.example:x/"}, ""),
])
def test_an_address_without_what_may_be_personal(headers, page):
    """Query, fragment, names and passwords are left out; what is odd is left out whole."""
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    assert page_of(Request({"type": "http", "headers": raw})) == page
