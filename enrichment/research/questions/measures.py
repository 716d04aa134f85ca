"""By what a question compares companies, or what of one it counts, by the table of measures. Pure.

"Which of the two is older?" -> founded, more of it        "How many tools does Tesla use?" -> tech_stack, counted
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from enrichment.domain.data_tables import listed, rows_of
from enrichment.domain.plain_text import any_of

MeasuredHow = Literal["more", "less", "count"]
_OF_THEM = re.compile(r"\bhow many (?:of (?:them|those|these)\b|(?:are|were|have)\b)", re.I)
_AMONG_THEM = re.compile(
    r"\b(?:which|what|who|any|some|those|is one|is any|welche|lesquel\w+|cuáles) (?:of|von|d['’]entre|de) "
    r"(?:them|those|these|ihnen|denen|eux|elles|ellos|ellas)\b",
    re.I,
)
_BETWEEN = 3
"""So many words may be between 'how many' and what is counted: 'how many of their open positions'."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What companies have more or less of. more, less: words that compare by it; counted: what 'how many' is asked of.

    noun: of what is counted; empty: the dataset states a figure. ends: how a sentence ends, by direction, for two
    and for several. sign: -1 where the lower figure is more.
    """

    name: str
    area: str
    dataset: str
    more: tuple[str, ...]
    less: tuple[str, ...]
    counted: tuple[str, ...]
    noun: str
    ends: tuple[str, str, str, str]
    sign: int

    @property
    def is_counted(self) -> bool:
        return bool(self.noun)

    @property
    def compared_by(self) -> tuple[str, ...]:
        return (*self.more, *self.less)

    def end(self, *, less: bool, of_several: bool) -> str:
        return self.ends[2 * less + of_several]


@dataclass(frozen=True, slots=True)
class MeasureAsked:
    """how: 'more' or 'less' of it, of companies that are compared; 'count' of one."""

    measure: Measure
    how: MeasuredHow


def _measure(row: tuple[str, ...]) -> Measure:
    name, area, dataset, more, less, counted, noun, *ends, sign = row
    is_more, is_most, is_less, is_least = ends
    ends_of = (is_more, is_most, is_less, is_least)
    return Measure(name, area, dataset, listed(more), listed(less), listed(counted), noun, ends_of, int(sign))


MEASURES: tuple[Measure, ...] = tuple(map(_measure, rows_of("enrichment.research.questions", "measures")))

OPENINGS = next(one for one in MEASURES if one.name == "openings")


def measure_asked(question: str, areas: Collection[str], *, compares: bool = False) -> MeasureAsked | None:
    """The first that the question names; where it only compares, what the area it names is measured by."""
    found = list[tuple[int, int, MeasureAsked]]()
    for measure in MEASURES:
        ways: Mapping[MeasuredHow, tuple[str, ...]] = {
            "more": measure.more, "less": measure.less, "count": measure.counted,
        }  # fmt: skip
        for how, words in ways.items():
            if words and (at := (_counted(words) if how == "count" else any_of(words)).search(question)):
                found.append((at.start(), -len(at[0]), MeasureAsked(measure, how)))
    if found:
        return min(found, key=lambda one: one[:2])[2]
    of_area = [one for one in MEASURES if areas and set(areas) == {one.area}]
    counts = [one for one in of_area if one.is_counted]
    if counts and _OF_THEM.search(question):
        return MeasureAsked(counts[0], "count")
    return MeasureAsked(of_area[0], "more") if compares and of_area else None


def counts_those_before(question: str) -> bool:
    """'How many of them are in marketing?'"""
    return _OF_THEM.search(question) is not None


def picks_of_those_before(question: str) -> bool:
    """'Which of them are in marketing?': after a question about one company, what was asked for is meant."""
    return _AMONG_THEM.search(question) is not None


def picks_one_by(question: str) -> MeasureAsked | None:
    """'What did the smaller of them announce?': the figure by which one of several companies is meant."""
    for measure in MEASURES:
        ways: tuple[tuple[MeasuredHow, tuple[str, ...]], ...] = (("more", measure.more), ("less", measure.less))
        for how, words in ways:
            if words and _picking(words).search(question):
                return MeasureAsked(measure, how)
    return None


def comparing_phrases() -> tuple[tuple[str, str], ...]:
    """Words that compare, and the area of what they compare by."""
    return tuple((words, one.area) for one in MEASURES for words in one.compared_by)


def comparing_by(name: str) -> tuple[str, ...]:
    """The words that compare by the measure of this name; none: there is no such measure."""
    return next((one.compared_by for one in MEASURES if one.name == name), ())


@cache
def _picking(words: tuple[str, ...]) -> re.Pattern[str]:
    """Finds 'the smaller one', 'the oldest of them', 'the one with more jobs'."""
    says = any_of(words).pattern
    return re.compile(
        rf"\bthe (?:{says})(?= (?:one|company|firm|account|of (?:them|these|those|both|the \w+|[^?.!;]+? and \w+))\b)"
        rf"|\bthe (?:one|company|firm) (?:with|that (?:has|is)) (?:the )?(?:{says})",
        re.IGNORECASE,
    )


@cache
def _counted(words: tuple[str, ...]) -> re.Pattern[str]:
    """Finds 'how many' of one of these words."""
    begins = rf"\b(?:how many|number of|count of)\s+(?:\S+\s+){{0,{_BETWEEN}}}?"
    return re.compile(begins + any_of(words).pattern, re.IGNORECASE)
