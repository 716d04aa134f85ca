"""A cache of the items used most recently, of limited size, shared by threads.

RecentlyUsed(most) -> get(name), keep(name, item)
"""

import threading
from typing import Generic, TypeVar

Item = TypeVar("Item")


class RecentlyUsed(Generic[Item]):
    """most: number of items; when it is exceeded, the least recently used item is dropped."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._items: dict[str, Item] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> Item | None:
        with self._lock:
            item = self._items.pop(name, None)
            if item is not None:
                self._items[name] = item
        return item

    def keep(self, name: str, item: Item) -> Item:
        with self._lock:
            self._items.pop(name, None)
            self._items[name] = item
            if len(self._items) > self._most:
                del self._items[next(iter(self._items))]
        return item
