"""The numbers of Plaudit's own API: which answers, which look at them, and the answer as JSON or CSV."""

import hashlib

from starlette.requests import Request
from starlette.responses import Response

from plaudit.analytics import Analytics
from plaudit.counts import Period
from plaudit.http import body
from plaudit.http.api import analytics_csv, analytics_query, analytics_wire
from plaudit.http.api.analytics_query import Asked
from plaudit.http.api.analytics_wire import Json
from plaudit.http.api.proof import Proof
from plaudit.http.api.query import Reader
from plaudit.http.resource import Resource, resource
from plaudit.model import Project, Scope

NOT_MODIFIED = 304
JSON = "application/json"
ETAG_DIGITS = 32
HEADERS = {"cache-control": "private, no-cache", "vary": "Accept"}  # kept by whoever asked, and asked about each time


def routes(analytics: Analytics, proof: Proof) -> list[Resource]:
    numbers = Numbers(analytics, proof)
    return [
        resource("/v1/analytics/summary", "plaudit", GET=numbers.summary),
        resource("/v1/analytics/series", "plaudit", GET=numbers.series),
        resource("/v1/analytics/breakdown", "plaudit", GET=numbers.breakdown),
        resource("/v1/analytics/compare", "plaudit", GET=numbers.compare),
        resource("/v1/analytics/ranking", "plaudit", GET=numbers.ranking),
    ]


class Numbers:
    def __init__(self, analytics: Analytics, proof: Proof) -> None:
        self._analytics = analytics
        self._proof = proof

    async def summary(self, request: Request) -> Response:
        project, asked = await self._asked(request, {})
        found = await self._analytics.summary(project, asked.selection)
        if asked.csv:
            return _csv(request, analytics_csv.summary(found))
        return _json(request, project, asked, analytics_wire.rates(found))

    async def series(self, request: Request) -> Response:
        project, asked = await self._asked(request, analytics_query.SERIES)
        per = asked.more.get("per", Period.DAY)
        found = await self._analytics.series(project, asked.selection, per)
        if asked.csv:
            return _csv(request, analytics_csv.series(found))
        return _json(request, project, asked, analytics_wire.series(found))

    async def breakdown(self, request: Request) -> Response:
        project, asked = await self._asked(request, analytics_query.BY)
        found = await self._analytics.breakdown(project, asked.selection, analytics_query.required(asked, "by"))
        if asked.csv:
            return _csv(request, analytics_csv.breakdown(found))
        return _json(request, project, asked, analytics_wire.breakdown(found))

    async def compare(self, request: Request) -> Response:
        project, asked = await self._asked(request, analytics_query.COMPARE)
        by, arms = analytics_query.required(asked, "by"), asked.more.get("arms", [])
        expected, margin = asked.more.get("expected"), asked.more.get("margin", analytics_query.MARGIN_DEFAULT)
        analytics_query.check_arms(arms)
        found = await self._analytics.compare(
            project, asked.selection, by, arms, margin=margin, expected=expected)
        if asked.csv:
            return _csv(request, analytics_csv.comparison(found))
        return _json(request, project, asked, analytics_wire.comparison(found))

    async def ranking(self, request: Request) -> Response:
        project, asked = await self._asked(request, analytics_query.BY)
        found = await self._analytics.ranking(project, asked.selection, analytics_query.required(asked, "by"))
        if asked.csv:
            return _csv(request, analytics_csv.ranking(found))
        return _json(request, project, asked, analytics_wire.ranking(found))

    async def _asked(self, request: Request, readers: dict[str, Reader]) -> tuple[Project, Asked]:
        project = await self._proof.project(request, Scope.FEEDBACK_READ)
        return project, analytics_query.read(request, project, readers)


def _json(request: Request, project: Project, asked: Asked, found: Json) -> Response:
    return _unless_known(request, body.to_json({**analytics_wire.asked(project, asked.selection), **found}), JSON)


def _csv(request: Request, content: bytes) -> Response:
    return _unless_known(request, content, analytics_csv.MEDIA_TYPE)


def _unless_known(request: Request, content: bytes, media_type: str) -> Response:
    """304 without the content to whoever has exactly this already (RFC 9110, 13.1.2)."""
    headers = {**HEADERS, "etag": f'"{hashlib.sha256(content).hexdigest()[:ETAG_DIGITS]}"'}
    if is_known(", ".join(request.headers.getlist("if-none-match")), headers["etag"]):
        return Response(status_code=NOT_MODIFIED, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def is_known(if_none_match: str, etag: str) -> bool:
    """Compared weakly, as is prescribed: a proxy that compresses may have made the tag a weak one."""
    known = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in known or etag in known
