"""An application in front of Plaudit, served for real from a thread of this process: `served` serves any, `running` one
with thumbs, in which whoever says so is signed in."""

import base64
import secrets
import socket
import threading
from contextlib import asynccontextmanager, contextmanager

import httpx2
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from running import MAIN, fresh, server_key
from starlette.applications import Starlette
from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Mount, Route

from plaudit.client import AsyncPlaudit, Guest, User, Visitor
from plaudit.client.starlette import Thumbs

KEY = server_key()
DEVICE = "device-of-gus-0001"
SEED = secrets.token_bytes(32)
ANN = User("https://tenant.auth0.com/", "auth0|ann")


class Application:
    """`thumbs` are mounted at /plaudit; /chat streams an answer, whose pieces `pieces` gives."""

    def __init__(self, port, key, pieces=lambda: ["It ", "is ", "42."], **options):
        self.client = AsyncPlaudit(f"http://127.0.0.1:{port}", key, receipt_key=key_text(), trust_env=False)
        self.thumbs = Thumbs(self.client, asker, **options)
        self.pieces = pieces
        routes = [Mount("/plaudit", self.thumbs), Route("/chat", self.chat, methods=["POST"])]
        self.asgi = Starlette(routes=routes, lifespan=self.lifespan)

    @asynccontextmanager
    async def lifespan(self, _):
        async with self.client:
            yield

    async def chat(self, request):
        answer = self.thumbs.answer(fresh("chat"), await asker(request), model="gpt-x")
        pieces = iterate_in_threadpool(self.pieces())
        return StreamingResponse(answer.stream(pieces), headers=answer.headers)


@contextmanager
def running(port, key=KEY, **options):
    application = Application(port, key, **options)
    with served(application.asgi) as page:
        page.application = application
        yield page


def key_text(seed=SEED, kid="app-1", project_id=MAIN):
    return f"rk_ed25519.{project_id}.{kid}.{base64.urlsafe_b64encode(seed).decode().rstrip('=')}"


def believed(seed, kid):
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return {"id": kid, "algorithm": "EdDSA", "key": base64.urlsafe_b64encode(public).decode().rstrip("=")}


async def asker(request: Request):
    """Who is signed in at this application: whoever says so."""
    kind, _, name = request.headers.get("x-signed-in", "").partition(":")
    return {"user": User(ANN.issuer, name), "guest": Guest(DEVICE, name), "visitor": Visitor(name)}.get(kind)


def signed_in(who="user:auth0|ann", **headers):
    return {"x-signed-in": who, **headers}


def vote(page, message_id, receipt=None, who="user:auth0|ann", said=None):
    headers = signed_in(who, **({"x-message-receipt": receipt} if receipt else {}))
    return page.post(f"/plaudit/v1/messages/{message_id}/feedback", json=said or {"vote": "like"}, headers=headers)


# ---------------------------------------------------------------- served


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
