"""Votes as exports have them, with all that was ever said of each: plans. See `exporting`."""

from collections.abc import Sequence

from plaudit.counts import Selection
from plaudit.exported import ExportedVote, ExportPage, Moment, Past, Position
from plaudit.model import Message, Subject
from plaudit.store import exporting, rows
from plaudit.store.importing import Begun, past
from plaudit.store.plans import Ask, Steps


def votes(project_id: str, wanted: Selection, at: Moment, after: Position, *, entries: int, until: Position | None
          ) -> Steps[ExportPage]:
    """Also those that had been taken back."""
    page = yield from exporting.votes(project_id, wanted, at, after, entries=entries, until=until, taken_back=True)
    ids = {vote.message_id for vote in page.votes} | {vote.question_id for vote in page.votes if vote.question_id}
    found = yield Ask("read_messages_by_id", {"project_id": project_id, "ids": sorted(ids)})
    messages = {row[1]: rows.message(row[:rows.MESSAGE_WIDTH]) for row in found}
    pasts = []
    for vote in page.votes:
        chains = yield from past(project_id, vote.message_id)
        pasts.append(_past(vote, chains, messages))
    return ExportPage(page.votes, page.position, tuple(pasts))


def _past(vote: ExportedVote, chains: Sequence[Begun], messages: dict[str, Message]) -> Past:
    place = vote.revision - 1
    entries = next(each.entries for each in chains
                   if len(each.entries) > place and each.entries[place].subject.key == vote.subject)
    chain, later = entries[:vote.revision], entries[vote.revision:]
    became_another = any(entry.subject.key != vote.subject for entry in later)
    owner = messages[vote.message_id].owner if vote.vote is None and not became_another else Subject(vote.subject)
    question = messages.get(vote.question_id or "")
    return Past(chain, owner, question.created_at if question else None)
