"""A client whose time is over in the middle of something: closed, cancelled, in a loop or a thread that is no more."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from gateway import Refuse
from loopback import wait_until
from running import fresh, server_key

from plaudit.client import AsyncPlaudit, Closed, Counts, Message, Plaudit, Visitor

NOWHERE = "http://127.0.0.1:1"


def shown(message_id=None):
    message_id = message_id or fresh("answer")
    return Message(id=message_id, conversation_id=fresh("chat"), owner=Visitor("v"))


def at(server):
    return f"http://127.0.0.1:{server.port}"


@pytest.fixture
def dropped():
    return []


# ---------------------------------------------------------------- closed meanwhile


def test_whoever_waits_for_an_answer_hears_that_another_thread_has_closed_the_client(between):
    between.next.extend([Refuse(503)] * 100)
    client = Plaudit(at(between), server_key(), trust_env=False)
    with ThreadPoolExecutor(1) as other:
        asked = other.submit(client.message, "m")
        wait_until(lambda: len(between.heard) > 1)
        client.close()
        assert type(asked.exception()) is Closed


def test_so_does_another_task(between):
    between.next.extend([Refuse(503)] * 100)

    async def story():
        client = AsyncPlaudit(at(between), server_key(), trust_env=False)
        asked = asyncio.create_task(client.message("m"))
        await asyncio.to_thread(wait_until, lambda: len(between.heard) > 1)
        await client.close()
        with pytest.raises(Closed):
            await asked

    asyncio.run(story())


def test_closing_that_is_cancelled_has_given_up_what_waited_and_closed_its_connections(dropped):
    async def story():
        client = AsyncPlaudit(NOWHERE, "sk_x", trust_env=False, on_dropped=dropped.append)
        client.register(shown())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.close()
        assert client.counts == Counts(given_up=1)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(story())
    assert [one.reason for one in dropped] == ["given_up"]


def test_a_call_that_is_cancelled_leaves_the_client_as_it_was(between):
    """And its connection to nobody who comes after it."""
    between.next.extend([Refuse(503)] * 3)

    async def story():
        async with AsyncPlaudit(at(between), server_key(), trust_env=False) as client:
            asked = asyncio.create_task(client.message("m"))
            await asyncio.to_thread(wait_until, lambda: between.heard)
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
            return (await client.register_now(shown())).created

    assert asyncio.run(story())


# ---------------------------------------------------------------- a thread, a task, a loop that is no more


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_listener_that_ends_the_thread_ends_no_registration(server):
    def leave(_):
        raise SystemExit

    with Plaudit(at(server), server_key(), trust_env=False, on_dropped=leave) as client:
        first = shown()
        for message in (first, shown(first.id)):
            client.register(message)
            assert client.flush()
        wait_until(lambda: not client._courier._thread.is_alive())
        client.register(shown())
        assert client.flush()
        assert client.counts == Counts(stored=2, refused=1)


def test_whoever_cancels_every_task_cancels_no_registration(server):
    """As some do before their application ends, and close the client then."""

    async def cancel_all():
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.wait(others)

    async def story():
        client = AsyncPlaudit(at(server), server_key(), trust_env=False)
        client.register(shown())
        await cancel_all()
        client.register(shown())
        assert await client.flush()
        client.register(shown())
        await cancel_all()
        await client.close()
        assert client.counts == Counts(stored=3)

    asyncio.run(story())


def test_an_asynchronous_client_says_that_it_belongs_to_another_loop(server, dropped):
    """And takes in nothing that it would never send. What waited when its loop ended is given up when it is closed."""
    client = AsyncPlaudit(at(server), server_key(), trust_env=False, on_dropped=dropped.append)
    messages = [shown() for _ in range(2)]
    with pytest.raises(RuntimeError, match="no running event loop"):
        client.register(messages[0])
    assert client.counts == Counts()

    async def before():
        client.register(messages[0])
        assert await client.flush()
        client.register(messages[1])

    async def after():
        with pytest.raises(RuntimeError, match="another event loop; make one in each"):
            client.register(shown())
        with pytest.raises(RuntimeError, match="another event loop; make one in each"):
            await client.message(messages[0].id)
        assert client.counts == Counts(stored=1, waiting=1)
        await client.close()
        await client.close()

    asyncio.run(before())
    asyncio.run(after())
    assert client.counts == Counts(stored=1, given_up=1)
    assert [(one.message, one.reason) for one in dropped] == [(messages[1], "given_up")]
