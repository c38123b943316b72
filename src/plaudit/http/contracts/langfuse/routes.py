"""Langfuse's scores: each operation decodes, calls the service and encodes; the rules are elsewhere."""

import asyncio
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from plaudit import __version__
from plaudit.errors import MalformedBody, PlauditError, Unavailable
from plaudit.http.body import json_object, json_response, json_value, read
from plaudit.http.contracts.langfuse import wire
from plaudit.http.contracts.langfuse.proof import NAME, Caller, Proof
from plaudit.http.contracts.langfuse.wire import Score
from plaudit.http.document import document_route
from plaudit.http.door import Door
from plaudit.http.page import page_of
from plaudit.http.resource import Resource, path_id, resource
from plaudit.model import AuthLevel
from plaudit.ports import Authenticator
from plaudit.service import Service

BODY_BYTES_MAX = 1024 * 1024  # what Langfuse itself takes; its clients cut their batches to fit


class Langfuse:
    def __init__(self, service: Service, authenticator: Authenticator, door: Door) -> None:
        self._service = service
        self._proof = Proof(service, authenticator, door)
        self._door = door

    def routes(self) -> list[Resource]:
        public = "/langfuse/api/public"
        return [
            resource(f"{public}/scores", NAME, POST=self.score),
            resource(f"{public}/scores/{{scoreId}}", NAME, DELETE=self.delete_score),
            resource(f"{public}/ingestion", NAME, POST=self.ingest),
            resource(f"{public}/projects", NAME, GET=self.projects),
            resource(f"{public}/health", NAME, GET=self.health),
            document_route("/langfuse/openapi", NAME, __package__, self._door.knock),
        ]

    async def score(self, request: Request) -> Response:
        """One, or a list of them."""
        caller = await self._proof.caller(request)
        given = json_value(await read(request, BODY_BYTES_MAX))
        if isinstance(given, list):
            return json_response(*wire.encode_list(await self._vote_all(request, caller, wire.decode_list(given))))
        if not isinstance(given, dict):
            raise MalformedBody("The body must be a score or a list of scores")
        score = wire.decode_score(given)
        await self._vote(request, caller, score)
        return json_response(wire.encode_score(score))

    async def ingest(self, request: Request) -> Response:
        """A batch of events, of which those that make scores are taken."""
        caller = await self._proof.caller(request)
        events = wire.decode_batch(json_object(await read(request, BODY_BYTES_MAX)).get("batch"))
        outcomes = await self._vote_all(request, caller, [score for _, score in events])
        return json_response(wire.encode_batch([event_id for event_id, _ in events], outcomes), wire.SOME_REJECTED)

    async def delete_score(self, request: Request) -> Response:
        project = await self._proof.back_end(request)
        message_id = wire.decode_score_id(path_id(request, "scoreId", "scoreId"))
        await self._service.submit_as_owner(project, NAME, AuthLevel.SERVER_KEY, message_id, None)
        return json_response({"message": "Score deleted"})

    async def projects(self, request: Request) -> Response:
        """What clients ask for to see whether their keys are good."""
        return json_response(wire.encode_projects(await self._proof.back_end(request)))

    async def health(self, request: Request) -> Response:
        await self._door.knock(request)
        await self._service.check()
        return json_response({"status": "OK", "version": __version__})

    async def _vote_all(self, request: Request, caller: Caller, scores: Sequence[Score | PlauditError]
                        ) -> list[PlauditError | None]:
        """What became of each. Of several on one message only the last is stored: it would overwrite the others.

        Raises `Unavailable` when one of them could not be stored now: clients then send all of them again, which is
        safe.
        """
        latest = {score.message_id: score for score in scores if isinstance(score, Score)}
        ended = await asyncio.gather(*(self._outcome(request, caller, score) for score in latest.values()))
        outcomes = dict(zip(latest, ended, strict=True))
        return [each if isinstance(each, PlauditError) else outcomes[each.message_id] for each in scores]

    async def _outcome(self, request: Request, caller: Caller, score: Score) -> PlauditError | None:
        """Why it was refused, if it was. Raises `Unavailable`."""
        try:
            await self._vote(request, caller, score)
        except Unavailable:
            raise
        except PlauditError as error:
            return error
        return None

    async def _vote(self, request: Request, caller: Caller, score: Score) -> None:
        page = page_of(request)
        if caller.holder is None:
            await self._service.submit_as_owner(caller.project, NAME, AuthLevel.SERVER_KEY, score.message_id,
                                                score.vote, comment=score.comment, page=page)
            return
        voter, held = caller.holder
        await self._service.submit(voter, NAME, score.message_id, score.vote, score.comment, receipt=held, page=page)
