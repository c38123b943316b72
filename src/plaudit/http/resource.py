"""A path and its operations. One route a path, so that 405 can name every method that is allowed."""

from collections.abc import Awaitable, Callable
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from plaudit.errors import Invalid
from plaudit.http.errors import MethodNotAllowed
from plaudit.http.exchange import exchange

Handler = Callable[[Request], Awaitable[Response]]


class Resource:
    """An ASGI endpoint that picks the operation by its method. `operations`: method -> (name, handler)."""

    def __init__(self, operations: dict[str, tuple[str, Handler]]) -> None:
        self._operations = dict(operations)
        if "GET" in operations:
            self._operations.setdefault("HEAD", operations["GET"])
        self._allow = ", ".join(sorted({*self._operations, "OPTIONS"}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "OPTIONS":
            response = Response(status_code=204, headers={"allow": self._allow})
        else:
            operation = self._operations.get(scope["method"])
            if operation is None:
                raise MethodNotAllowed(self._allow)
            exchange(scope).operation, handler = operation
            response = await handler(Request(scope, receive))
        await response(scope, receive, send)


def resource(path: str, contract: str, **handlers: Handler) -> Route:
    """`resource("/v2/x/{id}", "siteassist", POST=vote)`: an operation is called "<contract>.<handler's name>"."""
    operations = {method: (f"{contract}.{handler.__name__}", handler) for method, handler in handlers.items()}
    return Route(path, Resource(operations))


def path_id(request: Request, name: str, field: str) -> str:
    """A path parameter, percent-decoded once. Raises `Invalid` naming the contract's `field`.

    Routes match the path as it was sent, so an encoded slash stays inside its segment.
    """
    try:
        return unquote(request.path_params[name], errors="strict")
    except UnicodeDecodeError:
        raise Invalid(field, "is not valid UTF-8") from None
