"""assistant-ui's feedback operation: it decodes, calls the service and encodes; the rules are elsewhere."""

from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from plaudit.errors import Invalid
from plaudit.http.body import json_object, json_response, read
from plaudit.http.contracts.assistant_ui import wire
from plaudit.http.document import document_route
from plaudit.http.door import Door
from plaudit.http.errors import without_saying_whose
from plaudit.http.identifiers import read_id
from plaudit.http.identity import token_voter
from plaudit.http.named import key_holder, named_voter
from plaudit.http.page import page_of
from plaudit.http.receipts import receipt
from plaudit.http.resource import Resource, path_id, resource
from plaudit.model import Contract, Feedback, Scope, Voter
from plaudit.ports import Authenticator
from plaudit.service import Service

NAME = Contract.ASSISTANT_UI
USER_ID = "Aui-User-Id"


class AssistantUi:
    def __init__(self, service: Service, authenticator: Authenticator, door: Door, body_bytes_max: int) -> None:
        self._service = service
        self._authenticator = authenticator
        self._door = door
        self._body_bytes_max = body_bytes_max

    def routes(self) -> list[Resource]:
        return [
            resource("/assistant-ui/v1/threads/{thread_id}/messages/{message_id}/feedback", NAME, POST=self.vote),
            document_route("/assistant-ui/v1/openapi", NAME, __package__, self._door.knock),
        ]

    async def vote(self, request: Request) -> Response:
        raw = await read(request, self._body_bytes_max)
        voter = await self._voter(request)
        thread_id, message_id = (read_id(path_id(request, name, name), name) for name in ("thread_id", "message_id"))
        vote, comment = wire.decode_vote(json_object(raw))
        held = await receipt(request, self._authenticator)
        with without_saying_whose(message_id):
            stored = await self._service.submit(voter, NAME, message_id, vote, comment, receipt=held,
                                                page=page_of(request), conversation_id=thread_id)
        return json_response(wire.encode_vote(cast("Feedback", stored)))  # only a removal leaves nothing

    async def _voter(self, request: Request) -> Voter:
        """A user by a token of their own, or whom a server key names: then no token of anybody's does."""
        names = request.headers.getlist(USER_ID)
        if names:
            project = await key_holder(request, self._authenticator, self._door, NAME, Scope.FEEDBACK_WRITE)
            return await named_voter(request, self._door, project, NAME, name=_one(names), field=USER_ID)
        return await token_voter(request, self._authenticator, self._door, NAME)


def _one(names: list[str]) -> str:
    """Raises `Invalid`: of two it cannot be known who was meant, nor in which encoding anything but ASCII is."""
    if len(names) > 1 or not names[0].isascii():
        raise Invalid(USER_ID, "must be given once, in ASCII")
    return names[0]
