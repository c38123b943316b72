"""Whatever JSON comes as another tool's score: it is a vote, or it is refused."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from plaudit.errors import PlauditError
from plaudit.http.contracts.langfuse import wire as langfuse
from plaudit.http.contracts.langsmith import wire as langsmith
from plaudit.model import Vote

NOW = 1_795_334_400_000
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(
    ["user_score", "user-feedback", "user_liked", "like", "down", "NUMERIC", "CATEGORICAL", "m-1", "score-create"])
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner,
                                                                                            max_size=3), max_leaves=6)


def objects(*names):
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, ANYTHING))


@given(objects("name", "value", "dataType", "traceId", "observationId", "comment", "id") | ANYTHING)
def test_a_score_of_langfuse(body):
    """`PlauditError` and nothing else."""
    with contextlib.suppress(PlauditError):
        assert langfuse.decode_score(body).vote in Vote


@given(st.lists(objects("id", "type", "body")) | ANYTHING)
def test_a_batch_of_langfuse(body):
    with contextlib.suppress(PlauditError):
        langfuse.decode_batch(body)


@given(st.text(max_size=300))
def test_a_scores_id(text):
    with contextlib.suppress(PlauditError):
        langfuse.decode_score_id(text)


@given(objects("key", "run_id", "trace_id", "score", "value", "comment", "feedback_source"))
def test_feedback_of_langsmith(body):
    with contextlib.suppress(PlauditError):
        assert langsmith.decode_feedback(body).vote in Vote


@given(objects("score", "value", "comment", "correction"))
def test_a_change_of_langsmith(body):
    with contextlib.suppress(PlauditError):
        langsmith.decode_change(body)


@given(objects("run_id", "feedback_key", "expires_at", "expires_in") | ANYTHING)
def test_a_link_of_langsmith(body):
    with contextlib.suppress(PlauditError):
        langsmith.decode_links(body, NOW)
