"""A path and its operations, and the table of them all.

One resource a path, so that 405 can name every method that is allowed. The table is ours because Starlette's router
costs a vote as much as storing it does; paths are still written and compiled as Starlette's.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from plaudit.errors import Invalid
from plaudit.http.errors import MethodNotAllowed, RouteNotFound
from plaudit.http.exchange import Exchange

Handler = Callable[[Request], Awaitable[Response]]


class Resource:
    """`operations`: method -> (name, handler)."""

    def __init__(self, path: str, operations: dict[str, tuple[str, Handler]]) -> None:
        self.path = path
        self.pattern: re.Pattern[str] = compile_path(path)[0]
        self._operations = dict(operations)
        if "GET" in operations:
            self._operations.setdefault("HEAD", operations["GET"])
        self._allow = ", ".join(sorted({*self._operations, "OPTIONS"}))
        self._operations["OPTIONS"] = ("options", self._options)

    def handler(self, notes: Exchange) -> Handler:
        """Raises `MethodNotAllowed`."""
        try:
            notes.operation, handler = self._operations[notes.method]
        except KeyError:
            raise MethodNotAllowed(self._allow) from None
        return handler

    async def _options(self, _request: Request) -> Response:
        return Response(status_code=204, headers={"allow": self._allow})


class Table:
    """Every resource, found by its path as it was sent: an encoded slash stays inside its segment."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        """Among resources that share their first segment, earlier ones are tried first."""
        self._by_first_segment: dict[str, list[Resource]] = {}
        for each in resources:
            self._by_first_segment.setdefault(_first_segment(each.path), []).append(each)

    def find(self, path: str) -> tuple[Resource, dict[str, str]]:
        """The resource and its path parameters, still percent-encoded. Raises `RouteNotFound`."""
        for each in self._by_first_segment.get(_first_segment(path), ()):
            if match := each.pattern.match(path):
                return each, match.groupdict()
        raise RouteNotFound


def resource(path: str, contract: str, **handlers: Handler) -> Resource:
    """`resource("/v2/x/{id}", "siteassist", POST=vote)`: an operation is called "<contract>.<handler's name>"."""
    return Resource(path, {method: (f"{contract}.{handler.__name__}", handler) for method, handler in handlers.items()})


def path_id(request: Request, name: str, field: str) -> str:
    """A path parameter, percent-decoded once. Raises `Invalid` naming the contract's `field`."""
    sent: str = request.path_params[name]
    if "%" not in sent:
        return sent
    try:
        return unquote(sent, errors="strict")
    except UnicodeDecodeError:
        raise Invalid(field, "is not valid UTF-8") from None


def _first_segment(path: str) -> str:
    return path[1:].partition("/")[0]
