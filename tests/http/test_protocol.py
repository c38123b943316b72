"""HTTP as clients should not speak it: sizes, encodings, paths, headers, methods, versions."""

import re

import pytest
from raw import Line, head, post
from running import fresh, guest, user
from wires import HANDAUNCLE, WIRES

LIKE = b'{"feedback":"like","rating":1}'  # good in both contracts
JSON = {"content-type": "application/json"}
REQUEST_ID = re.compile(r"req_[0-9a-f]{16}")


@pytest.fixture
def target(server, wire):
    """The path of a vote on a message of Ann's."""
    return wire.url(wire.registered(server, user()))


def sized(path: str, total_bytes: int) -> bytes:
    """A vote whose path, names and values of headers are so many bytes."""
    headers = {**JSON, "content-length": str(len(LIKE)), **user().headers, "x-padding": ""}
    counted = len(path) + sum(len(name) + len(value) for name, value in {**headers, "host": "main.example"}.items())
    return head("POST", path, {**headers, "x-padding": "x" * (total_bytes - counted)}) + LIKE


def with_fields(path: str, count: int) -> bytes:
    headers = {**JSON, "content-length": str(len(LIKE)), **user().headers}
    more = {f"x-{number}": "1" for number in range(count - len(headers) - 1)}  # one is Host
    return head("POST", path, {**headers, **more}) + LIKE


# ---------------------------------------------------------------- sizes


@pytest.mark.parametrize(("total_bytes", "status"), [(16_384, 200), (16_385, 431), (40_000, 431)])
def test_a_head_may_have_16_kib(line, target, total_bytes, status):
    assert line.ask(sized(target, total_bytes)).status == status


@pytest.mark.parametrize(("count", "status"), [(100, 200), (101, 431), (2_000, 431)])
def test_a_head_may_have_100_fields(line, target, count, status):
    assert line.ask(with_fields(target, count)).status == status


def test_a_head_without_end_is_refused_before_its_end(line, wire):
    """Nobody can fill the memory with a header that never ends."""
    line.send(b"POST %b HTTP/1.1\r\nhost: main.example\r\nx-endless: " % wire.url("x").encode())
    line.send(b"x" * 128 * 1024)
    answer = line.answer()
    assert (answer.status, answer.headers["connection"]) == (431, "close")
    assert REQUEST_ID.fullmatch(answer.headers["x-request-id"])
    assert line.is_closed()


@pytest.mark.parametrize(("size", "status"), [(16_384, 200), (16_385, 413)])
def test_a_body_may_have_16_kib(line, target, size, status):
    assert line.ask(post(target, user().headers, LIKE.ljust(size))).status == status


def test_a_declared_body_that_is_too_large_is_refused_before_it_comes(line, target):
    """Nothing of the body was sent; the connection closes, so that the rest is not taken for a request."""
    answer = line.ask(head("POST", target, {**JSON, **user().headers, "content-length": "16385"}))
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert line.is_closed()


def test_a_chunked_body_is_refused_as_soon_as_it_is_too_large(line, target):
    """The last chunk is never sent."""
    line.send(head("POST", target, {**JSON, **user().headers, "transfer-encoding": "chunked"}))
    line.send(b"2000\r\n" + b" " * 0x2000 + b"\r\n")
    answer = line.ask(b"2001\r\n" + b" " * 0x2001 + b"\r\n")
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert line.is_closed()


def test_a_chunked_body_that_is_small_enough_is_read(line, target):
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (LIKE[:9], LIKE[9:], b""))
    answer = line.ask(head("POST", target, {**JSON, **user().headers, "transfer-encoding": "chunked"}) + chunks)
    assert answer.status == 200


# ---------------------------------------------------------------- media types


@pytest.mark.parametrize("headers", [
    {"content-type": ""}, {"content-type": "text/plain"}, {"content-type": "application/x-www-form-urlencoded"},
    {"content-type": "multipart/form-data; boundary=x"}, {"content-type": "application/json; charset=utf-16"},
    {"content-type": "application/json; charset=latin-1"}, {"content-type": "application/jsonp"},
    {"content-type": "application/json, text/plain"}, {"content-encoding": "gzip"}, {"content-encoding": "br"},
    {"content-encoding": "identity"}, {"content-encoding": "x"},
], ids=str)
def test_what_is_not_plain_json_in_utf_8_is_415(line, target, headers):
    answer = line.ask(post(target, {**user().headers, **headers}, LIKE))
    assert (answer.status, answer.json["error"]["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_no_content_type_is_415(line, target):
    answer = line.ask(head("POST", target, {"content-length": str(len(LIKE)), **user().headers}) + LIKE)
    assert answer.status == 415


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON;charset=UTF-8",
                                        'application/json; charset="utf-8"'])
