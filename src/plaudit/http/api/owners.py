"""Drafts with their owners become messages. A guest's subject is not ours to know: the authenticator tells it."""

import asyncio
from collections.abc import Hashable, Mapping
from typing import TypeVar

from plaudit.errors import Invalid
from plaudit.http.registration import Draft, GuestOwner, known_owner
from plaudit.model import Message, Project, Subject
from plaudit.ports import Authenticator

GUESTS_AT_ONCE = 64  # each may bind a device: together they share commits, all at once they would fill the queue

K = TypeVar("K", bound=Hashable)


class Owners:
    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    async def message(self, project: Project, draft: Draft) -> Message:
        """Raises `Invalid` for a guest who can be nobody."""
        message = (await self.messages(project, {"": draft}))[""]
        if isinstance(message, Invalid):
            raise message
        return message

    async def messages(self, project: Project, drafts: Mapping[K, Draft]) -> dict[K, Message | Invalid]:
        """Each draft as a message, or why its guest can be nobody."""
        guests = await self._guests(project, {draft.guest for draft in drafts.values() if draft.guest})
        made: dict[K, Message | Invalid] = {}
        for key, draft in drafts.items():
            owner = guests[draft.guest] if draft.guest else known_owner(draft.registration.owner)
            made[key] = owner if isinstance(owner, Invalid) else draft.message(project.id, owner)
        return made

    async def _guests(self, project: Project, wanted: set[GuestOwner]) -> dict[GuestOwner, Subject | Invalid]:
        waiting = list(wanted)
        found: dict[GuestOwner, Subject | Invalid] = {}
        while waiting:
            some, waiting = waiting[:GUESTS_AT_ONCE], waiting[GUESTS_AT_ONCE:]
            subjects = await asyncio.gather(*(self._guest(project, guest) for guest in some))
            found.update(zip(some, subjects, strict=True))
        return found

    async def _guest(self, project: Project, guest: GuestOwner) -> Subject | Invalid:
        try:
            return await self._authenticator.guest_subject(project, guest.device_id, guest.user_id)
        except Invalid as error:
            return Invalid(f"owner.guest.{error.field}", error.reason)
