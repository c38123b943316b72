"""The OpenAPI documents of the contracts, held against themselves and against what the wires say."""

import json

import jsonschema
import pytest

from plaudit.errors import (
    Conflict,
    DependencyDown,
    Forbidden,
    Invalid,
    MalformedBody,
    NotFound,
    PaymentRequired,
    PlauditError,
    RateLimited,
    Unauthenticated,
    Unavailable,
)
from plaudit.http import api
from plaudit.http.contracts import assistant_ui, dify, handauncle, langfuse, langsmith, librechat, plaudit, siteassist
from plaudit.http.document import document
from plaudit.http.errors import (
    BadRequest,
    BodyTooLarge,
    HeadersTooLarge,
    MethodNotAllowed,
    RequestTimeout,
    UnsupportedMediaType,
)

CONTRACTS = [siteassist, handauncle, plaudit, dify, langfuse, librechat, assistant_ui, langsmith]
NAMES = [contract.__name__.rpartition(".")[2] for contract in CONTRACTS]
DIALECTS = {contract: getattr(contract, "DIALECT", api.DIALECT) for contract in CONTRACTS}
EVERY_REFUSAL = [
    MalformedBody(), Invalid("f", "r"), Unauthenticated(), PaymentRequired("a", "b", "c"), Forbidden(),
    NotFound("message", "1"), Conflict("message", "owner"), RateLimited(1), Unavailable(), DependencyDown("issuer"),
    PlauditError(), BadRequest(), MethodNotAllowed("GET"), RequestTimeout(), BodyTooLarge(1),
    UnsupportedMediaType(), HeadersTooLarge(),
]


def read(contract):
    return json.loads(document(contract.__name__))


def resolve(found, whole):
    """What a reference points at, or the thing itself."""
    while "$ref" in found:
        target = whole
        for step in found["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        found = target
    return found


def media_types(contract):
    """Every schema with examples beside it: what may be sent, and what may be answered."""
    whole = read(contract)
    for path, operations in whole["paths"].items():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
            for name, body in bodies.items():
                for media_type in resolve(body, whole).get("content", {}).values():
                    yield pytest.param(whole, media_type, id=f"{method} {path} {name}")


def vote_responses(contract):
    """Voting is the first operation of each document."""
    first = next(iter(read(contract)["paths"].values()))
    return next(each["responses"] for each in first.values() if "responses" in each)


@pytest.mark.parametrize(("whole", "media_type"), [case for each in CONTRACTS for case in media_types(each)])
def test_every_example_is_what_its_schema_says(whole, media_type):
    """An example that lies is worse than none."""
    schema = {**media_type["schema"], "components": whole["components"]}
    for example in media_type.get("examples", {}).values():
        jsonschema.validate(resolve(example, whole)["value"], schema, jsonschema.Draft202012Validator)


@pytest.mark.parametrize("contract", CONTRACTS, ids=NAMES)
@pytest.mark.parametrize("error", EVERY_REFUSAL, ids=lambda error: type(error).__name__)
def test_every_refusal_is_documented(contract, error):
    """Its status is one of the vote's, and its body what the document says."""
    whole = read(contract)
    status, body = DIALECTS[contract].refuse(error, "req_1")
    assert str(status) in vote_responses(contract)
    schema = {"$ref": "#/components/schemas/Error", "components": whole["components"]}
    jsonschema.validate(body, schema, jsonschema.Draft202012Validator)


@pytest.mark.parametrize("contract", CONTRACTS, ids=NAMES)
def test_every_documented_status_can_happen(contract):
    """Nothing is promised that no refusal leads to."""
    statuses = {DIALECTS[contract].refuse(error, "req_1")[0] for error in EVERY_REFUSAL}
    assert {int(status) for status in vote_responses(contract) if status >= "400"} <= statuses
