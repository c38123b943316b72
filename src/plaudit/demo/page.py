"""The page of `plaudit demo`: conversations that nobody had, and thumbs that vote through every way there is.

The page is built on the public contracts only; what it is given here is what any front end would have.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from plaudit.http.resource import Resource, resource

PATH = "/demo"
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                               "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class DemoVoters:
    """Whom the page votes as."""

    publishable_key: str
    visitor_device: str  # SiteAssist's saVid
    guest_device: str
    guest_user: str
    user_token: Callable[[], str]  # a fresh token of the development issuer


def routes(voters: DemoVoters) -> list[Resource]:
    environment = Environment(loader=PackageLoader("plaudit.demo"), autoescape=True, undefined=StrictUndefined)
    template = environment.get_template("demo.html")

    async def page(_request: Request) -> Response:
        html = template.render(voters=voters, user_token=voters.user_token())
        return Response(html, media_type="text/html", headers=HEADERS)

    return [
        resource(PATH, "demo", GET=page),
        _static("demo.js", "text/javascript"),
        _static("demo.css", "text/css"),
    ]


def _static(name: str, media_type: str) -> Resource:
    content = files("plaudit.demo").joinpath("static", name).read_bytes()

    async def static(_request: Request) -> Response:
        return Response(content, media_type=media_type, headers=HEADERS)

    return resource(f"{PATH}/{name}", "demo", GET=static)
