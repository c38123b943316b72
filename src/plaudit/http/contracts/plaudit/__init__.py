"""Plaudit's own contract for votes. The document beside this file says what it promises; nothing here holds a rule."""

from plaudit.http.contracts.plaudit.routes import Plaudit
from plaudit.http.door import Door
from plaudit.http.resource import Resource
from plaudit.ports import Authenticator
from plaudit.service import Service

__all__ = ["routes"]


def routes(service: Service, authenticator: Authenticator, door: Door, body_bytes_max: int) -> list[Resource]:
    return Plaudit(service, authenticator, door, body_bytes_max).routes()
