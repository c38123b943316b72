"""The documents' pages: every operation is there, nothing runs, nothing is loaded from elsewhere."""

import html
import re

import pytest

from plaudit.http.docs.outline import outline
from plaudit.http.docs.routes import PACKAGES, STRICT, _index, _outline, _page
from plaudit.http.docs.shapes import Field, Kind, Word, fields, kind
from plaudit.http.docs.text import coloured, inline, prose

CONTRACTS = tuple(PACKAGES)
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_operation_has_its_place(contract):
    """With an anchor, its path and all of its statuses."""
    page = html.unescape(_page(contract))
    operations = [each for section in _outline(contract).sections for each in section.operations]
    assert operations
    for operation in operations:
        assert f'<article id="{operation.anchor}">' in page
        assert f"<code>{operation.path}</code>" in page
        assert operation.answers


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_link_within_a_page_leads_somewhere(contract):
    """And no anchor is there twice."""
    page = _page(contract)
    anchors = re.findall(r' id="([^"]+)"', page)
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(anchors)


@pytest.mark.parametrize("page", [_index, *(lambda contract=contract: _page(contract) for contract in CONTRACTS)],
                         ids=["index", *CONTRACTS])
def test_nothing_runs_and_nothing_is_loaded_from_elsewhere(page):
    """One style sheet, our own; links lead to this server only."""
    text = page()
    assert not re.search(r"<script|<style|<iframe|<img|<form|\son[a-z]+=|\sstyle=|javascript:", text)
    assert set(re.findall(r'\ssrc="([^"]*)"', text)) == set()
    assert all(re.match(r"/docs|#|data:,$", link) for link in re.findall(r'\shref="([^"]*)"', text))


def test_the_browser_is_told_to_hold_us_to_that():
    """No script at all, styles from here only, in nobody's frame."""
    assert STRICT["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'")


@pytest.mark.parametrize("render", [prose, inline, coloured])
@pytest.mark.parametrize("text", [HOSTILE, f"`{HOSTILE}`", f'{{"a": "{HOSTILE}"}}'])
def test_text_is_escaped(render, text):
    """Whatever a document says, it says it in words."""
    assert not re.search(r"<(?!/?(p|code|span)\b)", render(text))


@pytest.mark.parametrize(("text", "shown"), [
    ("One.\n\nTwo\nlines.\n", "<p>One.</p>\n<p>Two\nlines.</p>"),
    ("Say `a < b`, not `c`", "<p>Say <code>a &lt; b</code>, not <code>c</code></p>"),
    ("", ""),
])
def test_prose_is_paragraphs_and_code(text, shown):
    """No other mark-up is known."""
    assert prose(text) == shown


def test_an_example_is_coloured():
    """Keys, strings and literals, each in its own."""
    assert coloured('{"a": ["b\\"", 1, null]}') == (
        '{<span class="key">&#34;a&#34;</span>: [<span class="string">&#34;b\\&#34;&#34;</span>, '
        '<span class="literal">1</span>, <span class="literal">null</span>]}')


@pytest.mark.parametrize(("schema", "words"), [
    ({}, Kind((Word("anything"),))),
    (True, Kind((Word("anything"),))),
    ({"$ref": "#/components/schemas/Id"}, Kind((Word("Id", "Id"),))),
    ({"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
     Kind((Word("integer"),), ("1 to 1,000", "default 100"))),
    ({"type": "string", "maxLength": 128, "pattern": "^a$"},
     Kind((Word("string"),), ("up to 128 characters",), (), "^a$")),
    ({"type": ["string", "null"], "format": "date-time"}, Kind((Word("string or null"),), ("date-time",))),
    ({"type": "string", "enum": ["like", "dislike"]}, Kind((), (), ('"like"', '"dislike"'))),
    ({"type": "array", "items": {"$ref": "#/components/schemas/Id"}, "maxItems": 9},
     Kind((Word("array of "), Word("Id", "Id")), ("up to 9 items",))),
    ({"anyOf": [{"$ref": "#/components/schemas/Id"}, {"type": "null"}]},
     Kind((Word("Id", "Id"), Word(" or "), Word("null")))),
])
def test_a_schema_is_put_into_words(schema, words):
    """What a reader must know of a value."""
    assert kind(schema) == words


def test_fields_are_named_by_their_path():
    """Those of nested objects after their own."""
    schema = {"type": "object", "required": ["a"], "properties": {
        "a": {"type": "object", "properties": {"b": {"type": "string", "description": "Deep."}}},
        "c": {"type": "array", "items": {"type": "object", "properties": {"d": {"type": "integer"}}}},
    }}
    assert list(fields(schema)) == [
        Field("a", Kind((Word("object"),)), required=True, description=""),
        Field("a.b", Kind((Word("string"),)), required=False, description="Deep."),
        Field("c", Kind((Word("array of "), Word("object"))), required=False, description=""),
        Field("c[].d", Kind((Word("integer"),)), required=False, description=""),
    ]


def test_references_are_followed_and_the_order_is_the_documents():
    """Also through several, and with parameters of the path."""
    document = {
        "openapi": "3.1.0", "info": {"title": "T", "version": 1}, "security": [{"key": []}, {"a": [], "b": []}],
        "paths": {"/x/{id}": {
            "parameters": [{"$ref": "#/components/parameters/Id"}],
            "put": {"responses": {"200": {"$ref": "#/components/responses/Fine"}}},
            "get": {"security": [], "responses": {"200": {"$ref": "#/components/responses/Fine"}}},
        }},
        "components": {
            "parameters": {"Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}},
            "responses": {"Fine": {"$ref": "#/components/responses/Good"}, "Good": {"description": "Good"}},
        },
    }
    [section] = outline("t", document).sections
    assert [(each.method, each.proofs, each.parameters[0].name, each.answers[0].description)
            for each in section.operations] == [
        ("PUT", ("key", "a and b"), "id", "Good"),
        ("GET", (), "id", "Good"),
    ]
