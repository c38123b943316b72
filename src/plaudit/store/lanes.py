"""What is counted in one place as one integer: 64 numbers for each of `MEASURES`, 32 bits each, one a bucket of people.

Sums of such integers are sums of all the numbers at once, which is how thousands of totals are added up in a few
milliseconds. No number gets near 2³² (that would be four thousand million votes of one bucket), so none runs over into
its neighbour; and as long as no sum is negative in the end, it does not matter what was added first.
"""

import struct
from collections.abc import Sequence

from plaudit.counts import BUCKETS

MEASURES = SHOWN, LIKES, DISLIKES = range(3)
BITS = 32
BYTES = BITS // 8
_NUMBERS = struct.Struct(f"<{BUCKETS * len(MEASURES)}I")

Numbers = tuple[int, ...]
Packed = bytes | None


def lane(measure: int, bucket: int, number: int) -> int:
    """`number` in its place. It may be negative when what it is added to is large enough."""
    return number << (BITS * (BUCKETS * measure + bucket))


def numbers(lanes: int) -> tuple[Numbers, Numbers, Numbers]:
    """Each measure's, by bucket. Raises `OverflowError` for a negative sum: what is taken away was never added."""
    found = _NUMBERS.unpack(lanes.to_bytes(_NUMBERS.size, "little"))
    return found[:BUCKETS], found[BUCKETS:2 * BUCKETS], found[2 * BUCKETS:]


def pack(lanes: int) -> tuple[Packed, ...]:
    """Each measure's numbers, four bytes each; None for noughts. Raises as `numbers`."""
    wide = lanes.to_bytes(_NUMBERS.size, "little")
    parts = [wide[start:start + BUCKETS * BYTES] for start in range(0, len(wide), BUCKETS * BYTES)]
    return tuple(part if any(part) else None for part in parts)


def pack_small(lanes: int) -> tuple[Packed, ...]:
    """The same with one, two or four bytes each, whatever the largest number needs: less to store, more to unpack."""
    return tuple(part and _narrow(part) for part in pack(lanes))


def unpack(packed: Sequence[Packed]) -> int:
    """What either packed."""
    lanes = 0
    for part in reversed(packed):
        lanes <<= BITS * BUCKETS
        if part is not None:
            lanes |= int.from_bytes(part if len(part) == BUCKETS * BYTES else _wide(part), "little")
    return lanes


def _narrow(wide: bytes) -> bytes:
    if any(wide[2::BYTES]) or any(wide[3::BYTES]):
        return wide
    low, high = wide[0::BYTES], wide[1::BYTES]
    if any(high):
        pairs = bytearray(2 * BUCKETS)
        pairs[0::2], pairs[1::2] = low, high
        return bytes(pairs)
    return low


def _wide(packed: bytes) -> bytes:
    width = len(packed) // BUCKETS
    wide = bytearray(BUCKETS * BYTES)
    for place in range(width):
        wide[place::BYTES] = packed[place::width]
    return bytes(wide)
