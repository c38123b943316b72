"""LibreChat's thumbs: the operation decodes, calls the service and encodes; the rules are elsewhere."""

from starlette.requests import Request
from starlette.responses import Response

from plaudit.http.body import json_object, json_response, read
from plaudit.http.contracts.librechat import wire
from plaudit.http.document import document_route
from plaudit.http.door import Door
from plaudit.http.errors import without_saying_whose
from plaudit.http.identifiers import read_id
from plaudit.http.identity import token_voter
from plaudit.http.page import page_of
from plaudit.http.receipts import receipt
from plaudit.http.resource import Resource, path_id, resource
from plaudit.model import Contract, Feedback, Voter
from plaudit.ports import Authenticator
from plaudit.service import Service

NAME = Contract.LIBRECHAT


class LibreChat:
    def __init__(self, service: Service, authenticator: Authenticator, door: Door, body_bytes_max: int) -> None:
        self._service = service
        self._authenticator = authenticator
        self._door = door
        self._body_bytes_max = body_bytes_max

    def routes(self) -> list[Resource]:
        return [
            resource("/librechat/api/messages/{conversationId}/{messageId}/feedback", NAME, PUT=self.vote),
            document_route("/librechat/api/openapi", NAME, __package__, self._door.knock),
        ]

    async def vote(self, request: Request) -> Response:
        raw = await read(request, self._body_bytes_max)
        voter = await self._voter(request)
        conversation_id, message_id = (_id(request, name) for name in ("conversationId", "messageId"))
        thumb = wire.decode_thumb(json_object(raw), voter.project.reasons)
        stored = await self._submit(request, voter, conversation_id, message_id, thumb)
        return json_response(wire.encode_thumb(conversation_id, message_id, stored))

    async def _submit(self, request: Request, voter: Voter, conversation_id: str, message_id: str, thumb: wire.Thumb
                      ) -> Feedback | None:
        held = await receipt(request, self._authenticator)
        with without_saying_whose(message_id):
            return await self._service.submit(
                voter, NAME, message_id, thumb.vote, thumb.comment, receipt=held, page=page_of(request),
                reasons=thumb.reasons, conversation_id=conversation_id)

    async def _voter(self, request: Request) -> Voter:
        return await token_voter(request, self._authenticator, self._door, NAME)


def _id(request: Request, name: str) -> str:
    return read_id(path_id(request, name, name), name)
