"""HandAuncle v1: each operation decodes, calls the service and encodes; the rules are elsewhere."""

import time
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from plaudit.errors import Forbidden
from plaudit.http import identity
from plaudit.http.body import json_object, json_response, read
from plaudit.http.contracts.handauncle import wire
from plaudit.http.document import document_route
from plaudit.http.door import Door
from plaudit.http.exchange import exchange
from plaudit.http.page import page_of
from plaudit.http.query import single
from plaudit.http.receipts import receipt
from plaudit.http.resource import Resource, path_id, resource
from plaudit.model import Contract, Conversation, Feedback, Voter
from plaudit.ports import Authenticator
from plaudit.service import Service

NAME = Contract.HANDAUNCLE


class HandAuncle:
    def __init__(self, service: Service, authenticator: Authenticator, door: Door, body_bytes_max: int) -> None:
        self._service = service
        self._authenticator = authenticator
        self._door = door
        self._body_bytes_max = body_bytes_max

    def routes(self) -> list[Resource]:
        user = "/api/v1/user"
        return [
            resource(f"{user}/messages/{{messageId}}/feedback", NAME, POST=self.vote),
            resource(f"{user}/conversations", NAME, GET=self.conversations),
            resource(f"{user}/conversations/{{conversationId}}/messages", NAME, GET=self.messages),
            document_route("/api/v1/openapi", NAME, __package__, self._door.knock),
        ]

    async def vote(self, request: Request) -> Response:
        body = await read(request, self._body_bytes_max)
        voter = await self._voter(request)
        message_id = wire.decode_message_id(path_id(request, "messageId", "messageId"))
        vote, comment = wire.decode_vote(json_object(body))
        held = await receipt(request, self._authenticator)
        stored = await self._service.submit(
            voter, NAME, message_id, vote, comment, receipt=held, page=page_of(request))
        return _success(request, wire.encode_vote(cast("Feedback", stored)))  # only a removal leaves nothing

    async def conversations(self, request: Request) -> Response:
        voter = await self._voter(request)
        asked = wire.decode_conversations_query(single(request.query_params.multi_items()))
        total, found = await self._conversations(voter, asked) if asked.is_active else (0, [])
        return _success(request, wire.encode_conversations(total, found, asked))

    async def messages(self, request: Request) -> Response:
        """The newest messages, or those before one of them, in the order of their time."""
        voter = await self._voter(request)
        conversation_id = wire.decode_conversation_id(path_id(request, "conversationId", "conversationId"))
        asked = wire.decode_messages_query(single(request.query_params.multi_items()))
        await self._own_conversation(voter, conversation_id)
        _, newest_first = await self._service.conversation_messages(
            voter.project.id, conversation_id, role=asked.role, limit=asked.limit + 1, before=asked.before,
            descending=True,
        )
        return _success(request, wire.encode_messages(newest_first, asked.limit))

    async def _conversations(self, voter: Voter, asked: wire.ConversationsQuery) -> tuple[int, list[Conversation]]:
        return await self._service.own_conversations(
            voter, order_by=asked.order_by, descending=asked.descending, limit=asked.limit, offset=asked.offset,
            search=asked.search,
        )

    async def _own_conversation(self, voter: Voter, conversation_id: str) -> None:
        try:
            await self._service.own_conversation(voter, conversation_id)
        except Forbidden:
            raise Forbidden("You do not have access to this conversation") from None

    async def _voter(self, request: Request) -> Voter:
        return await identity.voter(request, self._authenticator.by_identity_token, self._authenticator, self._door,
                                    NAME, missing=wire.MISSING)


def _success(request: Request, data: wire.Json) -> Response:
    return json_response(wire.success(data, time.time_ns() // 1_000_000, exchange(request.scope).request_id))
