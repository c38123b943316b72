"""The ruler: the least that an empty JSON endpoint costs on the same framework, server, loop and parser.

It is sent what the votes are sent, token and body included, and looks at none of it.
Usage: ruler.py PORT
"""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def empty(_request: Request) -> JSONResponse:
    return JSONResponse({"ok": True})


if __name__ == "__main__":
    app = Starlette(routes=[Route("/", empty, methods=["GET", "POST"])])
    uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", ws="none", lifespan="off",
                access_log=False, server_header=False, proxy_headers=False, log_level="warning")