def test_json_may_say_that_it_is_utf_8(line, target, media_type):
    assert line.ask(post(target, {**user().headers, "content-type": media_type}, LIKE)).status == 200


# ---------------------------------------------------------------- paths


@pytest.mark.parametrize("bent", ["{}%2f", "%2f{}", "{}%00", "{}%0a", "{}%0d%0a", "%20{}", "{}%20", "{};v=1", "{}%3b",
                                  "..%2f{}", "%2e%2e", "%ff{}", "%c0%af{}", "{}%", "{}%zz", "+{}", "{}'--"])
def test_an_id_is_one_segment_decoded_once_and_nothing_else(line, server, wire, bent):
    """Whatever is hung onto a good id makes it a malformed one; nothing is cut off, nothing climbs."""
    message_id = wire.registered(server, user())
    answer = line.ask(post(wire.url(bent.format(message_id)), user().headers, LIKE))
    assert (answer.status, answer.json["error"]["code"]) == (422 if wire.name == "siteassist" else 400,
                                                             "VALIDATION_ERROR")
    assert server.history(message_id) == []


@pytest.mark.parametrize("bent", ["{}/", "{}//", "/{}", "../{}", "{}/..", "./{}", "{}/.", "x/../{}", "{}?x=/", ""])
def test_slashes_and_dots_lead_nowhere(line, server, wire, bent):
    """Paths are never tidied up: what a proxy in front sees is what is meant."""
    message_id = wire.registered(server, user())
    path, _, query = bent.format(message_id).partition("?")
    answer = line.ask(post(wire.url(path) + ("?" + query if query else ""), user().headers, LIKE))
    assert answer.status == (200 if query else 404)
    assert len(server.history(message_id)) == bool(query)


@pytest.mark.parametrize("change", [lambda path: path + "/", lambda path: "/" + path, str.upper,
                                    lambda path: path.replace("/messages", "/x/../messages"),
                                    lambda path: path.replace("/messages", "//messages"),
                                    lambda path: path.replace("/messages", "%2fmessages"),
                                    lambda path: path.replace("feedback", "feedbac%6b")])
def test_only_the_path_as_it_is_written_is_the_operation(line, target, change):
    assert line.ask(post(change(target), user().headers, LIKE)).status == 404


def test_an_encoded_letter_of_an_id_is_that_letter(line, server, wire):
    message_id = wire.registered(server, user())
    encoded = "".join(f"%{ord(letter):02x}" for letter in message_id)
    assert line.ask(post(wire.url(encoded), user().headers, LIKE)).status == 200
    assert len(server.history(message_id)) == 1


@pytest.mark.parametrize("path", [b"/v2/\xff", b"/api/v1/\xc3\xa9", b"/\x80", b"*", b"http://main.example/livez"])
def test_a_target_that_no_route_has_is_refused_in_good_form(line, path):
    """Raw bytes beyond ASCII, an asterisk, a proxy's form: never a bug, always an answer."""
    answer = line.ask(b"GET " + path + b" HTTP/1.1\r\nhost: main.example\r\n\r\n")
    assert answer.status in (200, 400, 404)
    assert answer.headers["x-request-id"]


# ---------------------------------------------------------------- headers


@pytest.mark.parametrize("name", ["x-http-method-override", "x-http-method", "x-method-override", "_method"])
def test_a_method_is_what_the_request_line_says(line, target, name):
    answer = line.ask(head("GET", target, {name: "POST", **user().headers}))
    assert (answer.status, answer.headers["allow"]) == (405, "OPTIONS, POST")
    assert line.ask(post(target, user().headers, LIKE, **{name: "DELETE"})).status == 200


@pytest.mark.parametrize("name", ["x_user_id", "X_User_Id", "x_device_id", "x.user.id"])
def test_a_name_with_underscores_is_another_name(line, server, name):
    """Some servers take `X_User_Id` for `X-User-Id`; here it says nothing about who votes."""
    gus = guest(fresh("gus"))
    message_id = HANDAUNCLE.registered(server, gus)
    assert line.ask(post(HANDAUNCLE.url(message_id), {**gus.headers, name: "U-someone-else"}, LIKE)).status == 200
    without = {header: value for header, value in gus.headers.items() if header != "x-user-id"}
    assert line.ask(post(HANDAUNCLE.url(message_id), {**without, "X_User_Id": "U-x"}, LIKE)).status == 401


