"""The thumbs of LibreChat's own API. The document beside this file says what it promises; nothing here holds a rule."""

from plaudit.http.contracts.librechat.refusals import DIALECT
from plaudit.http.contracts.librechat.routes import LibreChat
from plaudit.http.door import Door
from plaudit.http.resource import Resource
from plaudit.ports import Authenticator
from plaudit.service import Service

__all__ = ["DIALECT", "routes"]


def routes(service: Service, authenticator: Authenticator, door: Door, body_bytes_max: int) -> list[Resource]:
    return LibreChat(service, authenticator, door, body_bytes_max).routes()
