"""Sets of names as the bits of a number.

NameBits: names <-> bits        bits: which of them are set        union: all that are set in one of several numbers
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class NameBits:
    """A bit for each of these names, in their order, the first one at position `first`."""

    def __init__(self, names: Iterable[str], first: int = 0) -> None:
        self.bit = {name: 1 << n for n, name in enumerate(names, first)}

    def of(self, names: Iterable[str]) -> int:
        """The bits of those names that have one."""
        return union([self.bit[name] for name in names if name in self.bit])

    def names(self, mask: int) -> frozenset[str]:
        return frozenset([name for name, bit in self.bit.items() if mask & bit])


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, the lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def union(masks: Iterable[int]) -> int:
    """All bits that are set in one of these."""
    together = 0
    for mask in masks:
        together |= mask
    return together
