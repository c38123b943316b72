"""What every server here is watched for, whatever the test: a process that grows, a log that tells."""

import pytest
from footprint import Footprint
from serving import GROWTH, SERVER_KEY

pytestmark = pytest.mark.anyio

BEFORE = Footprint(resident_mb=70, descriptors=22, threads=4)


@pytest.mark.parametrize(("now", "told"), [
    (Footprint(70, 22, 4), []),
    (Footprint(118, 54, 12), []),
    (Footprint(119, 54, 12), ["I8 resident_mb grew from 70 to 119, by more than 48"]),
    (Footprint(60, 86, 4), ["I8 descriptors grew from 22 to 86, by more than 32"]),
    (Footprint(70, 22, 13), ["I8 threads grew from 4 to 13, by more than 8"]),
])
def test_what_a_process_holds_too_much_of_is_told(now, told):
    """Each of the three by itself: sixty-four clients that are never let go are found."""
    assert now.beyond(BEFORE, GROWTH) == told


@pytest.mark.parametrize(("line", "told"), [
    ('{"event": "vote", "message_id": "m-1"}', []),
    ('{"event": "vote", "comment": "number 1"}', ["number"]),
    (f'{{"event": "request", "authorization": "Bearer {SERVER_KEY}"}}', [SERVER_KEY]),
])
async def test_what_a_log_shows_and_should_not_is_told(plaudit, line, told):
    """A comment, and whatever opens something."""
    server = plaudit()
    server._log.write_text(line + "\n")
    assert server.told_secrets == told
    server._log.write_text("")
