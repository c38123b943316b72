"""An application in front of Plaudit: any ASGI application, served for real from a thread of this process."""

import socket
import threading
from contextlib import contextmanager

import httpx2
import uvicorn


@contextmanager
def served(application):
    """A client that asks it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(application, lifespan="on", log_config=None, loop="asyncio", ws="none")
        server = uvicorn.Server(config)
        ready = threading.Event()
        thread = threading.Thread(target=_serve, args=(server, listener, ready))
        thread.start()
        assert ready.wait(20)
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            with httpx2.Client(base_url=url, trust_env=False, timeout=20) as http:
                yield http
        finally:
            server.should_exit = True
            thread.join(20)


def _serve(server, listener, ready):
    startup = server.startup

    async def told(sockets=None):
        await startup(sockets)
        ready.set()

    server.startup = told
    server.run([listener])