@pytest.mark.parametrize(("value", "status"), [
    ("U-\x01", 400), ("U-\x7f", 400), ("U-\t-", 401), ("U-é", 401), ("U-\xa0", 401), ("U-\xff", 401), ("Ü", 401),
    ("U-\x80" * 50, 401),
], ids=ascii)
@pytest.mark.parametrize("name", ["x-user-id", "x-device-id", "x-platform", "x-device-token", "authorization"])
def test_identity_in_odd_characters_is_refused_and_never_echoed(server, name, value, status):
    """Most control characters are no HTTP at all, 400; what else is not visible ASCII is nobody, 401."""
    marker = fresh("marker")
    with Line(server.port) as line:
        headers = {**guest().headers, name: marker + value}
        answer = line.ask(post(HANDAUNCLE.url(HANDAUNCLE.new_id()), headers, LIKE))
    assert answer.status == status
    assert marker.encode() not in answer.body
    assert marker not in str(answer.headers)
    assert marker not in server.log


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_the_scheme_may_be_written_in_any_letters(line, target, scheme):
    token = user().headers["authorization"].split()[1]
    assert line.ask(post(target, {"authorization": f"{scheme} {token}"}, LIKE)).status == 200


@pytest.mark.parametrize("given", ["{}", "Bearer", "Bearer  {}", "Bearer {} {}", "Bearer {},{}", "Bearer {}, Bearer {}",
                                   "Bearer:{}", "Token {}", "Bearer\t{}"])
def test_exactly_one_token_follows_the_scheme(line, server, wire, given):
    """And one space between them."""
    message_id, token = wire.registered(server, user()), user().headers["authorization"].split()[1]
    answer = line.ask(post(wire.url(message_id), {"authorization": given.format(token, token)}, LIKE))
    assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert server.history(message_id) == []


def test_two_authorizations_are_none(line, server, wire):
    """Also when both are the same and good."""
    message_id, given = wire.registered(server, user()), user().headers["authorization"]
    twice = {"authorization": given, "Authorization": given}
    assert line.ask(post(wire.url(message_id), twice, LIKE)).status == 401
    assert server.history(message_id) == []


@pytest.mark.parametrize("name", ["authorization", "x-device-id", "x-user-id"])
def test_who_one_is_is_said_once(line, name):
    """Which of two was meant cannot be known."""
    headers = guest().headers if name != "authorization" else user().headers
    twice = post(HANDAUNCLE.url(HANDAUNCLE.new_id()), {**headers, name.upper(): headers[name]}, LIKE)
    assert line.ask(twice).status == 401


@pytest.mark.parametrize("other", ["other.example", "main.example"])
def test_a_host_is_named_once(line, server, other):
    """It says whose guest somebody is; a proxy in front may have believed the other one."""
    gus = guest(fresh("gus"))
    message_id = HANDAUNCLE.registered(server, gus)
    answer = line.ask(post(HANDAUNCLE.url(message_id), {**gus.headers, "Host": other}, LIKE))
    assert (answer.status, answer.json["error"]["code"]) == (400, "BAD_REQUEST")
    assert server.history(message_id) == []


@pytest.mark.parametrize("given", ["a", "A-1_b.C", "x" * 64])
def test_a_clients_request_id_is_used(line, target, given):
    assert line.ask(post(target, {**user().headers, "x-request-id": given}, LIKE)).headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a;b", "é", '"', "{}", "a/b", "a\tb"])
def test_another_request_id_is_replaced(line, target, given):
    answer = line.ask(post(target, {**user().headers, "x-request-id": given}, LIKE))
    assert REQUEST_ID.fullmatch(answer.headers["x-request-id"])


# ---------------------------------------------------------------- methods, versions, pipelines


def test_head_is_get_without_the_body(line):
    got, headed = line.ask(head("GET", "/livez")), line.ask(head("HEAD", "/livez"), bodyless=True)
    assert (headed.status, headed.headers["content-length"]) == (200, got.headers["content-length"])
    assert line.ask(head("GET", "/livez")).status == 200


@pytest.mark.parametrize("path", [*(wire.url("x") for wire in WIRES), "/v1/messages", "/v2/conversations", "/livez"])
def test_options_lists_the_methods_and_asks_for_no_credentials(line, path):
    answer = line.ask(head("OPTIONS", path), bodyless=True)
    assert (answer.status, "OPTIONS" in answer.headers["allow"]) == (204, True)


def test_pipelined_votes_are_answered_in_their_order(line, server, wire):
    """Ten on one message, each with its own answer."""
    message_id = wire.registered(server, user())
    ask = [post(wire.url(message_id), {**user().headers, "x-request-id": f"number-{number}"}, LIKE)
           for number in range(10)]
    line.send(b"".join(ask))
    assert [line.answer().headers["x-request-id"] for _ in ask] == [f"number-{number}" for number in range(10)]
    assert [revision["revision"] for revision in server.history(message_id)] == list(range(1, 11))


