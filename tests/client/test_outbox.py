"""Whatever is offered, refused, lost and given up, in whatever order: each line is accounted for, once."""

import logging

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from plaudit.client import Batching, Closed, Counts, Invalid, Message, PlauditError, Visitor
from plaudit.client.answers import Answer
from plaudit.client.outbox import Line, Outbox, deliver
from plaudit.client.retries import Patience, Send, Silence
from plaudit.client.wire import to_json

SMALL = Batching(waiting_max=20, waiting_bytes_max=2000, lines_max=8, lines_bytes_max=500)
GONE = Silence(PlauditError("gone"), worth_repeating=True)


def line(name, size=40):
    return Line(Message(id=name, conversation_id="c", owner=Visitor("v")), b"x" * size)


def results(*statuses):
    """A batch's answer: a status each."""
    said = [{"line": number, "id": None, "status": status,
             **({"error": {"code": status, "message": "no"}} if status in {"invalid", "conflict"} else {})}
            for number, status in enumerate(statuses, 1)]
    return Answer(200, {}, to_json({"results": said}))


class Deliveries(RuleBasedStateMachine):
    """A server that answers each batch in one way of many. `stored`, `refused`: what it has told of."""

    def __init__(self):
        super().__init__()
        self.dropped, self.offered, self.stored = [], [], []
        self.outbox = Outbox(SMALL, self.dropped.append)
        self.sending = None
        self.is_closed = False

    @rule(size=st.integers(1, 700))
    def offer(self, size):
        one = line(f"m-{len(self.offered)}", size)
        if self.is_closed:
            with pytest.raises(Closed):
                self.outbox.offer(one)
            return
        self.offered.append(one.message.id)
        fits = self.outbox.offer(one)
        assert fits == ([dropped.message.id for dropped in self.dropped][-1:] != [one.message.id])

    @precondition(lambda self: not self.sending and self.outbox.counts.waiting)
    @rule()
    def send(self):
        self.steps = deliver(self.outbox, "sk_x", Patience(), lambda: 0.5)
        self.begin_sending(next(self.steps))

    @precondition(lambda self: self.sending)
    @rule(data=st.data())
    def answer_each_line(self, data):
        statuses = [data.draw(st.sampled_from(["created", "unchanged", "conflict", "invalid"])) for _ in self.under_way]
        if not self.is_closed:
            self.stored += [name for name, status in zip(self.under_way, statuses, strict=True)
                            if status in {"created", "unchanged"}]
        self.go_on(results(*statuses))

    @precondition(lambda self: self.sending)
    @rule(outcome=st.sampled_from([
        GONE, Silence(PlauditError("too large"), worth_repeating=False), results(), Answer(200, {}, b"<html>"),
        Answer(302, {}, b""), *(Answer(status, {}, b"") for status in (401, 403, 408, 413, 422, 429, 500, 502, 503))]))
    def answer_otherwise(self, outcome):
        self.go_on(outcome)

    @rule()
    def give_up(self):
        self.is_closed = True
        self.outbox.close()
        self.outbox.give_up()

    def go_on(self, outcome):
        try:
            step = self.steps.send(outcome)
            self.begin_sending(step if isinstance(step, Send) else next(self.steps))
        except StopIteration:
            self.sending = None

    def begin_sending(self, step):
        self.sending = step
        self.under_way = [one.message.id for one in self.outbox.batch()]
        assert len(self.under_way) == len(step.call.body.split(b"\n"))

    @invariant()
    def each_line_is_accounted_for_once(self):
        counts = self.outbox.counts
        assert counts.waiting + counts.stored + counts.dropped == len(self.offered)
        assert counts.stored == len(self.stored)
        told = [dropped.message.id for dropped in self.dropped]
        assert len(told) == len(set(told)) == counts.dropped
        assert not set(told) & set(self.stored)
        assert {reason: sum(dropped.reason == reason for dropped in self.dropped)
                for reason in ("buffer_full", "refused", "given_up")} == {
                    "buffer_full": counts.buffer_full, "refused": counts.refused, "given_up": counts.given_up}

    @invariant()
    def a_batch_is_within_its_limits(self):
        if self.sending:
            assert len(self.under_way) <= SMALL.lines_max
            assert len(self.under_way) == 1 or len(self.sending.call.body) <= SMALL.lines_bytes_max
        assert self.outbox.counts.waiting <= SMALL.waiting_max


Deliveries.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestDeliveries = Deliveries.TestCase


def sent(outbox, answers):
    """The size of each batch, where `answers` says what is answered to one."""
    sizes, steps = [], deliver(outbox, "sk_x", Patience(), lambda: 0.5)
    step = next(steps)
    try:
        while True:
            if isinstance(step, Send):
                bodies = step.call.body.split(b"\n")
                sizes.append(len(bodies))
                step = steps.send(answers(bodies))
            else:
                step = next(steps)
    except StopIteration:
        return sizes


