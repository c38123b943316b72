"""LangSmith's feedback: each operation decodes, calls the service and encodes; the rules are elsewhere."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from plaudit import rules
from plaudit.errors import NotFound, Unauthenticated
from plaudit.http import scores
from plaudit.http.body import json_object, json_response, json_value, read
from plaudit.http.contracts.langsmith import wire
from plaudit.http.document import document_route
from plaudit.http.door import Door
from plaudit.http.exchange import exchange
from plaudit.http.identifiers import read_id
from plaudit.http.named import opened
from plaudit.http.page import page_of
from plaudit.http.resource import Resource, path_id, resource
from plaudit.model import AuthLevel, Contract, Feedback, FeedbackFilter, Project, Scope, Voter
from plaudit.ports import Authenticator, VoteLink
from plaudit.service import Service

NAME = Contract.LANGSMITH
KEY_HEADER = b"x-api-key"
LINKS = "/langsmith/feedback/tokens"


class LangSmith:
    def __init__(self, service: Service, authenticator: Authenticator, door: Door, body_bytes_max: int) -> None:
        self._service = service
        self._authenticator = authenticator
        self._door = door
        self._body_bytes_max = body_bytes_max

    def routes(self) -> list[Resource]:
        feedback = "/langsmith/feedback"
        return [
            resource(feedback, NAME, POST=self.vote, GET=self.votes),
            resource(LINKS, NAME, POST=self.make_links),
            resource(f"{LINKS}/{{token}}", NAME, POST=self.vote_by_link),
            resource(f"{feedback}/{{feedback_id}}", NAME, GET=self.one, PATCH=self.change, DELETE=self.take_back),
            resource("/langsmith/info", NAME, GET=self.info),
            document_route("/langsmith/openapi", NAME, __package__, self._door.knock),
        ]

    async def vote(self, request: Request) -> Response:
        project = await self._project(request, Scope.FEEDBACK_WRITE)
        given = wire.decode_feedback(json_object(await read(request, self._body_bytes_max)))
        stored = await self._service.submit_as_owner(
            project, NAME, AuthLevel.SERVER_KEY, given.message_id, given.vote, comment=given.comment)
        return json_response(wire.encode_feedback(_made(stored)))

    async def votes(self, request: Request) -> Response:
        """Those that stand on the runs that are named."""
        project = await self._project(request, Scope.FEEDBACK_READ)
        runs, limit, offset = wire.decode_query(request.query_params.multi_items())
        found = await asyncio.gather(*(self._standing(project, run) for run in runs))
        return json_response([wire.encode_feedback(each) for each in found if each][offset:offset + limit])

    async def one(self, request: Request) -> Response:
        project = await self._project(request, Scope.FEEDBACK_READ)
        return json_response(wire.encode_feedback(await self._known(project, _feedback_id(request))))

    async def change(self, request: Request) -> Response:
        """Of what is not given the vote keeps what it has."""
        project = await self._project(request, Scope.FEEDBACK_WRITE)
        change = wire.decode_change(json_object(await read(request, self._body_bytes_max)))
        known = await self._known(project, _feedback_id(request))
        vote = change.vote or known.vote
        stored = await self._service.submit(
            Voter(project, known.subject, AuthLevel.SERVER_KEY), NAME, known.message_id, vote,
            change.comment if change.has_comment else known.comment,
            reasons=known.reasons if vote == known.vote else ())
        return json_response(wire.encode_feedback(_made(stored)))

    async def take_back(self, request: Request) -> Response:
        project = await self._project(request, Scope.FEEDBACK_WRITE)
        await self._service.submit_as_owner(project, NAME, AuthLevel.SERVER_KEY, _feedback_id(request), None)
        return json_response({})

    async def make_links(self, request: Request) -> Response:
        """A URL each, by which whoever has it votes on a run as its owner. Nothing is stored."""
        project = await self._project(request, Scope.FEEDBACK_WRITE)
        given = json_value(await read(request, self._body_bytes_max))
        now = self._service.now()
        links = wire.decode_links(given, now)
        for asked in links:
            rules.check_link(asked.expires_at, now)
        made = [wire.encode_link(asked, self._url(request, project, asked)) for asked in links]
        return json_response(made if isinstance(given, list) else made[0])

    async def vote_by_link(self, request: Request) -> Response:
        """The link is all the proof that there is; a body is needed only where its key does not say which vote."""
        await self._door.knock(request)
        link = self._authenticator.by_link_token(path_id(request, "token", "token"))
        self._door.admit_project(request, link.project, NAME)
        page = page_of(request)
        voter = await self._service.owner(link.project, AuthLevel.RECEIPT, link.message_id, page=page)
        await self._door.admit(request, voter, NAME)
        body = json_object(await read(request, self._body_bytes_max)) if _has_body(request) else {}
        await self._service.submit(voter, NAME, link.message_id, wire.decode_vote(link.key, body),
                                   scores.comment(body.get("comment")), page=page)
        return json_response({})

    async def info(self, request: Request) -> Response:
        """What clients ask for before their first feedback."""
        await self._door.knock(request)
        return json_response(wire.encode_info())

    async def _project(self, request: Request, scope: Scope) -> Project:
        await self._door.knock(request)
        return opened(request, self._authenticator, self._door, NAME, scope, key=_api_key(request))

    async def _standing(self, project: Project, message_id: str) -> Feedback | None:
        """Only a message's owner votes on it, so there is one at the most."""
        page = await self._service.feedback(project.id, FeedbackFilter(message_id=message_id), limit=1)
        return page.items[0].feedback if page.items else None

    async def _known(self, project: Project, message_id: str) -> Feedback:
        found = await self._standing(project, message_id)
        if found is None:
            raise NotFound("feedback", message_id)
        return found

    def _url(self, request: Request, project: Project, asked: wire.AskedLink) -> str:
        """Where the link leads: to the host by which it was asked for."""
        scheme = "https" if self._door.came_by_https(request) else "http"
        token = self._authenticator.link_token(VoteLink(project, asked.message_id, asked.key), asked.expires_at)
        return f"{scheme}://{request.headers.get('host', '')}{LINKS}/{token}"


def _api_key(request: Request) -> str:
    """Raises `Unauthenticated` where there is none, or more than one."""
    notes = exchange(request.scope)
    if KEY_HEADER not in notes.asked:
        raise Unauthenticated
    if notes.repeated and len(request.headers.getlist("x-api-key")) > 1:
        raise Unauthenticated(token_invalid=True)
    return notes.asked[KEY_HEADER].decode("latin-1")


def _feedback_id(request: Request) -> str:
    return read_id(path_id(request, "feedback_id", "feedback_id"), "feedback_id")


def _has_body(request: Request) -> bool:
    asked = exchange(request.scope).asked
    return asked.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in asked


def _made(stored: Feedback | None) -> Feedback:
    assert stored is not None  # noqa: S101 - only a removal leaves nothing
    return stored