@pytest.mark.parametrize(("method", "path", "headers", "status"), [
    ("POST", "/nowhere", {}, 404),
    ("PUT", "/v2/messages/x/feedback", {}, 405),
    ("POST", "/v2/messages/x/feedback", {"content-type": "text/plain"}, 415),
    ("POST", "/v2/messages/x/feedback", JSON, 401),
])
def test_a_body_that_nobody_reads_is_never_taken_for_a_request(line, method, path, headers, status):
    """It looks like one; the next answer belongs to the next request all the same."""
    hidden = head("GET", "/readyz", {"x-request-id": "hidden"})
    line.send(head(method, path, {**headers, "content-length": str(len(hidden))}) + hidden)
    line.send(head("GET", "/livez", {"x-request-id": "next", "connection": "close"}))
    answers = [line.answer(), line.answer()]
    assert [answer.status for answer in answers] == [status, 200]
    assert answers[1].headers["x-request-id"] == "next"
    assert line.is_closed()


@pytest.mark.parametrize(("size", "statuses"), [(len(LIKE), [100, 200]), (16_385, [413])])
def test_who_asks_before_sending_the_body_is_told(line, target, size, statuses):
    """Expect: 100-continue. A body that is too large is refused before it is sent."""
    line.send(head("POST", target, {**JSON, **user().headers, "content-length": str(size), "expect": "100-continue"}))
    answers = [line.answer()]
    if answers[0].status == 100:
        answers.append(line.ask(LIKE))
    assert [answer.status for answer in answers] == statuses


def test_http_1_0_is_answered_and_closed(line, target):
    request = post(target, user().headers, LIKE).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    answer = line.ask(request)
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert line.is_closed()


@pytest.mark.parametrize("request_bytes", [
    pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS"),
    pytest.param(b"GET / HTTP/9.9\r\n\r\n", id="version"),
    pytest.param(b"G\x00T / HTTP/1.1\r\n\r\n", id="method"),
    pytest.param(head("POST", "/livez", {"content-length": "-1"}), id="negative length"),
    pytest.param(head("POST", "/livez", {"content-length": "1", "Content-Length": "2"}), id="two lengths"),
    pytest.param(head("POST", "/livez", {"content-length": "3", "transfer-encoding": "chunked"}), id="smuggling"),
    pytest.param(head("GET", "/livez", {"na me": "x"}), id="name"),
])
def test_what_is_no_http_is_400_and_the_end(line, server, request_bytes):
    """In one of our shapes, with a request id to find it by, and nothing after it is believed."""
    answer = line.ask(request_bytes)
    assert answer.status == 400
    assert line.is_closed()
    [logged] = [line for line in server.log.splitlines() if answer.headers["x-request-id"] in line]
    assert '"status": 400' in logged


# ---------------------------------------------------------------- other protocols, and what comes behind a body


@pytest.mark.parametrize("upgrade", ["h2c", "websocket", "TLS/1.3, h2c"])
@pytest.mark.parametrize("pause", [False, True], ids=["at once", "body apart"])
def test_an_upgrade_is_ignored(line, target, upgrade, pause):
    """As Java's own client wishes for HTTP/2 with each first request: the body still belongs to that request."""
    request = post(target, user().headers, LIKE, connection="Upgrade, HTTP2-Settings", upgrade=upgrade)
    line.send(request[:-len(LIKE)] if pause else request)
    if pause:
        line.send(LIKE)
    assert line.answer().status == 200
    assert line.ask(post(target, user().headers, LIKE)).status == 200


def test_an_upgrade_on_a_connections_last_request_is_ignored(line, target):
    answer = line.ask(post(target, user().headers, LIKE, connection="close, Upgrade", upgrade="h2c"))
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert line.is_closed()


@pytest.mark.parametrize("path", ["/livez", "proxy.example:443"])
def test_nobody_is_connected_to_elsewhere(line, path):
    assert line.ask(head("CONNECT", path)).status == 400
    assert line.is_closed()


def test_the_body_of_an_upgrade_is_never_the_next_request(line):
    """It would be a way to speak in another's name over a connection that a proxy shares."""
    hidden = head("GET", "/livez")
    line.send(post("/v2/identity/init", {"connection": "upgrade"}, b"", upgrade="h2c").replace(
        b"content-length: 0", b"content-length: %d" % len(hidden)))
    assert line.ask(hidden).status == 400
    assert line.ask(head("DELETE", "/livez")).status == 405


def test_trailers_are_no_headers(line, target):
    """Whoever is told from what comes before a body cannot be another after it."""
    trailers = "".join(f"{name}: {value}\r\n" for name, value in user().headers.items()).encode()
    chunked = head("POST", target, {**JSON, "transfer-encoding": "chunked"})
    assert line.ask(chunked + b"%x\r\n%b\r\n0\r\n%b\r\n" % (len(LIKE), LIKE, trailers)).status == 401
