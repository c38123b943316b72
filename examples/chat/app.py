"""A chat that streams its answers from an OpenAI-compatible endpoint, with thumbs under each of them.

    export PLAUDIT_URL=http://127.0.0.1:8000 PLAUDIT_KEY=sk_… PLAUDIT_RECEIPT_KEY=rk_…
    export OPENAI_BASE_URL=http://127.0.0.1:11434/v1 OPENAI_MODEL=llama3.2 OPENAI_API_KEY=…
    uvicorn --app-dir examples/chat app:app --port 8080

`plaudit key new` and `plaudit key new --receipts` print the keys. What is Plaudit's is marked in the code.
"""

import json
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import httpx2
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from pydantic import BaseModel, Field

from plaudit.client import AsyncPlaudit, Visitor
from plaudit.client.starlette import Thumbs

PLAUDIT_URL = os.environ["PLAUDIT_URL"]
MODEL = os.environ.get("OPENAI_MODEL", "llama3.2")
PAGE = Path(__file__).with_name("page.html").read_text(encoding="utf-8").replace("{{ plaudit }}", PLAUDIT_URL)


def asker(request: Request) -> Visitor | None:
    """Who is signed in. Here a random cookie; in your application, whatever says who your users are."""
    session = request.cookies.get("session")
    return Visitor(sha256(session.encode()).hexdigest()) if session else None  # a receipt shows the owner: no secret


plaudit = AsyncPlaudit(PLAUDIT_URL, os.environ["PLAUDIT_KEY"],  # Plaudit
                       receipt_key=os.environ["PLAUDIT_RECEIPT_KEY"])
thumbs = Thumbs(plaudit, owner=asker)  # Plaudit
upstream = httpx2.AsyncClient(base_url=os.environ["OPENAI_BASE_URL"], timeout=60)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with plaudit, upstream:
        yield


app = FastAPI(lifespan=lifespan)
app.mount("/plaudit", thumbs)  # Plaudit


class Question(BaseModel):
    conversation: str = Field(min_length=1, max_length=64)
    text: str = Field(min_length=1, max_length=4000)


@app.get("/")
async def page(request: Request) -> HTMLResponse:
    response = HTMLResponse(PAGE)
    if asker(request) is None:
        response.set_cookie("session", secrets.token_urlsafe(32), httponly=True, samesite="lax")
    return response


@app.post("/chat")
async def chat(question: Question, request: Request) -> StreamingResponse:
    owner = asker(request)
    if owner is None:
        raise HTTPException(401)
    answer = thumbs.answer(f"{owner.id}:{question.conversation}", owner, model=MODEL)  # Plaudit
    return StreamingResponse(answer.stream(complete(question.text)),  # Plaudit
                             media_type="text/plain", headers=answer.headers)


async def complete(text: str) -> AsyncIterator[str]:
    """The model's answer, piece by piece."""
    asked = {"model": MODEL, "stream": True, "messages": [{"role": "user", "content": text}]}
    headers = {"Authorization": f"Bearer {os.environ.get('OPENAI_API_KEY', 'none')}"}
    async with upstream.stream("POST", "chat/completions", json=asked, headers=headers) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            if line.startswith("data: ") and line != "data: [DONE]":
                for choice in json.loads(line.removeprefix("data: "))["choices"]:
                    yield choice["delta"].get("content") or ""
