"""What a question may be about: areas, the words that show them, the datasets of the rules that answer them. Pure.

"and their CFO?" -> people -> key_contacts          no word of any area -> all: a question about the whole company
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from enrichment.domain.data_tables import listed, rows_of
from enrichment.research.evidence.relevance import stem_of
from enrichment.research.questions.measures import comparing_phrases
from enrichment.rules import Rules


@dataclass(frozen=True, slots=True)
class Area:
    """told_by: datasets whose passages tell of it. next_question: what to ask, with {company} and {vendor} in it."""

    name: str
    words: tuple[str, ...]
    datasets: tuple[str, ...]
    told_by: tuple[str, ...]
    next_question: str


AREAS: tuple[Area, ...] = tuple(
    Area(name, listed(words), listed(datasets), listed(told_by), question)
    for name, words, datasets, told_by, question in rows_of("enrichment.research.questions", "areas")
)
AREA_NAMES = tuple(area.name for area in AREAS)
_ROLES = {asked: listed(words) for asked, words in rows_of("enrichment.research.questions", "role_words")}
_WHOLE = 5
"""So many areas are the whole company: what its consumer collects together costs less than piece by piece."""


@cache
def phrases_of_areas() -> tuple[tuple[tuple[str, ...], str], ...]:
    """Words that show an area, in small letters, and the area; the longest phrase first."""
    shown = (*((word, area.name) for area in AREAS for word in area.words), *comparing_phrases())
    phrases = {(tuple(word.casefold().split()), area) for word, area in shown}
    return tuple(sorted(phrases, key=lambda one: (-len(one[0]), one)))


def roles_in(question: str) -> tuple[str, ...]:
    """Words in the titles of people with a role that the question names."""
    return tuple(word for asked, words in _ROLES.items() if _has(question, asked) for word in words)


def is_whole(areas: Sequence[str]) -> bool:
    return not areas or len(areas) >= _WHOLE


def datasets_of(areas: Iterable[str], rules: Rules) -> tuple[str, ...]:
    """The datasets of these areas that the rules have."""
    wanted = set(areas)
    named = (dataset for area in AREAS if area.name in wanted for dataset in area.datasets)
    return tuple(dict.fromkeys(dataset for dataset in named if dataset in rules.datasets))


def telling_of(dataset: str) -> tuple[str, ...]:
    """The datasets whose passages tell of what this one answers."""
    of = (area.told_by for area in AREAS if dataset in area.datasets)
    return tuple(dict.fromkeys(name for names in of for name in names if name != dataset))


@cache
def shows_area(word: str, *, roles: bool = True) -> bool:
    """Whether this word alone, in small letters, shows an area, or names a role."""
    return not _single_words(roles).isdisjoint((word, stem_of(word)))


@cache
def names_role(word: str) -> bool:
    """Whether this word alone, in small letters, names a role, or asks for people: 'cfo', 'manager'."""
    people = (words for area in AREAS if area.name == "people" for words in area.words)
    return word in {one.casefold() for one in (*_ROLES, *people)}


@cache
def _single_words(roles: bool) -> frozenset[str]:
    shown = (*(word for area in AREAS for word in area.words), *(role for role in _ROLES if roles and role != "IT"))
    return frozenset(word.casefold() for word in shown if " " not in word)


def _has(text: str, words: str) -> bool:
    return _pattern(words).search(text) is not None


@cache
def _pattern(words: str) -> re.Pattern[str]:
    """Words in capitals are those only: 'IT' is no 'it'."""
    return re.compile(rf"(?<!\w){re.escape(words)}(?!\w)", 0 if words.isupper() else re.IGNORECASE)
