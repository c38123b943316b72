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
from plaudit.http.api.proof import Proof
from plaudit.http.document import document_route
from plaudit.http.door import Door
from plaudit.http.identifiers import read_id
from plaudit.http.resource import Resource, path_id, resource
from plaudit.model import Message, Project, Scope, Subject
from plaudit.ports import Authenticator, Registered
from plaudit.service import Service

CREATED, OK = 201, 200
GUESTS_AT_ONCE = 64  # each may bind a device: together they share commits, all at once they would fill the queue


def routes(service: Service, analytics: Analytics, authenticator: Authenticator, door: Door, *, body_bytes_max: int,
           batch_body_bytes_max: int) -> list[Resource]:
    proof = Proof(authenticator, door)
    api = Api(service, authenticator, proof, max(body_bytes_max, registration.MESSAGE_BYTES_MAX), batch_body_bytes_max)
    return [
        resource("/v1/messages", "plaudit", POST=api.register_batch),
        resource("/v1/messages/{id}", "plaudit", GET=api.message, PUT=api.register),
        resource("/v1/conversations/{id}", "plaudit", GET=api.conversation),
        resource("/v1/feedback", "plaudit", GET=api.feedback),
        resource("/v1/feedback/{message_id}/history", "plaudit", GET=api.history),
        resource("/v1/audit", "plaudit", GET=api.audit),
        *Identities(service, authenticator, door, body_bytes_max).routes(),
        *analytics_routes.routes(analytics, proof),
        *export_routes.routes(service, proof),
        document_route("/v1/openapi", "plaudit", __package__, door.knock),
    ]


class Api:
    def __init__(self, service: Service, authenticator: Authenticator, proof: Proof, message_bytes_max: int,
                 batch_bytes_max: int) -> None:
        self._service = service
        self._authenticator = authenticator
        self._proof = proof
        self._message_bytes_max = message_bytes_max
        self._batch_bytes_max = batch_bytes_max

    async def register(self, request: Request) -> Response:
        project = await self._proof.project(request, Scope.MESSAGES_WRITE)
        message_id = _id(request, "id")
        given = await body.read(request, self._message_bytes_max)
        query.parameters(request, {})
        message = await self._message(project, registration.decode(message_id, given, self._service.now()))
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
        messages = await self._messages(project, drafts, results)
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

    async def _messages(self, project: Project, drafts: dict[int, registration.Draft], results: dict[int, wire.Json]
                        ) -> dict[int, Message]:
        """The drafts with their owners; one whose guest can be nobody becomes an invalid line."""
        guests = await self._guests(project, {draft.guest for draft in drafts.values() if draft.guest})
        messages = {}
        for number, draft in drafts.items():
            owner = guests[draft.guest] if draft.guest else registration.known_owner(draft.registration.owner)
            if isinstance(owner, Invalid):
                results[number] = wire.line_result(number, draft.id, wire.INVALID, owner)
            else:
                messages[number] = draft.message(project.id, owner)
        return messages

    async def _guests(self, project: Project, wanted: set[registration.GuestOwner]
                      ) -> dict[registration.GuestOwner, Subject | Invalid]:
        """The subject of each guest, or why there can be none."""
        waiting = list(wanted)
        found: dict[registration.GuestOwner, Subject | Invalid] = {}
        while waiting:
            some, waiting = waiting[:GUESTS_AT_ONCE], waiting[GUESTS_AT_ONCE:]
            subjects = await asyncio.gather(*(self._guest(project, guest) for guest in some))
            found.update(zip(some, subjects, strict=True))
        return found

    async def _guest(self, project: Project, guest: registration.GuestOwner) -> Subject | Invalid:
        try:
            return await self._authenticator.guest_subject(project, guest.device_id, guest.user_id)
        except Invalid as error:
            return Invalid(f"owner.guest.{error.field}", error.reason)

    async def _message(self, project: Project, draft: registration.Draft) -> Message:
        """Raises `Invalid` for a guest who can be nobody."""
        owner = await self._guest(project, draft.guest) if draft.guest else None
        if isinstance(owner, Invalid):
            raise owner
        return draft.message(project.id, owner or registration.known_owner(draft.registration.owner))


def _id(request: Request, name: str) -> str:
    return read_id(path_id(request, name, name), name)


def _result(number: int, message_id: str, outcome: Registered | Conflict) -> dict[str, Any]:
    if isinstance(outcome, Conflict):
        return wire.line_result(number, message_id, wire.CONFLICT, outcome)
    return wire.line_result(number, message_id, wire.CREATED if outcome.created else wire.UNCHANGED)
