"""What a line or an item of each format tells, and what is refused."""

import json
from dataclasses import replace

import pytest

from plaudit.errors import Invalid, MalformedBody
from plaudit.imports import dify, langfuse, open_webui, plaudit
from plaudit.imports.piece import Context
from plaudit.model import (
    AuthLevel,
    Contract,
    Feedback,
    Message,
    Plan,
    Project,
    Reason,
    Redaction,
    Role,
    Subject,
    SubjectKind,
    Vote,
)

PROJECT = Project("acme", "Acme", Plan("free", frozenset()), "free",
                  reasons=(Reason("wrong", Vote.DISLIKE, {"en": "Wrong"}),))
VISITORS, USERS = Context(PROJECT), Context(PROJECT, "https://id.example/")
MARA = Subject.of(SubjectKind.VISITOR, "mara")
AT = 1_791_014_400_000  # 2026-10-03T08:00:00Z

DIFY = {
    "feedback_id": "f-1", "app_name": "Shop", "app_id": "app", "conversation_id": "c-1", "conversation_name": "Parcels",
    "message_id": "m-1", "user_query": "When?", "ai_response": "In ten days.", "feedback_rating": "👎",
    "feedback_rating_raw": "dislike", "feedback_comment": "too late", "feedback_source": "user",
    "feedback_date": "2026-10-03 08:01:00", "message_date": "2026-10-03 08:00:00", "from_account_name": "",
    "from_end_user_id": "mara", "has_comment": "Yes"}
