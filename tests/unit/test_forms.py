"""Forms: only from this server's own pages."""

import pytest
from starlette.requests import Request

from plaudit.errors import Forbidden, Invalid
from plaudit.http.errors import BodyTooLarge, UnsupportedMediaType
from plaudit.http.exchange import KEY, Exchange
from plaudit.http.forms import FIELDS_MAX, check_own, read_form

FORM = (b"content-type", b"application/x-www-form-urlencoded")
OWN = (b"sec-fetch-site", b"same-origin")
HOST = (b"host", b"plaudit.example")


def request(body: bytes, *headers) -> Request:
    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({"type": "http", "method": "POST", "headers": headers, KEY: Exchange("POST", headers)}, receive)


@pytest.mark.parametrize("headers", [
    [OWN], [HOST, (b"origin", b"https://plaudit.example")], [HOST, (b"origin", b"http://PLAUDIT.example")],
    [(b"host", b"[::1]:8000"), (b"origin", b"http://[::1]:8000")],
])
def test_a_form_of_this_server_is_taken(headers):
    check_own(request(b"", *headers))


@pytest.mark.parametrize("headers", [
    [], [HOST], [(b"origin", b"")], [HOST, (b"origin", b"null")], [HOST, (b"origin", b"https://evil.example")],
    [HOST, (b"origin", b"https://plaudit.example:8443")], [HOST, (b"origin", b"https://x@plaudit.example")],
    [HOST, (b"origin", b"http://[")], [(b"sec-fetch-site", b"cross-site")], [(b"sec-fetch-site", b"same-site")],
    [(b"sec-fetch-site", b"none")],
    [(b"sec-fetch-site", b"cross-site"), HOST, (b"origin", b"https://plaudit.example")],
])
def test_a_form_of_anybody_else_is_refused(headers):
    with pytest.raises(Forbidden):
        check_own(request(b"", *headers))


@pytest.mark.anyio
async def test_fields_are_read_once_each():
    assert await read_form(request(b"label=zu+sp%C3%A4t&note=a%0D%0Ab&x=", FORM, OWN)) == {
        "label": "zu spät", "note": "a\nb", "x": ""}


@pytest.mark.anyio
@pytest.mark.parametrize(("body", "refusal"), [
    (b"a=1&a=2", Invalid), (b"a=%ff", Invalid), (b"\xff=1", Invalid), (b"&".join([b"a=1"] * (FIELDS_MAX + 1)), Invalid),
    (b"a=" + b"x" * 20_000, BodyTooLarge),
])
async def test_what_is_no_form_is_refused(body, refusal):
    with pytest.raises(refusal):
        await read_form(request(body, FORM, OWN))


@pytest.mark.anyio
async def test_another_media_type_is_refused():
    with pytest.raises(UnsupportedMediaType):
        await read_form(request(b"{}", (b"content-type", b"application/json"), OWN))
