"""A wall clock that jumps: an hour ahead, then a day back."""

import pytest
from databases import EITHER
from load import settle, vote
from register import Register, violations

pytestmark = pytest.mark.anyio

HOUR_SECONDS = 60 * 60
DAY_SECONDS = 24 * HOUR_SECONDS
TOLERANCE_MILLISECONDS = 60_000


@EITHER
async def test_updated_at_never_goes_back_for_a_row(plaudit, preloaded):
    """A vote made before its predecessor, as the clock has it, gets the predecessor's time; a row that the wrong clock
    never touched has the time of the clock."""
    server, register, seen = plaudit(), Register(), []
    await server.start()
    owner, *_ = [person for person in await settle(server, 4, token_age_days=2) if "user" in person.owner]
    wandering, *_, untouched = owner.message_ids
    for shift_seconds in (0, HOUR_SECONDS, -DAY_SECONDS, 0):
        await server.stop()
        server.environment = preloaded("shifted_clock", CLOCK_SHIFT_SECONDS=str(shift_seconds))
        await server.start()
        seen.append(await vote(server, owner, wandering, register))
    later = await vote(server, owner, untouched, register)
    assert await server.stop() == 0
    assert violations(register, server.database) == []
    first, ahead, *after = [answer.instant for answer in seen]
    assert abs(ahead - first - HOUR_SECONDS * 1000) < TOLERANCE_MILLISECONDS
    assert after == [ahead, ahead]
    assert 0 <= later.instant - first < TOLERANCE_MILLISECONDS