OPEN_WEBUI = {
    "id": "f-1", "user_id": "mara", "version": 0, "type": "rating",
    "data": {"rating": -1, "model_id": "llama", "sibling_model_ids": None, "reason": "wrong", "comment": "too late",
             "tags": ["parcels"], "details": {"rating": 3}},
    "meta": {"model_id": "llama", "message_id": "m-1", "message_index": 2, "chat_id": "c-1", "base_models": {}},
    "snapshot": {"chat": {"id": "c-1", "title": "Parcels", "chat": {"history": {"currentId": "m-1", "messages": {
        "q-1": {"id": "q-1", "parentId": None, "role": "user", "content": "When?", "timestamp": AT // 1000 - 5},
        "m-1": {"id": "m-1", "parentId": "q-1", "role": "assistant", "content": "In ten days.", "model": "llama",
                "timestamp": AT // 1000}}}}}},
    "created_at": AT // 1000 + 30, "updated_at": AT // 1000 + 60}
LANGFUSE = {
    "id": "s-1", "traceId": "t-1", "sessionId": None, "observationId": "m-1", "name": "user-feedback", "source": "API",
    "dataType": "NUMERIC", "value": 0, "comment": "too late", "timestamp": "2026-10-03T08:01:00.000Z",
    "createdAt": "2026-10-03T08:01:02.000Z", "trace": {"userId": "mara", "sessionId": "c-1", "tags": []}}
BUCKET = {
    "id": "s-1", "trace_id": "t-1", "observation_id": "m-1", "session_id": "c-1", "name": "user-feedback",
    "source": "API", "data_type": "NUMERIC", "value": "0", "string_value": "", "comment": "too late",
    "timestamp": "2026-10-03 08:01:00.000000", "user_id": "mara"}

ANSWER = Message("acme", "m-1", "c-1", Role.ASSISTANT, MARA, AT, content="In ten days.")
QUESTION = Message("acme", "q-1", "c-1", Role.USER, MARA, AT - 1, content="When?")
VOTE = Feedback("acme", "m-1", MARA, AuthLevel.SERVER_KEY, Contract.DIFY, Vote.DISLIKE, "too late", 1, AT + 60_000,
                AT + 60_000)


def piece(understood, value, context=VISITORS):
    return understood(json.dumps(value).encode(), context)


def said(told):
    """A submission's values, as those of a vote."""
    it = told.submission
    return Feedback(it.project_id, it.message_id, it.subject, it.auth_level, it.contract, it.vote, it.comment, 1, it.at,
                    it.at, it.reasons)


def test_dify():
    """A message of Dify's is question and answer, so that the question gets an id of its own."""
    told = piece(dify.understood, DIFY)
    assert told.message == replace(ANSWER, in_reply_to="m-1-question")
    assert told.question == replace(QUESTION, id="m-1-question")
    assert said(told) == VOTE


def test_an_answer_that_dify_has_cut_says_so():
    told = piece(dify.understood, {**DIFY, "ai_response": "x" * 500 + "..."})
    assert told.message.metadata == {"dify": {"content_cut": True}}


def test_open_webui():
    """A reason that the project has is the vote's; what a vote here does not say is kept with the answer."""
    told = piece(open_webui.understood, OPEN_WEBUI)
    assert told.message == replace(ANSWER, model="llama", in_reply_to="q-1", metadata={
        "open_webui": {"reason": "wrong", "tags": ["parcels"], "rating": 3}})
    assert told.question == QUESTION
    assert said(told) == replace(VOTE, contract=Contract.PLAUDIT, reasons=("wrong",))


@pytest.mark.parametrize("snapshot", [None, {}, {"chat": 1}, {"chat": {"chat": {"history": {"messages": {"m-1": []}}}}},
                                      {"chat": {"history": {"messages": {"m-1": {"content": 5}}}}}])
def test_open_webui_without_what_was_shown(snapshot):
    """The vote is taken over all the same."""
    told = piece(open_webui.understood, {**OPEN_WEBUI, "snapshot": snapshot})
    assert (told.message.content, told.message.created_at, told.question) == (None, AT + 30_000, None)
    assert said(told).vote is Vote.DISLIKE


@pytest.mark.parametrize("value", [LANGFUSE, BUCKET, {
    **LANGFUSE, "traceId": None, "observationId": None,
    "subject": {"kind": "observation", "id": "m-1", "traceId": "t-1"}}])
def test_langfuse(value):
    """From the API, from a bucket, and from the API's third version. What was shown is not there."""
    told = piece(langfuse.understood, value)
    assert told.message == replace(ANSWER, content=None, created_at=AT + 60_000, trace_id="t-1")
    assert said(told) == replace(VOTE, contract=Contract.LANGFUSE)
    assert told.conversation_guessed


@pytest.mark.parametrize(("changes", "vote"), [
    ({"value": 1}, Vote.LIKE), ({"value": -1}, Vote.DISLIKE), ({"value": True, "dataType": "BOOLEAN"}, Vote.LIKE),
    ({"value": "1.0"}, Vote.LIKE), ({"value": "False", "dataType": "BOOLEAN"}, Vote.DISLIKE),
    ({"value": None, "dataType": "CATEGORICAL", "stringValue": "thumbs-up"}, Vote.LIKE),
    ({"value": "down", "dataType": "CATEGORICAL"}, Vote.DISLIKE)])
def test_langfuses_values(changes, vote):
    assert said(piece(langfuse.understood, {**LANGFUSE, **changes})).vote is vote


def test_a_score_of_nobody_is_the_answers_owners():
    """If the answer is known here."""
    told = piece(langfuse.understood, {**LANGFUSE, "trace": None})
    assert told.nobody_named
    known = replace(ANSWER, owner=Subject.user("https://id.example/", "mara"), conversation_id="c-7")
    assert said(told.known_as(known)).subject == known.owner
    assert told.known_as(known).message == known


def test_whose_user_ids_they_are_may_be_said():
    told = piece(dify.understood, DIFY, USERS)
    assert told.message.owner == told.submission.subject == Subject.user("https://id.example/", "mara")


BAD = [
    (dify, DIFY, "feedback_source", ["admin", "", None]), (dify, DIFY, "from_end_user_id", ["", 1, "x" * 129, "a\nb"]),
    (dify, DIFY, "feedback_rating_raw", ["👍", None, 1, "LIKE"]), (dify, DIFY, "message_id", ["", "x" * 129, [], ".."]),
    (dify, DIFY, "feedback_date", ["", "yesterday", "2026-13-01 00:00:00", "0001-01-01 00:00:00", 5]),
    (dify, DIFY, "feedback_comment", ["x" * 10_001, "a\0b", {}]), (dify, DIFY, "ai_response", ["x" * 262_145, []]),
    (open_webui, OPEN_WEBUI, "type", ["arena", 1]),
    (open_webui, OPEN_WEBUI, "data", [None, [], {"rating": 0}, {"rating": 7}]),
    (open_webui, OPEN_WEBUI, "meta", [None, {}, {"message_id": "m-1"}, {"message_id": "m-1", "chat_id": 5}]),
    (open_webui, OPEN_WEBUI, "updated_at", [None, "now", -1, 1e300]), (open_webui, OPEN_WEBUI, "user_id", ["", None]),
    (langfuse, LANGFUSE, "name", ["hallucination", None, "user-feedback" * 9]),
    (langfuse, LANGFUSE, "source", ["EVAL", "ANNOTATION", None]),
    (langfuse, LANGFUSE, "value", [0.5, "x", None, [], float("1e400"), {}]),
    (langfuse, LANGFUSE, "dataType", ["TEXT", None, []]),
    (langfuse, LANGFUSE, "timestamp", [None, "", "now", 5]), (langfuse, LANGFUSE, "traceId", [None, "", 5, "\n"]),
    (langfuse, LANGFUSE, "subject", [{"kind": "session", "id": "s"}, {"kind": [], "id": "s"}, {"kind": "trace"}]),
    (langfuse, LANGFUSE, "comment", [5, "x" * 10_001, "a\0"]),
]


@pytest.mark.parametrize(("module", "good", "field", "value"), [
    (module, good, field, value) for module, good, field, values in BAD for value in values])
def test_what_is_not_understood_is_refused(module, good, field, value):
    with pytest.raises((Invalid, MalformedBody)):
        piece(module.understood, {**good, field: value})


@pytest.mark.parametrize("module", [dify, open_webui, langfuse, plaudit])
@pytest.mark.parametrize("line", [b"", b"[]", b"nonsense", b"{}", b'{"a":', b"\xff", b"[" * 100_000,
                                  b'{"a":' * 100_000, b"null"])
def test_what_is_no_vote_at_all_is_refused(module, line):
    with pytest.raises((Invalid, MalformedBody)):
        module.understood(line, VISITORS)


OWN = {
    "message_id": "m-1", "conversation_id": "c-1", "subject_kind": "visitor", "subject_issuer": None, "subject": "mara",
    "vote": "dislike", "comment": "too late", "reasons": [], "contract": "dify", "auth_level": "server-key",
    "revision": 1,
    "created_at": "2026-10-03T08:01:00.000Z", "updated_at": "2026-10-03T08:01:00.000Z", "role": "assistant",
    "model": None, "prompt_version": None, "arms": "{}", "locale": None, "platform": None, "in_reply_to": None,
    "trace_id": None,
    "span_id": None, "metadata": "{}", "shown_at": "2026-10-03T08:00:00.000Z", "content": "In ten days.",
    "question_id": "q-1", "question": "When?"}
SAID = ("subject_kind", "subject_issuer", "subject", "vote", "comment", "reasons", "contract", "auth_level",
        "updated_at")
FIRST = {**{name: OWN[name] for name in SAID}, "vote": "like", "comment": None}
SECOND = {**{name: OWN[name] for name in SAID}, "updated_at": "2026-10-03T09:00:00.000Z"}
CHANGED = {**OWN, "revision": 2, "updated_at": SECOND["updated_at"], "history": [FIRST, SECOND]}


def test_our_own_lines():
    told = piece(plaudit.understood, OWN)
    assert (told.message, told.question, told.chain) == (ANSWER, QUESTION, (VOTE,))


def test_our_own_lines_with_their_history():
    told = piece(plaudit.understood, CHANGED)
    assert told.chain == (
        replace(VOTE, vote=Vote.LIKE, comment=None), replace(VOTE, revision=2, updated_at=AT + 3_600_000))


def test_a_line_without_a_history_is_the_only_revision():
    told = piece(plaudit.understood, {**OWN, "revision": 7, "updated_at": SECOND["updated_at"]})
    assert told.chain == (replace(VOTE, updated_at=AT + 3_600_000),)


@pytest.mark.parametrize("changes", [
    {"history": []}, {"history": [SECOND]}, {"revision": 3}, {"vote": "like"}, {"history": [SECOND, FIRST]},
    {"history": [{**FIRST, "vote": None}, SECOND]}, {"created_at": "2026-10-03T08:02:00.000Z"}, {"comment": "else"},
    {"owner_kind": "visitor", "owner": "nora"}, {"history": [{**FIRST, "typo": 1}, SECOND]}, {"typo": 1},
    {"role": "user"},
    {"arms": "[]"}, {"arms": '{"a":1}'}, {"metadata": "null"}, {"reasons": ["no id"]}, {"contract": "own"},
    {"subject_kind": "user"}, {"subject_kind": "user", "subject_issuer": "https://a#b"}, {"vote": "neutral"},
    {"shown_at": "now"},
])
def test_what_is_no_history_is_refused(changes):
    with pytest.raises((Invalid, MalformedBody)):
        piece(plaudit.understood, {**CHANGED, **changes})


def test_a_project_that_keeps_no_addresses_gets_none():
    """Neither from another tool nor from our own lines, whichever revision has them."""
    context = Context(replace(PROJECT, redaction=Redaction(comments=True)))
    told = piece(dify.understood, {**DIFY, "feedback_comment": "ask mara@mail.example"}, context)
    assert told.submission.comment == "ask [email]"
    changed = {**CHANGED, "history": [{**FIRST, "comment": "ask mara@mail.example"}, SECOND]}
    assert [entry.comment for entry in piece(plaudit.understood, changed, context).chain] == ["ask [email]", "too late"]
