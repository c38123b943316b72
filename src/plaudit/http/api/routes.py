"""The operations of Plaudit's own API: who asks, what, and the answer. What follows from it is the service's."""

import asyncio
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from plaudit.analytics import Analytics
from plaudit.errors import Conflict, Invalid, PlauditError
from plaudit.http import body, registration
from plaudit.http.api import analytics_routes, batch, export_routes, query, wire
from plaudit.http.api.identities import Identities
from plaudit.http.api.otlp.routes import Traces
from plaudit.http.api.owners import Owners
from plaudit.http.api.proof import Proof
from plaudit.http.api.subjects import Subjects
from plaudit.http.document import document_route
from plaudit.http.door import Door
from plaudit.http.identifiers import read_id
from plaudit.http.resource import Resource, path_id, resource
from plaudit.model import Message, Project, Scope
from plaudit.ports import Authenticator, Registered
from plaudit.service import Service

CREATED, OK = 201, 200


def routes(service: Service, analytics: Analytics, authenticator: Authenticator, door: Door, *, body_bytes_max: int,
           batch_body_bytes_max: int) -> list[Resource]:
    proof = Proof(authenticator, door)
    owners = Owners(authenticator)
    api = Api(service, owners, proof, max(body_bytes_max, registration.MESSAGE_BYTES_MAX), batch_body_bytes_max)
    return [
        resource("/v1/messages", "plaudit", POST=api.register_batch),
        resource("/v1/messages/{id}", "plaudit", GET=api.message, PUT=api.register),
        resource("/v1/conversations/{id}", "plaudit", GET=api.conversation),
        resource("/v1/feedback", "plaudit", GET=api.feedback),
        resource("/v1/feedback/{message_id}/history", "plaudit", GET=api.history),
        resource("/v1/audit", "plaudit", GET=api.audit),
        *Identities(service, authenticator, door, body_bytes_max).routes(),
        *Subjects(service, authenticator, proof).routes(),
        *analytics_routes.routes(analytics, proof),
        *export_routes.routes(service, proof),
        resource("/v1/otlp/v1/traces", "plaudit", POST=Traces(service, owners, proof).register_spans),
        document_route("/v1/openapi", "plaudit", __package__, door.knock),
    ]


class Api:
    def __init__(self, service: Service, owners: Owners, proof: Proof, message_bytes_max: int, batch_bytes_max: int
                 ) -> None:
        self._service = service
        self._owners = owners
        self._proof = proof
        self._message_bytes_max = message_bytes_max
        self._batch_bytes_max = batch_bytes_max

    async def register(self, request: Request) -> Response:
        project = await self._proof.project(request, Scope.MESSAGES_WRITE)
        message_id = _id(request, "id")
        given = await body.read(request, self._message_bytes_max)
        query.parameters(request, {})
        draft = registration.decode(message_id, given, self._service.now())
        message = await self._owners.message(project, draft)
        [outcome] = await self._service.register([message])
        if isinstance(outcome, Conflict):
            raise outcome
        if outcome.created:
            return body.json_response(wire.message(replace(message, owner=outcome.owner or message.owner)), CREATED)
        return body.json_response(wire.message(await self._service.message(project.id, message_id)))

    async def register_batch(self, request: Request) -> Response:
        project = await self._proof.project(request, Scope.MESSAGES_WRITE)
        query.parameters(request, {})
        results: list[wire.Json] = []
        async for first, lines in batch.slices(request, self._batch_bytes_max):
            results += await self._register_lines(project, first, lines)
            await asyncio.sleep(0)  # let others be answered, also when a slice had nothing to store
        return body.json_response(wire.batch(results))

    async def message(self, request: Request) -> Response:
        project = await self._proof.project(request, Scope.FEEDBACK_READ)
        query.parameters(request, {})
        return body.json_response(wire.message(await self._service.message(project.id, _id(request, "id"))))

    async def conversation(self, request: Request) -> Response:
        project = await self._proof.project(request, Scope.FEEDBACK_READ)
        conversation_id, page = _id(request, "id"), query.parameters(request, query.CONVERSATION)
        conversation = await self._service.conversation(project.id, conversation_id)
        total, messages = await self._service.conversation_messages(
            project.id, conversation_id, limit=page.get("limit", query.LIMIT_DEFAULT), offset=page.get("offset", 0),
        )
        return body.json_response(wire.conversation(conversation, total, messages))

    async def feedback(self, request: Request) -> Response:
        project = await self._proof.project(request, Scope.FEEDBACK_READ)
        wanted, limit, cursor = query.feedback_query(request)
        page = await self._service.feedback(project.id, wanted, limit=limit, cursor=cursor)
        return body.json_response(wire.feedback_page(page))

    async def history(self, request: Request) -> Response:
        project = await self._proof.project(request, Scope.FEEDBACK_READ)
        query.parameters(request, {})
        return body.json_response(wire.history(await self._service.history(project.id, _id(request, "message_id"))))

    async def audit(self, request: Request) -> Response:
        project = await self._proof.project(request, Scope.ADMIN)
        page = query.parameters(request, query.AUDIT)
        entries = await self._service.audit_log(
            project.id, after=page.get("after", 0), limit=page.get("limit", query.LIMIT_DEFAULT))
        return body.json_response(wire.audit(entries))

    async def _register_lines(self, project: Project, first: int, lines: batch.Lines) -> list[wire.Json]:
        """A result each, in order, without the lines that hold nothing."""
        results: dict[int, wire.Json] = {}
        drafts: dict[int, registration.Draft] = {}
        for number, line in enumerate(lines, first):
            if bytes(line).strip():
                self._decode_line(number, line, drafts, results)
        messages: dict[int, Message] = {}
        for number, message in (await self._owners.messages(project, drafts)).items():
            if isinstance(message, Invalid):
                results[number] = wire.line_result(number, drafts[number].id, wire.INVALID, message)
            else:
                messages[number] = message
        outcomes = await self._service.register(list(messages.values()))
        for (number, message), outcome in zip(messages.items(), outcomes, strict=True):
            results[number] = _result(number, message.id, outcome)
        return [results[number] for number in sorted(results)]

    def _decode_line(self, number: int, line: bytes | memoryview, drafts: dict[int, registration.Draft],
                     results: dict[int, wire.Json]) -> None:
        try:
            drafts[number] = registration.decode_line(line, self._service.now())
        except PlauditError as error:
            results[number] = wire.line_result(number, registration.claimed_id(line), wire.INVALID, error)


def _id(request: Request, name: str) -> str:
    return read_id(path_id(request, name, name), name)


def _result(number: int, message_id: str, outcome: Registered | Conflict) -> dict[str, Any]:
    if isinstance(outcome, Conflict):
        return wire.line_result(number, message_id, wire.CONFLICT, outcome)
    return wire.line_result(number, message_id, wire.CREATED if outcome.created else wire.UNCHANGED)
