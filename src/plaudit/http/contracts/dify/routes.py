"""Dify's feedback operations: each decodes, calls the service and encodes; the rules are elsewhere."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from plaudit.http.body import json_object, json_response, read
from plaudit.http.contracts.dify import wire
from plaudit.http.document import document_route
from plaudit.http.door import Door
from plaudit.http.errors import without_saying_whose
from plaudit.http.identifiers import read_id
from plaudit.http.named import key_holder, named_voter
from plaudit.http.page import page_of
from plaudit.http.query import single
from plaudit.http.receipts import receipt
from plaudit.http.resource import Resource, path_id, resource
from plaudit.model import Contract, FeedbackFilter, RatedMessage, Scope, Vote, Voter
from plaudit.ports import Authenticator
from plaudit.service import Service

NAME = Contract.DIFY
STEP = 1000  # votes that are read at once on the way to a page


class Dify:
    def __init__(self, service: Service, authenticator: Authenticator, door: Door, body_bytes_max: int) -> None:
        self._service = service
        self._authenticator = authenticator
        self._door = door
        self._body_bytes_max = body_bytes_max

    def routes(self) -> list[Resource]:
        return [
            resource("/dify/v1/messages/{message_id}/feedbacks", NAME, POST=self.vote),
            resource("/dify/v1/app/feedbacks", NAME, GET=self.feedbacks),
            document_route("/dify/v1/openapi", NAME, __package__, self._door.knock),
        ]

    async def vote(self, request: Request) -> Response:
        """Who votes stands in the body, so that is looked at before the voter's limit."""
        raw = await read(request, self._body_bytes_max)
        project = await key_holder(request, self._authenticator, self._door, NAME, Scope.FEEDBACK_WRITE)
        body = json_object(raw)
        voter = await named_voter(request, self._door, project, NAME, name=body.get("user"), field="user")
        message_id = read_id(path_id(request, "message_id", "message_id"), "message_id")
        await self._submit(request, voter, message_id, *wire.decode_vote(body))
        return json_response(wire.DONE)

    async def feedbacks(self, request: Request) -> Response:
        project = await key_holder(request, self._authenticator, self._door, NAME, Scope.FEEDBACK_READ)
        asked = wire.decode_feedbacks_query(single(request.query_params.multi_items()))
        return json_response(wire.encode_feedbacks(await self._feedbacks(project.id, asked)))

    async def _submit(self, request: Request, voter: Voter, message_id: str, vote: Vote | None, comment: str | None
                      ) -> None:
        held = await receipt(request, self._authenticator)
        with without_saying_whose(message_id):
            await self._service.submit(voter, NAME, message_id, vote, comment, receipt=held, page=page_of(request))

    async def _feedbacks(self, project_id: str, asked: wire.FeedbacksQuery) -> Sequence[RatedMessage]:
        """Votes are read on from one another, not counted off: the pages before this one are walked through."""
        cursor, left = None, asked.offset
        while left:
            passed = await self._service.feedback(project_id, FeedbackFilter(), limit=min(left, STEP), cursor=cursor)
            cursor, left = passed.cursor, left - len(passed.items)
            if cursor is None:
                return ()
        page = await self._service.feedback(project_id, FeedbackFilter(), limit=asked.limit, cursor=cursor)
        return page.items
