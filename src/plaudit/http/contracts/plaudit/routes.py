"""Plaudit's own contract: each operation decodes, calls the service and encodes; the rules are elsewhere."""

from starlette.requests import Request
from starlette.responses import Response

from plaudit import rules
from plaudit.errors import Invalid
from plaudit.http import identity, receipts
from plaudit.http.body import json_object, json_response, read
from plaudit.http.contracts.plaudit import wire
from plaudit.http.document import document_route
from plaudit.http.door import Door
from plaudit.http.identifiers import read_id
from plaudit.http.page import page_of
from plaudit.http.query import single
from plaudit.http.resource import Resource, path_id, resource
from plaudit.model import Contract, Receipt, Voter
from plaudit.ports import Authenticator
from plaudit.service import Service

NAME = Contract.PLAUDIT


class Plaudit:
    def __init__(self, service: Service, authenticator: Authenticator, door: Door, body_bytes_max: int) -> None:
        self._service = service
        self._authenticator = authenticator
        self._door = door
        self._body_bytes_max = body_bytes_max

    def routes(self) -> list[Resource]:
        return [
            resource("/v1/messages/{message_id}/feedback", NAME, POST=self.vote),
            resource("/v1/me/feedback", NAME, GET=self.own_votes),
            resource("/v1/me/reasons", NAME, GET=self.reasons),
            document_route("/v1/me/openapi", NAME, __package__, self._door.knock),
        ]

    async def vote(self, request: Request) -> Response:
        body = await read(request, self._body_bytes_max)
        if _says_who(request):
            voter = await self._voter(request)
            held = await receipts.receipt(request, self._authenticator)
        else:
            voter, held = await self._holder(request, votes=True)
        message_id = read_id(path_id(request, "message_id", "message_id"), "message_id")
        vote, comment, reasons = wire.decode_vote(json_object(body))
        stored = await self._service.submit(
            voter, NAME, message_id, vote, comment, receipt=held, page=page_of(request), reasons=reasons)
        return json_response(wire.encode_vote(message_id, stored))

    async def own_votes(self, request: Request) -> Response:
        """What the asker's own thumbs say in one conversation, so that a page that is loaded anew shows them."""
        voter = await self._voter(request)
        given = single(request.query_params.multi_items())
        if "conversation" not in given:
            raise Invalid("conversation", "is missing")
        conversation_id = read_id(given["conversation"], "conversation")
        return json_response(wire.encode_votes(await self._service.own_votes(voter, conversation_id)))

    async def reasons(self, request: Request) -> Response:
        """What can be ticked beside a vote, in the reader's language where there is such a text. Whoever may vote may
        read it, by a bearer receipt too."""
        voter = await self._voter(request) if _says_who(request) else (await self._holder(request, votes=False))[0]
        language = single(request.query_params.multi_items()).get("lang", "")
        return json_response(wire.encode_reasons(voter.project.reasons, language))

    async def _voter(self, request: Request) -> Voter:
        return await identity.voter(request, self._authenticator.by_bearer, self._authenticator, self._door, NAME)

    async def _holder(self, request: Request, *, votes: bool) -> tuple[Voter, Receipt]:
        """Where nothing else says who is asking, a bearer receipt does, as long as it is good."""
        await self._door.knock(request)
        voter, held = await receipts.holder(request, self._authenticator, votes=votes)
        rules.check_receipt(held, voter, held.message.id, self._service.now())
        await self._door.admit(request, voter, NAME)
        return voter, held


def _says_who(request: Request) -> bool:
    return not identity.PROOFS.isdisjoint(name for name, _ in request.scope["headers"])
