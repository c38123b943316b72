"""The page of one vote: shown by a GET, stored by a POST, and said no to in the reader's language."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from plaudit import rules
from plaudit.errors import Invalid, PlauditError
from plaudit.http import receipts
from plaudit.http.accepted import accepted
from plaudit.http.door import Door
from plaudit.http.errors import HttpError
from plaudit.http.exchange import Exchange, exchange
from plaudit.http.forms import read_form
from plaudit.http.resource import Resource, resource
from plaudit.model import Contract, Receipt, Vote, Voter
from plaudit.ports import Authenticator
from plaudit.service import Service

if TYPE_CHECKING:
    import jinja2

PATH = "/vote"
NAME = "ballot"
VOTES = {"like": Vote.LIKE, "dislike": Vote.DISLIKE, "": None}
COMMENT_LENGTH_MAX = 1000
LATER = 500  # from this status on, trying again may help
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; "
                               "base-uri 'none'",
    "referrer-policy": "same-origin",  # the receipt stands in the address; and a form must say where it comes from
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}

Words = Mapping[str, str]


class Ballot:
    def __init__(self, service: Service, authenticator: Authenticator, door: Door) -> None:
        self._service = service
        self._authenticator = authenticator
        self._door = door

    async def show(self, request: Request) -> Response:
        """Writes nothing, whatever the address says. `vote` in it is only which button stands out."""
        text = request.query_params.get("receipt", "")
        voter, held = await self._holder(request, text, votes=False)
        rules.check_receipt(held, voter, held.message.id, self._service.now())
        return _page(exchange(request.scope), receipt=text, vote=_known(request.query_params.get("vote", "")))

    async def vote(self, request: Request) -> Response:
        form = await read_form(request)
        text, vote = form.get("receipt", ""), form.get("vote", "")
        voter, held = await self._holder(request, text, votes=True)
        if vote not in VOTES:
            raise Invalid("vote", "must be like, dislike or nothing")
        comment = _comment(form) if vote else None
        await self._service.submit(voter, Contract.PLAUDIT, held.message.id, VOTES[vote], comment, receipt=held)
        words = _words(exchange(request.scope))[1]
        return _page(exchange(request.scope), receipt=text, vote=vote,
                     done=words["thanks" if vote else "taken_back"], asks_why=vote == "dislike" and not comment)

    async def _holder(self, request: Request, text: str, *, votes: bool) -> tuple[Voter, Receipt]:
        """Raises `Invalid`, `Unauthenticated` for one that is no bearer's."""
        await self._door.knock(request)
        voter, held = await receipts.held(text, self._authenticator, votes=votes)
        await self._door.admit(request, voter, Contract.PLAUDIT)
        return voter, held


def routes(service: Service, authenticator: Authenticator, door: Door) -> list[Resource]:
    ballot = Ballot(service, authenticator, door)
    return [resource(PATH, NAME, GET=ballot.show, POST=ballot.vote), resource(f"{PATH}/style.css", NAME, GET=_style)]


class BallotDialect:
    """Says no with a page."""

    prefix = PATH

    def answer(self, error: PlauditError, notes: Exchange) -> Response:
        status = error.status if isinstance(error, HttpError) else STATUSES.get(error.code, LATER)
        words = _words(notes)[1]
        return _page(notes, status, refused=words["later" if status >= LATER or status == STATUSES["rate_limited"]
                                                  else "expired"])


STATUSES = {"invalid": 422, "malformed_body": 400, "unauthenticated": 403, "forbidden": 403, "not_found": 404,
            "conflict": 409, "payment_required": 402, "rate_limited": 429, "unavailable": 503, "dependency_down": 502}
DIALECT = BallotDialect()


def _known(vote: str) -> str:
    return vote if vote in VOTES else ""


def _comment(form: Mapping[str, str]) -> str | None:
    comment = form.get("comment", "").strip()
    if len(comment) > COMMENT_LENGTH_MAX or "\0" in comment:
        raise Invalid("comment", f"must be at most {COMMENT_LENGTH_MAX} characters, none of them NUL")
    return comment or None


async def _style(_request: Request) -> Response:
    return Response(_file("style.css"), media_type="text/css", headers={"cache-control": "public, max-age=300"})


# ---------------------------------------------------------------- the page


def _page(notes: Exchange, status: int = 200, **values: object) -> Response:
    language, words = _words(notes)
    shown = {"receipt": "", "vote": "", "done": None, "asks_why": False, "refused": None, **values}
    html = _template().render(language=language, t=words, path=PATH, **shown)
    return Response(html, status, media_type="text/html; charset=utf-8", headers=HEADERS)


def _words(notes: Exchange) -> tuple[str, Words]:
    """In the reader's language."""
    catalogue = _catalogue()
    code = accepted(notes.asked.get(b"accept-language", b"").decode("latin-1"), catalogue, "en")
    return code, catalogue[code]


@cache
def _catalogue() -> Mapping[str, Words]:
    return tomllib.loads(_file("words.toml").decode("utf-8"))


@cache
def _file(name: str) -> bytes:
    return files(__package__).joinpath(name).read_bytes()


@cache
def _template() -> "jinja2.Template":
    import jinja2  # noqa: PLC0415 -- a server whose pages nobody looks at need not carry it

    environment = jinja2.Environment(autoescape=True, loader=jinja2.PackageLoader(__package__), lstrip_blocks=True,
                                     trim_blocks=True, undefined=jinja2.StrictUndefined)
    return environment.get_template("ballot.html")
