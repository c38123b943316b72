"""How often one may ask, with a clock that the test turns."""

from dataclasses import replace

import pytest

from plaudit.errors import RateLimited
from plaudit.http import limits
from plaudit.http.exchange import Exchange
from plaudit.http.limits import Limiter
from plaudit.model import AuthLevel, Limits, Plan, Project, Subject, SubjectKind, Voter

pytestmark = pytest.mark.anyio

SHOP = Project("shop", "Shop", Plan("pro", frozenset({"feedback"})), "pro", limits=Limits(per_subject=2, per_project=5))


def voter(name: str, project: Project = SHOP) -> Voter:
    return Voter(project, Subject.of(SubjectKind.VISITOR, name), AuthLevel.SESSION)


class Asking:
    """A limiter, and the seconds that its clock shows."""

    def __init__(self, per_address: int = 0) -> None:
        self.seconds = 1000.0
        self._limiter = Limiter(per_address=per_address, clock=lambda: self.seconds)

    async def ask(self, who: Voter | None = None, address: str = "192.0.2.1") -> tuple[int, int, int] | str | None:
        """What the RateLimit headers say: allowed, left, seconds to wait; or why it was refused."""
        exchange = Exchange("POST", [])
        try:
            await self._limiter.address(exchange, address)
            if who:
                await self._limiter.voter(exchange, who)
        except RateLimited as refusal:
            _, left, reset_seconds = exchange.limit or (0, 0, 0)
            return f"wait {reset_seconds}" if (left, reset_seconds) == (0, refusal.retry_after_seconds) else "confused"
        return exchange.limit


async def test_a_voter_may_ask_so_often_in_a_minute():
    """Then waits for the window's end, in whole seconds and at least one; another voter does not."""
    asking = Asking()
    assert [await asking.ask(voter("ann")) for _ in range(2)] == [(2, 1, 60), (2, 0, 60)]
    asking.seconds += 59.5
    assert [await asking.ask(voter("ann")), await asking.ask(voter("bob"))] == ["wait 1", (2, 1, 1)]
    asking.seconds += 0.5
    assert await asking.ask(voter("ann")) == (2, 1, 60)


async def test_what_one_voter_asks_too_much_is_not_counted_against_its_project():
    """Or one of them could silence all the others."""
    asking = Asking()
    assert [await asking.ask(voter("ann")) for _ in range(100)][2:] == ["wait 60"] * 98
    assert [await asking.ask(voter(name)) for name in ("bob", "bob", "cat", "dan")] == [
        (2, 1, 60), (2, 0, 60), (5, 0, 60), "wait 60"]


async def test_the_count_that_runs_out_first_is_told():
    """Whether it is the address's, the voter's or the project's."""
    asking = Asking(per_address=3)
    assert [await asking.ask(voter(name)) for name in ("ann", "bob", "cat")] == [(2, 1, 60), (2, 1, 60), (3, 0, 60)]
    assert await asking.ask(voter("dan")) == "wait 60"
    assert await asking.ask(voter("dan"), "192.0.2.2") == (5, 1, 60)


async def test_projects_and_voters_of_one_name_are_counted_apart():
    """A subject is somebody in one project."""
    asking, other = Asking(), replace(SHOP, id="other")
    assert [await asking.ask(voter("ann")), await asking.ask(voter("ann", other))] == [(2, 1, 60)] * 2


async def test_a_limit_of_0_is_none():
    """Nothing is counted, and nothing told."""
    free = replace(SHOP, limits=Limits(per_subject=0, per_project=0))
    assert {await Asking().ask(voter("ann", free)) for _ in range(1000)} == {None}


@pytest.mark.parametrize("address", ["192.0.2.{}", "2001:db8:0:{}::1"])
async def test_strangers_without_number_cannot_fill_the_memory(address, monkeypatch):
    """Whoever comes when there are too many to count shares one count; those counted before keep their own."""
    monkeypatch.setattr(limits, "KEYS_MAX", 3)
    asking = Asking(per_address=2)
    asked = [await asking.ask(address=address.format(number)) for number in range(8)]
    assert asked == [(2, 1, 60)] * 4 + [(2, 0, 60)] + ["wait 60"] * 3
    assert await asking.ask(address=address.format(0)) == (2, 0, 60)
    assert len(asking._limiter._local) == 4
