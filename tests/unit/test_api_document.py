"""The own API's document, held against itself and against what the API refuses and reads."""

import json

import jsonschema
import pytest

from plaudit.http import registration
from plaudit.http.document import document

WHOLE = json.loads(document("plaudit.http.api"))
METHODS = ("get", "put", "post", "delete")


def resolve(found):
    """What a reference points at, or the thing itself."""
    while "$ref" in found:
        target = WHOLE
        for step in found["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        found = target
    return found


def operations():
    return [(method, path, item[method]) for path, item in WHOLE["paths"].items() for method in METHODS
            if method in item]


def examples():
    """Every example, with the schema beside it: what may be sent, and what is answered."""
    for method, path, operation in operations():
        for name, body in {"request": operation.get("requestBody", {}), **operation["responses"]}.items():
            for media_type, content in resolve(body).get("content", {}).items():
                for title, example in content.get("examples", {}).items():
                    yield pytest.param(
                        content["schema"], resolve(example)["value"], id=f"{method} {path} {name} {media_type} {title}")


@pytest.mark.parametrize(("schema", "example"), list(examples()))
def test_every_example_is_what_its_schema_says(schema, example):
    """An example that lies is worse than none."""
    whole = {**schema, "components": WHOLE["components"]}
    jsonschema.validate(example, whole, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(("method", "path", "operation"), operations())
def test_every_answer_names_its_request(method, path, operation):
    """Each status of each operation gives the request id, and 200 or 201 is one of them."""
    answers = {status: resolve(answer) for status, answer in operation["responses"].items()}
    assert {"200", "201"} & set(answers)
    assert all("X-Request-ID" in answer["headers"] for answer in answers.values()), (method, path)


@pytest.mark.parametrize("shape", ["Registration", "RegistrationLine"])
def test_the_document_and_the_decoder_know_the_same_fields(shape):
    """Neither promises what the other refuses."""
    decoder = {"Registration": registration.Registration, "RegistrationLine": registration.Line}[shape]
    assert set(WHOLE["components"]["schemas"][shape]["properties"]) == set(decoder.__struct_fields__)


def test_the_examples_of_a_batch_are_lines():
    """Those of NDJSON too, which no schema can check."""
    content = WHOLE["paths"]["/v1/messages"]["post"]["requestBody"]["content"]
    lines = [json.dumps(line) for line in content["application/json"]["examples"]["two"]["value"]]
    lines += content["application/x-ndjson"]["examples"]["two"]["value"].splitlines()
    assert [registration.decode_line(line.encode(), 0).id for line in lines] == [
        "m-0", "m-1", "0b0e8f5c-58a7-4c0c-9d43-1c1f9d1c2a10", "0b0e8f5c-58a7-4c0c-9d43-1c1f9d1c2a11"]
