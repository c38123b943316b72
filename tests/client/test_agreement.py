"""What this library lets through the server takes, and the other way round: its checks are the server's, written a
second time, so that an application hears of what is wrong where it is written."""

import json
import string
from dataclasses import asdict
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.auth.guests import check_vouched
from plaudit.client import Guest, Invalid, Message, User, Visitor
from plaudit.client.wire import registration, to_json
from plaudit.errors import PlauditError as Refusal
from plaudit.http.registration import decode_line

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LIMITS = (0, 1, 2, 15, 16, 127, 128, 129, 255, 256, 257, 512, 513)

odd = st.one_of(st.sampled_from(string.ascii_letters), st.characters(),
                st.sampled_from("\0\x1f\x7f\x80\x9f\u2028\u2029\ud800\udfff\ufffe/.%#|<😀é"))
good = st.text(string.ascii_letters, min_size=16, max_size=20).filter(lambda text: len(set(text.lower())) > 1)
texts = st.one_of(good, st.text(odd, max_size=3),
                  st.builds(lambda text, size: (text * size)[:size], st.text(odd, min_size=1, max_size=2),
                            st.sampled_from(LIMITS)))
devices = texts.map(lambda text: f"aB{text}")  # one character repeated is no device's: that only the server knows
owners = st.one_of(st.builds(User, texts, texts), st.builds(Visitor, texts), st.builds(Guest, devices, texts))
plain = {"id": "answer-1", "conversation_id": "chat-1", "owner": Visitor("v"), "role": "assistant", "created_at": NOW}
spoilt = {
    **dict.fromkeys(("id", "conversation_id", "model", "prompt_version", "in_reply_to", "locale", "platform",
                     "trace_id", "span_id", "content"), texts),
    "owner": owners,
    "role": st.sampled_from(["user", "assistant", "human_agent", "robot", ""]),
    "arms": st.one_of(st.dictionaries(texts, texts, max_size=2),
                      st.integers(31, 33).map(lambda size: {f"arm-{number}": "a" for number in range(size)})),
    "metadata": st.one_of(st.dictionaries(texts, texts, max_size=2),
                          st.integers(16_360, 16_390).map(lambda size: {"context": "x" * size})),
    "created_at": st.datetimes(timezones=st.just(UTC)),
}


@st.composite
def messages(draw):
    """One of which hardly more than one thing is out of the ordinary."""
    names = draw(st.lists(st.sampled_from(sorted(spoilt)), max_size=2, unique=True))
    return Message(**{**plain, **{name: draw(spoilt[name]) for name in names}})


def is_let_through(message):
    try:
        return bool(to_json(registration(message, NOW)))
    except Invalid:
        return False


def is_taken(message):
    """By the server, that is, when it is sent without a look at it."""
    said = {name: value for name, value in asdict(message).items() if value is not None and value != {}}
    said["owner"] = {type(message.owner).__name__.lower(): said["owner"]}
    said["created_at"] = said["created_at"].isoformat()
    try:
        draft = decode_line(json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass"), 0)
        if draft.guest:
            check_vouched(draft.guest.device_id, draft.guest.user_id)
    except Refusal:
        return False
    return True


@given(messages())
@settings(max_examples=1000, deadline=None)
def test_both_take_the_same(message):
    assert is_let_through(message) == is_taken(message)
