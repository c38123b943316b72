"""The contracts as the element knows them, each with somebody who votes through it."""

from collections.abc import Callable
from dataclasses import dataclass

from running import Person, Plaudit, fresh, guest, user
from wires import HANDAUNCLE, PLAUDIT, SITEASSIST, Wire


@dataclass(frozen=True)
class Way:
    """`undo`, `comments`: what the contract has."""

    wire: Wire
    voter: Callable[[Plaudit], Person]
    who: str
    undo: bool = True
    comments: bool = True

    @property
    def contract(self) -> str:
        return self.wire.name

    def __str__(self) -> str:
        return f"{self.contract}-{self.who}"


WAYS = (
    Way(SITEASSIST, lambda server: server.visitor(), "visitor", comments=False),
    Way(HANDAUNCLE, lambda _: guest(fresh("gus")), "guest", undo=False),
    Way(HANDAUNCLE, lambda _: user(fresh("ann")), "user", undo=False),
    Way(PLAUDIT, lambda _: user(fresh("ann")), "user"),
    Way(PLAUDIT, lambda _: guest(fresh("gus")), "guest"),
)
VISITOR, GUEST, _, USER, _ = WAYS
COMMENTING = [way for way in WAYS if way.comments]
