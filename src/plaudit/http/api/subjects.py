"""Everything about one person, given out or erased. Who that is stands in the path, as an owner does in a
registration."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from plaudit.http import body, registration
from plaudit.http.api import query, subject_wire
from plaudit.http.api.proof import Proof
from plaudit.http.resource import Resource, path_id, resource
from plaudit.model import Project, Scope
from plaudit.people import Person
from plaudit.ports import Authenticator
from plaudit.service import Service

NDJSON = "application/x-ndjson"
VOTES = {"votes": query.one_of({"keep": False, "remove": True})}


class Subjects:
    def __init__(self, service: Service, authenticator: Authenticator, proof: Proof) -> None:
        self._service = service
        self._authenticator = authenticator
        self._proof = proof

    def routes(self) -> list[Resource]:
        return [resource(path, "plaudit", GET=self.export_subject, DELETE=self.erase_subject) for path in (
            "/v1/subjects/user/{issuer}/{subject}", "/v1/subjects/guest/{device_id}/{user_id}",
            "/v1/subjects/visitor/{id}")]

    async def export_subject(self, request: Request) -> Response:
        """The first line is waited for, so that whatever is refused is refused with a status."""
        project, key = await self._proof.key(request, Scope.ADMIN)
        query.parameters(request, {})
        lines = subject_wire.lines(self._service.give_out(project.id, self._person(request, project), actor=key.id))
        return StreamingResponse(_after(await anext(lines), lines), media_type=NDJSON)

    async def erase_subject(self, request: Request) -> Response:
        project, key = await self._proof.key(request, Scope.ADMIN)
        removes_votes = query.parameters(request, VOTES).get("votes", False)
        person = self._person(request, project)
        erased, purged = await self._service.erase(project.id, person, actor=key.id, removes_votes=removes_votes)
        if person.device:
            self._authenticator.forget_guest(project, person.subject)
        return body.json_response(subject_wire.erased(erased, purged=purged))

    def _person(self, request: Request, project: Project) -> Person:
        """Raises `Invalid` naming a part of the path."""
        named = {name: path_id(request, name, name) for name in request.path_params}
        if "device_id" in named:
            return self._authenticator.guest(project, named["device_id"], named["user_id"])
        return Person(registration.named_owner({"visitor" if "id" in named else "user": named}))


async def _after(first: bytes, lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for line in lines:
        yield line
