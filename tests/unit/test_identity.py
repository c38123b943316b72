"""The headers by which a guest says who it is."""

import pytest

from plaudit.errors import Unauthenticated
from plaudit.http.contracts.handauncle.wire import MISSING
from plaudit.http.identity import device_claim, identity
from plaudit.ports import DeviceClaim


def test_a_device_claim_is_read():
    """Names of headers come in lower case from the server."""
    headers = identity([
        (b"host", b"a"), (b"x-device-id", b"d"), (b"x-user-id", b"U-1"), (b"x-platform", b"web"),
        (b"x-device-token", b"t"), (b"accept", b"\xff"),
    ])
    assert device_claim(headers) == DeviceClaim("d", "U-1", "web", "t")


@pytest.mark.parametrize("name", [b"authorization", b"x-device-id", b"x-user-id", b"x-platform", b"x-device-token"])
def test_an_identity_header_is_given_once_and_plainly(name):
    """Two of one, a control character or a letter beyond ASCII: nobody we can believe, and nothing to echo."""
    for headers in ([(name, b"a"), (name, b"a")], [(name, b"a\x01")], [(name, b"\xc3\xa9")], [(name, b"a\tb")]):
        with pytest.raises(Unauthenticated) as error:
            identity(headers)
        assert error.value.message == "Authentication required"


@pytest.mark.parametrize("headers", [{}, {b"x-user-id": "U-1"}, {b"x-platform": "web"}])
def test_nobody_is_told_how_to_be_somebody(headers):
    """In HandAuncle's contract, in the very words of its published page."""
    with pytest.raises(Unauthenticated) as error:
        device_claim(headers, MISSING)
    assert error.value.message == (
        "Missing authentication. Provide either Authorization header or x-device-id header."
    )
