"""/docs, the list of documents; /docs/{contract}, one of them; and the same as JSON, for programs."""

import asyncio
from functools import cache
from importlib.resources import files

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from plaudit.http.docs.outline import Outline, outline
from plaudit.http.document import document
from plaudit.http.errors import RouteNotFound
from plaudit.http.health import Access, allow
from plaudit.http.resource import Resource, resource
from plaudit.ports import Authenticator

PACKAGES = {
    "siteassist": "plaudit.http.contracts.siteassist",
    "handauncle": "plaudit.http.contracts.handauncle",
    "votes": "plaudit.http.contracts.plaudit",
    "plaudit": "plaudit.http.api",
    "dify": "plaudit.http.contracts.dify",
    "librechat": "plaudit.http.contracts.librechat",
    "assistant-ui": "plaudit.http.contracts.assistant_ui",
    "langfuse": "plaudit.http.contracts.langfuse",
    "langsmith": "plaudit.http.contracts.langsmith",
}
STRICT = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
                               "form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}


def routes(authenticator: Authenticator, docs_access: Access) -> list[Resource]:
    pages = Pages(authenticator, docs_access)
    return [
        resource("/docs", "docs", GET=pages.index),
        resource("/docs/style.css", "docs", GET=pages.style),
        resource("/docs/{contract}", "docs", GET=pages.page),
        resource("/docs/{contract}/openapi.json", "docs", GET=pages.json),
    ]


class Pages:
    """`access` says who may read. Each page is made when it is first asked for, beside the event loop, and kept."""

    def __init__(self, authenticator: Authenticator, access: Access) -> None:
        self._authenticator = authenticator
        self._access = access

    async def index(self, request: Request) -> Response:
        allow(self._access, request, self._authenticator)
        return _html(await asyncio.to_thread(_index))

    async def style(self, request: Request) -> Response:
        allow(self._access, request, self._authenticator)
        return Response(files(__package__).joinpath("style.css").read_bytes(), media_type="text/css; charset=utf-8")

    async def page(self, request: Request) -> Response:
        return _html(await asyncio.to_thread(_page, self._asked(request)))

    async def json(self, request: Request) -> Response:
        document_json = await asyncio.to_thread(document, PACKAGES[self._asked(request)])
        return Response(document_json, media_type="application/json")

    def _asked(self, request: Request) -> str:
        """The contract whose document is asked for. Raises `RouteNotFound`, and what `allow` raises."""
        allow(self._access, request, self._authenticator)
        contract: str = request.path_params["contract"]
        if contract not in PACKAGES:
            raise RouteNotFound
        return contract


def _html(page: str) -> Response:
    return Response(page, media_type="text/html; charset=utf-8", headers=STRICT)


@cache
def _index() -> str:
    return _render("index.html", documents=[_outline(contract) for contract in PACKAGES])


@cache
def _page(contract: str) -> str:
    return _render("document.html", document=_outline(contract))


def _outline(contract: str) -> Outline:
    return outline(contract, msgspec.json.decode(document(PACKAGES[contract])))


def _render(template: str, **values: object) -> str:
    import jinja2  # noqa: PLC0415  a server whose documents nobody reads need not carry it

    from plaudit.http.docs import text  # noqa: PLC0415  the same

    environment = jinja2.Environment(
        autoescape=True, loader=jinja2.PackageLoader(__package__), lstrip_blocks=True, trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(prose=text.prose, inline=text.inline, coloured=text.coloured)
    return environment.get_template(template).render(values)
