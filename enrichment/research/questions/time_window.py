"""How many days back a question asks, by the table of words for times. Pure.

"news from the last 7 days?" -> 7 days, and the question without these words
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from enrichment.domain.data_tables import listed, rows_of


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """text: the question without the words of the window. days: how many it goes back; None: it names none."""

    text: str
    days: int | None = None


def time_window(text: str) -> TimeWindow:
    """The first window that the text names: 'in the last 2 weeks', 'this month', 'en los últimos 30 días'."""
    found = _pattern().search(text)
    if found is None:
        return TimeWindow(text)
    number = (found["number"] or found["first"] or "1").casefold()
    many = int(number) if number.isdigit() else _rows("number")[number]
    left = f"{text[: found.start()].rstrip()} {text[found.end() :].lstrip()}".strip()
    return TimeWindow(re.sub(r" (?=[?.!,])", "", left), many * _rows("unit")[found["unit"].casefold()])


@cache
def _rows(kind: str) -> dict[str, int]:
    """The words of a kind, and the days or the number that each says."""
    every = rows_of("enrichment.research.questions", "time_windows")
    return {word: int(number) for name, number, words in every if name == kind for word in listed(words)}


@cache
def _pattern() -> re.Pattern[str]:
    """'in the last 2 weeks', 'ces 30 derniers jours'."""
    unit, last, before, article, number = (
        _any_of(_rows(kind)) for kind in ("unit", "last", "before", "article", "number")
    )
    many = rf"(?:\d{{1,3}}|{number})"
    return re.compile(
        rf"(?<!\w)(?:{before}\s+)?(?:{article}\s+)?(?:(?P<first>{many})\s+)?{last}\s+(?:(?P<number>{many})\s+)?"
        rf"(?P<unit>{unit})(?![\w'’])",
        re.IGNORECASE,
    )


def _any_of(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, sorted(words, key=lambda one: (-len(one), one))))})"
