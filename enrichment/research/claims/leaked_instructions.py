"""Whether a text gives away what a model was told: a page or a question may have asked it to. Pure.

text + instructions -> True where so many words in a row of the one are in the other
"""

import re
from functools import cache

_IN_A_ROW = 8


def repeats(text: str, instructions: str) -> bool:
    runs = _runs_of(instructions)
    return bool(runs) and not runs.isdisjoint(_runs(text))


@cache
def _runs_of(instructions: str) -> frozenset[tuple[str, ...]]:
    return _runs(instructions)


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return frozenset(tuple(words[at : at + _IN_A_ROW]) for at in range(len(words) - _IN_A_ROW + 1))
