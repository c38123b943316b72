"""The contract of LangSmith's feedback. The document beside this file says what it promises; nothing here holds a
rule."""

from plaudit.http.contracts.langsmith.refusals import DIALECT
from plaudit.http.contracts.langsmith.routes import LangSmith
from plaudit.http.door import Door
from plaudit.http.resource import Resource
from plaudit.ports import Authenticator
from plaudit.service import Service

__all__ = ["DIALECT", "routes"]


def routes(service: Service, authenticator: Authenticator, door: Door, body_bytes_max: int) -> list[Resource]:
    return LangSmith(service, authenticator, door, body_bytes_max).routes()
