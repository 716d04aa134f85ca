"""Whether a text gives away what a model was told: a page or a question may have asked it to. Pure.

text + instructions -> True where eight words in a row of the one are in the other, or all of a shorter one
"""

from collections.abc import Sequence
from functools import cache

from enrichment.domain.plain_text import plain_words

_IN_A_ROW = 8
_SHORTEST = 5
"""Words of a text that gives something away though it is shorter than a run: all of it is in them."""


def repeats(text: str, instructions: str) -> bool:
    words = plain_words(text).split()
    length = min(len(words), _IN_A_ROW)
    return length >= _SHORTEST and not _runs_of(instructions, length).isdisjoint(_runs(words, length))


@cache
def _runs_of(instructions: str, length: int) -> frozenset[tuple[str, ...]]:
    return _runs(plain_words(instructions).split(), length)


def _runs(words: Sequence[str], length: int) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(words[at : at + length]) for at in range(len(words) - length + 1))
