"""SiteAssist v2: each operation decodes, calls the service and encodes; the rules are elsewhere."""

from starlette.requests import Request
from starlette.responses import Response

from plaudit.errors import Unauthenticated
from plaudit.http.body import json_object, json_response, read
from plaudit.http.contracts.siteassist import wire
from plaudit.http.document import document_route
from plaudit.http.door import Door
from plaudit.http.identity import token_voter
from plaudit.http.page import page_of
from plaudit.http.query import single
from plaudit.http.receipts import receipt
from plaudit.http.resource import Resource, path_id, resource
from plaudit.model import Contract, Conversation, RatedMessage, Subject, SubjectKind, Voter
from plaudit.ports import Authenticator
from plaudit.service import Service

NAME = Contract.SITEASSIST


class SiteAssist:
    def __init__(self, service: Service, authenticator: Authenticator, door: Door, body_bytes_max: int) -> None:
        self._service = service
        self._authenticator = authenticator
        self._door = door
        self._body_bytes_max = body_bytes_max

    def routes(self) -> list[Resource]:
        return [
            resource("/v2/messages/{messageId}/feedback", NAME, POST=self.vote),
            resource("/v2/identity/init", NAME, POST=self.init),
            resource("/v2/identity/me", NAME, GET=self.me),
            resource("/v2/projects/current", NAME, GET=self.current_project),
            resource("/v2/conversations", NAME, POST=self.create_conversation, GET=self.conversations),
            resource("/v2/conversations/{conversationId}", NAME, GET=self.conversation),
            resource("/v2/conversations/{conversationId}/messages", NAME, GET=self.messages),
            document_route("/v2/openapi", NAME, __package__, self._door.knock),
        ]

    async def vote(self, request: Request) -> Response:
        body = await read(request, self._body_bytes_max)
        voter = await self._voter(request)
        message_id = wire.decode_id(path_id(request, "messageId", "messageId"), "messageId")
        vote = wire.decode_vote(json_object(body))
        held = await receipt(request, self._authenticator)
        await self._service.submit(voter, NAME, message_id, vote, receipt=held, page=page_of(request))
        return Response(wire.VOTE_ANSWERS[vote], media_type="application/json")

    async def init(self, request: Request) -> Response:
        """201 the first time that a device says hello, 200 after. The proof is in the body, so that is read first."""
        raw = await read(request, self._body_bytes_max)
        await self._door.knock(request)
        body = json_object(raw)
        project = self._authenticator.by_publishable_key(wire.decode_key(body), request.headers.get("origin"))
        self._door.admit_project(request, project, NAME)
        self._door.admit_stranger(request)
        visitor_id, is_new = await self._authenticator.visitor(project, wire.decode_device(body))
        visitor = wire.encode_visitor(Subject.of(SubjectKind.VISITOR, visitor_id))
        token = self._authenticator.session_token(project, visitor_id)
        return json_response({"sessionToken": token, "visitor": visitor}, 201 if is_new else 200)

    async def me(self, request: Request) -> Response:
        voter = await self._voter(request)
        return json_response(wire.encode_visitor(voter.subject))

    async def current_project(self, request: Request) -> Response:
        await self._door.knock(request)
        key = single(request.query_params.multi_items()).get("apiKey")
        if not key:
            raise Unauthenticated
        project = self._authenticator.by_publishable_key(key, request.headers.get("origin"))
        self._door.admit_project(request, project, NAME)
        return json_response(wire.encode_project(project))

    async def create_conversation(self, request: Request) -> Response:
        body = await read(request, self._body_bytes_max)
        voter = await self._voter(request)
        conversation_id, title = wire.decode_conversation(json_object(body))
        conversation = await self._service.create_conversation(voter, conversation_id, title)
        return json_response(wire.encode_conversation(conversation), 201)

    async def conversations(self, request: Request) -> Response:
        voter = await self._voter(request)
        asked = wire.decode_conversations_query(single(request.query_params.multi_items()))
        total, found = await self._conversations(voter, asked) if asked.is_open else (0, [])
        data = [wire.encode_conversation(conversation) for conversation in found]
        return json_response(wire.encode_list(total, asked.limit, asked.offset, data))

    async def conversation(self, request: Request) -> Response:
        """With its newest messages, as many as one list may hold, oldest of them first."""
        voter = await self._voter(request)
        conversation_id = _conversation_id(request)
        conversation = await self._service.own_conversation(voter, conversation_id)
        _, newest_first = await self._service.conversation_messages(
            voter.project.id, conversation_id, limit=wire.MESSAGES_MAX, descending=True,
        )
        return json_response(wire.encode_conversation(conversation, newest_first[::-1]))

    async def messages(self, request: Request) -> Response:
        voter = await self._voter(request)
        conversation_id = _conversation_id(request)
        asked = wire.decode_messages_query(single(request.query_params.multi_items()))
        await self._service.own_conversation(voter, conversation_id)
        total, found = await self._messages(voter, conversation_id, asked) if asked.is_complete else (0, [])
        data = [wire.encode_message(message) for message in found]
        return json_response(wire.encode_list(total, asked.limit, asked.offset, data))

    async def _conversations(self, voter: Voter, asked: wire.ConversationsQuery) -> tuple[int, list[Conversation]]:
        return await self._service.own_conversations(
            voter, order_by=asked.order_by, descending=asked.descending, limit=asked.limit, offset=asked.offset,
        )

    async def _messages(self, voter: Voter, conversation_id: str, asked: wire.MessagesQuery
                        ) -> tuple[int, list[RatedMessage]]:
        return await self._service.conversation_messages(
            voter.project.id, conversation_id, role=asked.role, limit=asked.limit, offset=asked.offset,
        )

    async def _voter(self, request: Request) -> Voter:
        return await token_voter(request, self._authenticator, self._door, NAME)


def _conversation_id(request: Request) -> str:
    return wire.decode_id(path_id(request, "conversationId", "conversationId"), "conversationId")
