"""Which addresses are refused, where they are written down and again where a connection is made."""

import pytest
from receiver import Receiver, answer

from plaudit.events import Endpoint
from plaudit.webhooks.addresses import is_public, problem
from plaudit.webhooks.posting import NotSent, Poster

pytestmark = pytest.mark.anyio

PUBLIC = ["https://receiver.example.com/plaudit", "https://hooks.slack.example:8443/services/T0/B0/x?y=1",
          "https://93.184.216.34/", "https://[2606:2800:21f:cb07::1]/x", "HTTPS://UPPER.example/"]

# What a resolver may say, and what may be written in an address.
SPECIAL = {
    "this machine": ["127.0.0.1", "127.8.8.8", "0.0.0.0", "::1", "::"],
    "the link": ["169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12:3456::1", "fec0::1"],
    "a provider's": ["100.64.0.1", "100.127.255.255"],
    "several": ["224.0.0.1", "239.255.255.255", "ff02::1"],
    "nobody's": ["0.1.2.3", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "240.0.0.1",
                 "255.255.255.255", "100::1", "2001:db8::1", "3fff::1", "5f00::1", "4000::1"],
    "IPv4 inside": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:93.184.216.34", "::127.0.0.1", "64:ff9b::7f00:1",
                    "64:ff9b:1::1", "2002:7f00:1::1", "2002:a00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
}
ADDRESSES = [address for some in SPECIAL.values() for address in some]

ODD = ["https://2130706433/", "https://0x7f000001/", "https://0x7f.1/", "https://017700000001/", "https://127.1/",
       "https://0177.0.0.1/", "https://127.0.0.1./", "https://1.1.1.1./", "https://0x08080808/", "https://134744072/",
       "https://[::ffff:7f00:1]/", "https://[fe80::1%25eth0]/", "https://\uff11\uff12\uff17.0.0.1/",
       "https://\u2460\u2461\u2466.0.0.1/", "https://127\u30020\u30020\u30021/",
       "https://%31%32%37.0.0.1/", "https://[127.0.0.1]/", "https://[::1/"]
NAMES = ["https://localhost/", "https://LOCALHOST:8443/", "https://localhost./", "https://a.localhost/",
         "https://printer.local/", "https://metadata.google.internal/", "https://metadata/", "https://receiver.example./",
         "https://router.home.arpa/"]
SHAPES = ["http://receiver.example/", "ftp://receiver.example/", "//receiver.example/", "receiver.example", "",
          "https://", "https:///x", "https://user:word@receiver.example/", "https://receiver.example@10.0.0.1/",
          "https://receiver.example/#x", "https://receiver.example\\@10.0.0.1/", "https://receiver.example:0/",
          "https://receiver.example:99999/", "https://receiver.example/a b", "https://receiver.example/\n", "https://-a.example/",
          "https://a..example/", f"https://receiver.example/{'x' * 2048}", "file:///etc/passwd"]


@pytest.mark.parametrize("url", PUBLIC)
def test_a_public_address_is_taken(url):
    assert problem(url, allow_private=False) is None


@pytest.mark.parametrize("url", [*ODD, *NAMES, *SHAPES, *(
    f"https://[{it}]/" if ":" in it else f"https://{it}/" for it in ADDRESSES)])
def test_any_other_is_refused_where_it_is_written_down(url):
    assert problem(url, allow_private=False)


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_special_address_is_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "100.63.255.255", "172.32.0.1", "2606:4700::1111"])
def test_others_are(address):
    assert is_public(address)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/", "https://localhost/x", "http://receiver/", "http://[::1]/"])
def test_who_allows_private_addresses_may_write_them(url):
    assert problem(url, allow_private=True) is None


@pytest.mark.parametrize("url", ["http://127.1/", "http://0x7f000001/", "http://localhost./", "ftp://127.0.0.1/"])
def test_but_in_their_usual_form(url):
    assert problem(url, allow_private=True)


# ---------------------------------------------------------------- when a connection is made


def names(*answers):
    """A resolver that says something else each time."""
    rest = list(answers)

    async def resolve(_host, _port):
        return rest.pop(0)

    return resolve


@pytest.mark.parametrize("address", ADDRESSES)
async def test_a_name_that_stands_for_any_of_them_is_refused(address):
    """Whatever else it stands for beside."""
    poster = Poster(resolve=names(["93.184.216.34", address]))
    assert await status(poster, Endpoint("e", "acme", "https://receiver.example/")) == (
        f"its name stands for {address}, which is not on the public Internet")


async def test_a_name_that_means_something_else_the_second_time(certificates, monkeypatch):
    """Each connection goes to what was judged for it. Loopback stands for a public address here: there is no other."""
    monkeypatch.setattr("plaudit.webhooks.posting.is_public", lambda address: address == "127.0.0.1")
    server, believing = certificates("rebinding.example")
    poster = Poster(resolve=names(["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1"]), tls=believing)
    async with Receiver(lambda _: answer(204, connection="close"), tls=server) as receiver:
        endpoint = Endpoint("e", "acme", f"https://rebinding.example:{receiver.port}/")
        told = [await status(poster, endpoint) for _ in range(3)]
    assert told == [204, "its name stands for 10.0.0.1, which is not on the public Internet", 204]
    assert receiver.received[0].headers["host"] == f"rebinding.example:{receiver.port}"
    await poster.aclose()


async def status(poster, endpoint):
    try:
        return (await poster.post(endpoint, {"webhook-id": "evt_1"}, b"{}")).status
    except NotSent as reason:
        return str(reason)


async def test_the_address_is_judged_again_even_when_the_settings_were_not(receiver):
    """An endpoint that somehow came past the check of the settings."""
    assert "https" in await status(Poster(), Endpoint("e", "acme", receiver.url))
    assert receiver.received == []


# ---------------------------------------------------------------- TLS


async def test_the_certificate_is_checked_for_the_name(certificates):
    """Though the connection goes to an address."""
    server, believing = certificates("receiver.example")
    async with Receiver(tls=server) as receiver:
        told = {}
        for name, tls in [("receiver.example", believing), ("other.example", believing), ("receiver.example", None)]:
            poster = Poster(resolve=names(["127.0.0.1"]), tls=tls)
            told[name, tls is None] = await status(
                poster, Endpoint("e", "acme", f"https://{name}:{receiver.port}/", allow_private=True))
            await poster.aclose()
    no = "it cannot be reached (SSLCertVerificationError)"
    assert told == {("receiver.example", False): 204, ("other.example", False): no, ("receiver.example", True): no}
    assert len(receiver.received) == 1