@pytest.mark.parametrize("status", [400, 408, 413, 422, 500])
def test_the_one_line_for_which_a_batch_is_refused_is_found(status):
    """By halves; all others are stored, and batches are as large as before afterwards."""
    dropped = []
    outbox = Outbox(Batching(lines_max=16), dropped.append)
    for number in range(64):
        outbox.offer(line(f"m-{number}", 500 if number == 21 else 40))
    sizes = sent(outbox, lambda bodies: Answer(status, {}, b"") if max(map(len, bodies)) > 100
                 else results(*["created"] * len(bodies)))
    assert [(one.message.id, one.reason, one.error.status) for one in dropped] == [("m-21", "refused", status)]
    assert outbox.counts == Counts(stored=63, refused=1)
    assert sizes == [16, 16, 8, 4, 8, 4, 2, 1, 2, 1, 2, 4, 8, 16, 12]


@pytest.mark.parametrize("status", [403, 404, 406, 501])
def test_what_stands_between_costs_no_more_than_a_line_either(status):
    """Such as a firewall that dislikes a word, where Plaudit itself has said nothing."""
    dropped = []
    outbox = Outbox(Batching(lines_max=16), dropped.append)
    for number in range(64):
        outbox.offer(line(f"m-{number}", 500 if number == 21 else 40))
    sent(outbox, lambda bodies: Answer(status, {}, b"<html>") if max(map(len, bodies)) > 100
         else results(*["created"] * len(bodies)))
    assert [(one.message.id, one.reason, one.error.status) for one in dropped] == [("m-21", "refused", status)]
    assert outbox.counts == Counts(stored=63, refused=1)


@pytest.mark.parametrize(("answer", "told"), [
    (GONE, "gone"), (Answer(503, {}, b"<html>"), "status 503"), (Answer(302, {}, b""), "is the URL right"),
    (Answer(200, {}, b"<html>"), "is the URL right")])
def test_what_waits_in_vain_is_logged_ever_more_seldom_and_dropped_with_the_reason(caplog, answer, told):
    """A wrong address is found in the log, and not in a buffer that was full one day."""
    dropped = []
    outbox = Outbox(Batching(waiting_max=2), dropped.append)
    for number in range(2):
        outbox.offer(line(f"m-{number}"))
    answers = iter([answer] * 20)
    sent(outbox, lambda _: next(answers))
    outbox.offer(line("m-2"))
    outbox.give_up()
    assert [(one.message.id, one.reason) for one in dropped] == [
        ("m-2", "buffer_full"), ("m-0", "given_up"), ("m-1", "given_up")]
    assert all(told in str(one.error) for one in dropped)
    assert [record.args[0] for record in caplog.records] == [4, 8, 16]
    assert told in caplog.text


def test_what_is_dropped_while_all_goes_well_has_no_error():
    dropped = []
    outbox = Outbox(Batching(waiting_max=1), dropped.append)
    outbox.offer(line("m-0"))
    answers = iter([GONE, results("created")])
    sent(outbox, lambda _: next(answers))
    for number in (1, 2):
        outbox.offer(line(f"m-{number}"))
    assert [(one.message.id, one.error) for one in dropped] == [("m-2", None)]


def test_batches_of_nothing_are_refused():
    """They would be sent for ever."""
    with pytest.raises(Invalid, match="lines_max"):
        Batching(lines_max=0)


def test_a_key_that_is_not_believed_drops_what_is_sent_with_it_and_says_so():
    dropped = []
    outbox = Outbox(Batching(), dropped.append)
    outbox.offer(line("m"))
    sent(outbox, lambda _: Answer(401, {}, to_json({"error": {"code": "unauthenticated", "message": "Who?"}})))
    [one] = dropped
    assert (one.reason, one.error.code, one.error.message) == ("refused", "unauthenticated", "Who?")


def test_a_listener_that_fails_keeps_nothing_else_from_being_sent(caplog):
    def fail(_):
        raise RuntimeError("in the application")

    outbox = Outbox(Batching(), fail)
    for number in range(3):
        outbox.offer(line(f"m-{number}"))
    sent(outbox, lambda _: results("created", "conflict", "created"))
    assert outbox.counts == Counts(stored=2, refused=1)
    assert "on_dropped raised for message m-1" in caplog.text


def test_without_a_listener_drops_are_logged_ever_more_seldom(caplog):
    outbox = Outbox(Batching(waiting_max=0), None)
    with caplog.at_level(logging.WARNING):
        for number in range(100):
            outbox.offer(line(f"m-{number}"))
    assert [record.args[0] for record in caplog.records] == ["m-0", "m-1", "m-3", "m-7", "m-15", "m-31", "m-63"]
