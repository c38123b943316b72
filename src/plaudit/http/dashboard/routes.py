"""The table of pages."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from plaudit.analytics import Analytics
from plaudit.charts.drawing import Drawing
from plaudit.http.dashboard import rendering
from plaudit.http.dashboard.numbers import NumberPages
from plaudit.http.dashboard.rendering import HEADERS, MEDIA_TYPES, PATH
from plaudit.http.dashboard.reviewing import ReviewPages
from plaudit.http.dashboard.signing_in import RETURN, SIGN_IN, SigningIn
from plaudit.http.dashboard.visit import Reception
from plaudit.http.door import Door
from plaudit.http.errors import RouteNotFound
from plaudit.http.metrics import Metrics
from plaudit.http.resource import Resource, resource
from plaudit.ports import Viewers
from plaudit.service import Service

KEPT = {**HEADERS, "cache-control": "public, max-age=31536000, immutable"}
NAME = "dashboard"


@dataclass(frozen=True, slots=True)
class Parts:
    """What the pages need beside what every operation has."""

    viewers: Viewers
    drawing: Drawing


def routes(service: Service, analytics: Analytics, parts: Parts, door: Door, metrics: Metrics) -> list[Resource]:
    page = Reception(parts.viewers, door, service.now).page
    numbers = NumberPages(analytics, parts.drawing, metrics)
    reading = ReviewPages(service, analytics)
    signing_in = SigningIn(parts.viewers, door, parts.drawing)
    return [
        resource(PATH, NAME, GET=page(numbers.overview)),
        resource(f"{PATH}/trends", NAME, GET=page(numbers.trends)),
        resource(f"{PATH}/compare", NAME, GET=page(numbers.compare)),
        resource(f"{PATH}/ranking", NAME, GET=page(numbers.ranking)),
        resource(f"{PATH}/review", NAME, GET=page(reading.review), POST=page(reading.mark)),
        resource(f"{PATH}/messages/{{id}}", NAME, GET=page(reading.message)),
        resource(SIGN_IN, NAME, GET=signing_in.sign_in_page, POST=signing_in.sign_in),
        resource(f"{SIGN_IN}/start", NAME, GET=signing_in.depart),
        resource(RETURN, NAME, GET=signing_in.arrive),
        resource(f"{PATH}/sign-out", NAME, POST=signing_in.sign_out),
        resource(f"{PATH}/static/{{name}}", NAME, GET=static),
    ]


async def static(request: Request) -> Response:
    name: str = request.path_params["name"]
    if name not in MEDIA_TYPES:
        raise RouteNotFound
    return Response(rendering.static(name), media_type=MEDIA_TYPES[name], headers=KEPT)
