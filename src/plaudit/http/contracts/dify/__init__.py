"""The feedback operations of Dify's application API. The document beside this file says what it promises; nothing here
holds a rule."""

from plaudit.http.contracts.dify.refusals import DIALECT
from plaudit.http.contracts.dify.routes import Dify
from plaudit.http.door import Door
from plaudit.http.resource import Resource
from plaudit.ports import Authenticator
from plaudit.service import Service

__all__ = ["DIALECT", "routes"]


def routes(service: Service, authenticator: Authenticator, door: Door, body_bytes_max: int) -> list[Resource]:
    return Dify(service, authenticator, door, body_bytes_max).routes()
