"""A dictionary that forgets its oldest entries rather than grow."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """At most `entries_max` entries; putting one more drops whichever was put first.

    Order is by insertion and not by use: a hit then changes nothing, and costs no more than the look-up. An
    `OrderedDict` for its `popitem`: dropping the first key of a plain one walks over all that were dropped before.
    """

    def __init__(self, entries_max: int) -> None:
        self._entries: OrderedDict[K, V] = OrderedDict()
        self._entries_max = entries_max
        self.get = self._entries.get  # the dictionary's own, without a call in between

    def put(self, key: K, value: V) -> None:
        self._entries.pop(key, None)
        self._entries[key] = value
        if len(self._entries) > self._entries_max:
            self._entries.popitem(last=False)

    def forget(self, key: K) -> None:
        self._entries.pop(key, None)

    def drop(self, unwanted: Callable[[V], bool]) -> None:
        """Forget every entry whose value is unwanted. Walks over all of them."""
        for key in [key for key, value in self._entries.items() if unwanted(value)]:
            del self._entries[key]

    def __len__(self) -> int:
        return len(self._entries)
