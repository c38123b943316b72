"""POST /v1/otlp/v1/traces: spans come in, answers among them are registered, slice by slice."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import Response

from plaudit.errors import Conflict, Invalid
from plaudit.http import registration
from plaudit.http.api import batch, query
from plaudit.http.api.otlp import reading
from plaudit.http.api.otlp.conventions import registrations
from plaudit.http.api.otlp.encodings import Encoding, encoding_of
from plaudit.http.api.otlp.spans import Attributes, Span
from plaudit.http.api.owners import Owners
from plaudit.http.api.proof import Proof
from plaudit.http.exchange import exchange
from plaudit.http.registration import Draft
from plaudit.model import Message, Project, Scope
from plaudit.service import Service

REASONS_MAX = 5  # that are told of those spans that were rejected

log = structlog.get_logger("plaudit.otlp")

Key = tuple[int, int]  # the span's number, and which of its messages


@dataclass(slots=True)
class Rejected:
    """Why spans were not registered, by their numbers; and the ids of those that could be read."""

    reasons: dict[int, str] = field(default_factory=dict)
    ids: dict[int, str] = field(default_factory=dict)

    def because(self, number: int, error: Invalid | Conflict) -> None:
        reason = f"{error.field}: {error.reason}" if isinstance(error, Invalid) else (
            f"the {error.resource} is registered with another {error.field}")
        self.reasons.setdefault(number, reason)

    @property
    def message(self) -> str:
        first = sorted(self.reasons.items())[:REASONS_MAX]
        told = [f"span {self.ids.get(number) or number}: {reason}" for number, reason in first]
        more = len(self.reasons) - len(told)
        return "; ".join([*told, f"and {more} more"] if more else told)


class Traces:
    def __init__(self, service: Service, owners: Owners, proof: Proof) -> None:
        self._service = service
        self._owners = owners
        self._proof = proof

    async def register_spans(self, request: Request) -> Response:
        project = await self._proof.project(request, Scope.MESSAGES_WRITE)
        query.parameters(request, {})
        encoding = encoding_of(exchange(request.scope).asked.get(b"content-type", b""))
        sent = encoding.cut(await reading.read(request))
        rejected, resources = Rejected(), Resources(encoding)
        for first, spans in batch.cut(1, sent.spans):
            drafts: dict[Key, Draft] = {}
            for number, raw in enumerate(spans, first):
                try:
                    resource = resources.attributes(sent.resources[number - 1])
                    span = encoding.span(raw, resource)
                    rejected.ids[number] = span.span_id
                    drafts.update(self._drafts(number, span))
                except Invalid as error:
                    rejected.because(number, error)
            await self._register(project, drafts, rejected)
            await asyncio.sleep(0)  # let others be answered, also when a slice had nothing to store
        if rejected.reasons:  # not every SDK says what it is answered
            log.warning("spans rejected", project=project.id, spans=len(rejected.reasons), reason=rejected.message)
        return Response(encoding.answer(len(rejected.reasons), rejected.message), media_type=encoding.media_type)

    def _drafts(self, number: int, span: Span) -> dict[Key, Draft]:
        """Of a span with a question and an answer, both or none. Raises `Invalid`."""
        found = registrations(span, self._service.now())
        return {(number, which): registration.draft_of(given, at) for which, (given, at) in enumerate(found)}

    async def _register(self, project: Project, drafts: Mapping[Key, Draft], rejected: Rejected) -> None:
        messages: dict[Key, Message] = {}
        for key, message in (await self._owners.messages(project, drafts)).items():
            if isinstance(message, Invalid):
                rejected.because(key[0], message)
            else:
                messages[key] = message
        outcomes = await self._service.register(list(messages.values()))
        for (number, _), outcome in zip(messages, outcomes, strict=True):
            if isinstance(outcome, Conflict):
                rejected.because(number, outcome)


class Resources:
    """Each is read once: its spans come one after the other."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._last: tuple[Any, Attributes | Invalid] | None = None

    def attributes(self, raw: Any) -> Attributes:
        """Raises `Invalid`."""
        if self._last is None or self._last[0] is not raw:
            try:
                self._last = raw, self._encoding.resource(raw)
            except Invalid as error:
                self._last = raw, error
        found = self._last[1]
        if isinstance(found, Invalid):
            raise found
        return found
