"""64 numbers, one a bucket, as one integer: number n is its bits from 32·n on. Sums of such integers are sums of all
numbers at once, which is how thousands of totals are added up in a few milliseconds.

No number gets near 2³² (that would be four thousand million votes of one bucket), so none runs over into its
neighbour; and as long as none of the sums is negative, it does not matter in which order some of the numbers were.
"""

import struct

from plaudit.model import BUCKETS

BITS = 32
_NUMBERS = struct.Struct(f"<{BUCKETS}I")
NONE = (0,) * BUCKETS


def lane(bucket: int, number: int) -> int:
    """`number` for that bucket; it may be negative when what it is added to is large enough."""
    return number << (BITS * bucket)


def numbers(lanes: int) -> tuple[int, ...]:
    """Raises `OverflowError` for a negative sum: something was taken away that had never been added."""
    return _NUMBERS.unpack(lanes.to_bytes(_NUMBERS.size, "little")) if lanes else NONE


def pack(lanes: int) -> bytes | None:
    """One, two or four bytes each, whatever the largest of them needs; None for noughts. Raises as `numbers`."""
    if not lanes:
        return None
    wide = lanes.to_bytes(_NUMBERS.size, "little")
    if any(wide[2::4]) or any(wide[3::4]):
        return wide
    low, high = wide[0::4], wide[1::4]
    if not any(high):
        return low
    narrow = bytearray(2 * BUCKETS)
    narrow[0::2], narrow[1::2] = low, high
    return bytes(narrow)


def unpack(packed: bytes | None) -> int:
    """What `pack` packed."""
    if packed is None:
        return 0
    width = len(packed) // BUCKETS
    if width == BITS // 8:
        return int.from_bytes(packed, "little")
    wide = bytearray(_NUMBERS.size)
    for place in range(width):
        wide[place::4] = packed[place::width]
    return int.from_bytes(wide, "little")
