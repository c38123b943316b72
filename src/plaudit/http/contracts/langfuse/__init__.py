"""The contract of Langfuse's scores. The document beside this file says what it promises; nothing here holds a rule."""

from plaudit.http.contracts.langfuse.refusals import DIALECT
from plaudit.http.contracts.langfuse.routes import Langfuse
from plaudit.http.door import Door
from plaudit.http.resource import Resource
from plaudit.ports import Authenticator
from plaudit.service import Service

__all__ = ["DIALECT", "routes"]


def routes(service: Service, authenticator: Authenticator, door: Door) -> list[Resource]:
    return Langfuse(service, authenticator, door).routes()
