"""How Schemathesis writes NDJSON, unknown to it otherwise: text and bytes as they are, all else as one line. And a
protobuf: there is one message without a byte, and what it makes up besides would be none."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context, value):
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value)).encode()


@schemathesis.serializer("application/x-protobuf")
def protobuf(_context, _value):
    return b""


@schemathesis.deserializer("application/x-protobuf")
def read_protobuf(_context, response):
    """No schema says what is in it; it is to be something that JSON can hold."""
    return response.content.hex()
