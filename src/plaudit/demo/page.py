"""The page of `plaudit demo`: a chat with thumbs, as whoever and through whichever contract its reader chooses."""

from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from plaudit.demo.chat import ANSWERS, QUESTION_LENGTH_MAX, Chat
from plaudit.http.resource import Resource, resource

PATH = "/demo"
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                               "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",  # the next demo is another one
}
MEDIA_TYPES = {"demo.js": "text/javascript", "demo.css": "text/css"}


def routes(chat: Chat) -> list[Resource]:
    return [
        resource(PATH, "demo", GET=_page),
        resource(f"{PATH}/chat", "demo", GET=chat.read, POST=chat.ask),
        resource(f"{PATH}/proof", "demo", GET=chat.proof),
        resource(f"{PATH}/numbers", "demo", GET=chat.numbers),
        *(_static(name, media_type) for name, media_type in MEDIA_TYPES.items()),
    ]


async def _page(_request: Request) -> Response:
    environment = Environment(loader=PackageLoader("plaudit.demo"), autoescape=True, undefined=StrictUndefined)
    html = environment.get_template("demo.html").render(questions=ANSWERS, question_length_max=QUESTION_LENGTH_MAX)
    return Response(html, media_type="text/html", headers=HEADERS)


def _static(name: str, media_type: str) -> Resource:
    content = files("plaudit.demo").joinpath("static", name).read_bytes()

    async def static(_request: Request) -> Response:
        return Response(content, media_type=media_type, headers=HEADERS)

    return resource(f"{PATH}/{name}", "demo", GET=static)
