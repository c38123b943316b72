"""Exports of Plaudit's own API: all votes of one moment, a page after the other, each sent while it is read."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from plaudit.deeds import Action
from plaudit.errors import Invalid
from plaudit.exports import parquet
from plaudit.exports.exporting import Cursor, Exports, Wanted, cursor_of
from plaudit.exports.formats import MEDIA_TYPES, Format, Writer, writer
from plaudit.exports.training import UnpairedLines
from plaudit.http.api import analytics_query
from plaudit.http.api.proof import Proof
from plaudit.http.api.query import Reader, members, number, one_of, text_up_to
from plaudit.http.resource import Resource, resource
from plaudit.instants import to_text
from plaudit.model import Project, Scope
from plaudit.service import Service

LIMIT_MAX = 100_000
LIMIT_DEFAULT = 10_000
CURSOR_LENGTH_MAX = 4096  # with every transaction that was under way
BOOLEAN: Reader = one_of({"true": True, "false": False})
READERS: dict[str, Reader] = {
    "format": members(Format), "limit": number(1, LIMIT_MAX), "cursor": text_up_to(CURSOR_LENGTH_MAX),
    "consented": BOOLEAN, "redacted": BOOLEAN, "bom": BOOLEAN,
}

_encode_lines = msgspec.json.Encoder().encode_lines


@dataclass(frozen=True, slots=True)
class Asked:
    wanted: Wanted
    format: Format
    limit: int  # entries of the history, of which each gives a vote or none
    cursor: Cursor | None
    bom: bool


def routes(service: Service, proof: Proof) -> list[Resource]:
    return [resource("/v1/exports/feedback", "plaudit", GET=_Export(service, proof).export)]


class _Export:
    def __init__(self, service: Service, proof: Proof) -> None:
        self._service = service
        self._exports = Exports(service)
        self._proof = proof

    async def export(self, request: Request) -> Response:
        project, key = await self._proof.key(request, Scope.FEEDBACK_READ)
        asked = _asked(request, project)
        at = asked.cursor or await self._exports.begin(project.id)
        until = await self._exports.further(project.id, at, asked.limit)
        headers = {"x-export-as-of": to_text(at.moment.at), **({"x-export-cursor": str(until)} if until else {})}
        media_type = MEDIA_TYPES[asked.format]
        if request.method == "HEAD":
            return Response(headers=headers, media_type=media_type)
        await self._service.audit(project.id, key.id, Action.EXPORTED, {"format": asked.format.value, "as_of": str(at)})
        lines = _writer(asked)
        return StreamingResponse(self._pieces(project, asked, lines, at, until), headers=headers, media_type=media_type)

    async def _pieces(self, project: Project, asked: Asked, lines: Writer, at: Cursor, until: Cursor | None
                      ) -> AsyncIterator[bytes]:
        """Of the body. Whoever asked may be slow, or gone: a part waits for them, and no more than one."""
        yield lines.begin()
        async with aclosing(self._exports.parts(project.id, asked.wanted, at, until=until)) as parts:
            async for part in parts:
                yield lines.write(part.lines)
        yield lines.end()


def _writer(asked: Asked) -> Writer:
    if asked.format in {Format.KTO, Format.SFT}:
        return UnpairedLines(asked.format, _encode_lines)
    return writer(asked.format, _encode_lines, first=asked.cursor is None, bom=asked.bom)


def _asked(request: Request, project: Project) -> Asked:
    """Raises `Invalid`."""
    selection, more = analytics_query.selected(request, project, READERS)
    form = more.get("format", Format.JSONL)
    if form is Format.DPO:
        raise Invalid("format", "dpo is made of all votes at once: use `plaudit export`")
    if form is Format.PARQUET and not parquet.is_there():
        raise Invalid("format", f"parquet {parquet.HOW_TO_INSTALL}")
    cursor = more.get("cursor")
    return Asked(
        Wanted(selection, consented=more.get("consented", False), redacted=more.get("redacted", False)),
        form, more.get("limit", LIMIT_DEFAULT), None if cursor is None else cursor_of(cursor), more.get("bom", False))
