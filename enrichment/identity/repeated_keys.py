"""Which of many keys occur more than once, in 8 bytes a key: what a long list is compared by. Pure.

note(keys of a row), for each row   ->   occurs_again(row)
"""

from array import array
from collections.abc import Hashable, Iterable, Iterator
from itertools import pairwise

_PARTS = 16
"""Keys are sorted a part at a time: sorting needs five times the bytes of what is sorted."""


class RepeatedKeys:
    """Keys are distinguished by 64 bits of their hash: two that are taken for one make a row be looked at in vain."""

    def __init__(self) -> None:
        self._hashes = array("q")
        self._ends = array("q")
        self._again: frozenset[int] | None = None

    def __len__(self) -> int:
        """Rows."""
        return len(self._ends)

    def note(self, keys: Iterable[Hashable]) -> None:
        """The keys of the next row, each once."""
        self._hashes.extend(map(hash, keys))
        self._ends.append(len(self._hashes))

    def occurs_again(self, row: int) -> bool:
        """Whether another row has a key of this one. row: counted from 0, once all are noted."""
        begin = self._ends[row - 1] if row else 0
        return not self.again.isdisjoint(self._hashes[begin : self._ends[row]])

    @property
    def again(self) -> frozenset[int]:
        """Hashes of the keys that several rows have."""
        if self._again is None:
            self._again = frozenset(self._found())
        return self._again

    def _found(self) -> Iterator[int]:
        for part in range(_PARTS):
            ordered = sorted(one for one in self._hashes if one % _PARTS == part)
            yield from (one for one, following in pairwise(ordered) if one == following)
