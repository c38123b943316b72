"""How Schemathesis writes NDJSON, unknown to it otherwise: text and bytes as they are, all else as one line."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context, value):
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value)).encode()
