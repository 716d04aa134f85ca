"""A cache of what takes long to make, for many threads.

MadeOnce(make, most)(key) -> make(key), carried out once: threads that ask for a value being made wait for that one
"""

from collections.abc import Callable, Hashable
from functools import lru_cache
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class MadeOnce(Generic[K, V]):
    """Keeps the values of the keys used last. If `make` raises, the next thread that asks calls it again."""

    def __init__(self, make: Callable[[K], V], most: int) -> None:
        self._make = make
        self._look_up = Lock()
        self._slots = lru_cache(maxsize=most)(lambda _: _Slot[V]())

    def __call__(self, key: K) -> V:
        with self._look_up:
            slot = self._slots(key)
        with slot.lock:
            if not slot.values:
                slot.values.append(self._make(key))
            return slot.values[0]


class _Slot(Generic[V]):
    """Where one value is kept. values: empty until it is made, then that value."""

    __slots__ = ("lock", "values")

    def __init__(self) -> None:
        self.lock = Lock()
        self.values: list[V] = []
