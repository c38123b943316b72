"""The pages under /docs."""

from starlette.routing import BaseRoute

from plaudit.http.health import Access
from plaudit.ports import Authenticator


def routes(_authenticator: Authenticator, _access: Access) -> list[BaseRoute]:
    return []
