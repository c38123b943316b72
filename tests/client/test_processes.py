"""What importing costs, what happens at a process's end, and what a forked child does: each in a process of its own."""

import subprocess
import sys

from running import fresh, server_key

from plaudit.client import Plaudit

PRELUDE = """
import sys
from plaudit.client import Message, Plaudit, Visitor
def shown(name):
    return Message(id=name, conversation_id=f"chat-of-{name}", owner=Visitor("v"))
client = Plaudit(sys.argv[1], sys.argv[2], trust_env=False)
"""


def python(script, *arguments):
    ran = subprocess.run([sys.executable, "-W", "error", "-c", script, *arguments], capture_output=True, text=True,
                         check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()


def asked(server):
    return f"http://127.0.0.1:{server.port}", server_key()


def test_importing_the_client_brings_no_servers_libraries():
    """An application that only reports its answers has neither a database driver nor a web framework in it."""
    brought = python("import sys; before = set(sys.modules); import plaudit.client; "
                     "print(*{name.partition('.')[0] for name in set(sys.modules) - before})")
    servers = {"starlette", "apsw", "asyncpg", "uvicorn", "jinja2", "structlog", "prometheus_client", "typer", "valkey",
               "yaml", "tomlkit", "fastapi"}
    assert servers.isdisjoint(brought)
    assert {"plaudit", "httpx2"} <= set(brought)


def test_importing_the_client_brings_nothing_of_the_servers():
    brought = python("import sys, plaudit.client; print(*(name for name in sys.modules if name.startswith('plaudit')))")
    assert [name for name in brought if not name.startswith("plaudit.client")] == ["plaudit"]


def test_what_waits_is_sent_when_the_interpreter_ends_without_closing(server):
    names = [fresh("at-the-end") for _ in range(20)]
    python(PRELUDE + "for name in sys.argv[3:]: client.register(shown(name))", *asked(server), *names)
    with Plaudit(*asked(server), trust_env=False) as client:
        assert [client.message(name).id for name in names] == names


UNCLOSED = """
import asyncio
from plaudit.client import AsyncPlaudit
def lost(dropped):
    print(dropped.message.id, dropped.reason)
async def main():
    AsyncPlaudit("http://127.0.0.1:1", "sk_x", on_dropped=lost, trust_env=False).register(shown(sys.argv[3]))
asyncio.run(main())
"""


def test_what_waits_in_an_asynchronous_client_that_nobody_closes_is_told_in_the_end():
    """It cannot be sent without an event loop."""
    assert python(PRELUDE + UNCLOSED, "http://127.0.0.1:1", "sk_x", "never-sent") == ["never-sent", "given_up"]


FORK = """
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)   # newer Pythons warn of forks beside threads
client.register(shown(sys.argv[3])); client.flush()
child = os.fork()
if child == 0:
    assert client.counts.stored == 0
    assert client.register(shown(sys.argv[4])) and client.flush() and client.counts.stored == 1
    print(client.message(sys.argv[3]).id, flush=True)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
client.register(shown(sys.argv[5])); client.flush()
print(client.counts.stored)
"""


def test_a_forked_child_registers_by_itself(server):
    """With a thread and connections of its own; what waited is the parent's."""
    names = [fresh("forked") for _ in range(3)]
    assert python(PRELUDE + FORK, *asked(server), *names) == [names[0], "2"]
    with Plaudit(*asked(server), trust_env=False) as client:
        assert [client.message(name).id for name in names] == names


INTERRUPTED = """
import signal
def interrupt(*_):
    raise KeyboardInterrupt
client.register(shown("never-sent"))
signal.signal(signal.SIGALRM, interrupt)
signal.setitimer(signal.ITIMER_REAL, 0.2)
try:
    client.close()
except KeyboardInterrupt:
    print(client.counts.waiting, client.counts.given_up)
"""


def test_whoever_does_not_wait_for_closing_still_knows_what_was_dropped():
    """Ctrl-C a second time."""
    assert python(PRELUDE + INTERRUPTED, "http://127.0.0.1:1", "sk_x") == ["0", "1"]
