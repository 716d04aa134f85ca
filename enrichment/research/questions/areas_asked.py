"""Which areas of areas.csv the words of a question show. Pure.

Longer phrases are read first, and each word once: 'how many people' asks for no person.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from enrichment.research.evidence.relevance import stem_of
from enrichment.research.questions.advice_asked import asks_what_speaks_against
from enrichment.research.questions.areas import AREA_NAMES, AREAS, phrases_of_areas
from enrichment.research.questions.asked_words import AskedWords
from enrichment.research.questions.marked_words import MarkedWords
from enrichment.research.questions.mention import MentionRole
from enrichment.research.questions.positions_asked import looks_for_staff
from enrichment.research.questions.question_words import places_of
from enrichment.research.questions.technology_use import asks_what_is_used, is_any_used, uses_a_thing

OTHER_SCRIPT = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
"""Letters of Japanese and Chinese, which have no blanks between words."""


_WHAT_IT_DOES = re.compile(
    r"^what is (?:(?:;|their|its|the) )*business(?: of ;)?(?: about)?$"
    r"|\bwhat (?:kind|sort|type) of (?:business|company|firm) is\b|\bwhat business (?:is|are)\b",
    re.I,
)
"""Without names, each of which is ';'."""


@dataclass(frozen=True, slots=True)
class AreasAsked:
    """names: in the order of the table. phrases: places of the phrases of several words that show one."""

    names: tuple[str, ...]
    phrases: frozenset[int]


def areas_asked(asked: AskedWords, marked: MarkedWords) -> AreasAsked:
    if marked.spends:
        return AreasAsked((), frozenset())
    shown, phrases = _by_phrases(asked, marked)
    if OTHER_SCRIPT.search(asked.text):
        shown |= {area.name for area in AREAS if any(OTHER_SCRIPT.match(w) and w in asked.text for w in area.words)}
    if is_any_used(asked) or (not shown and asks_what_is_used(asked) and not uses_a_thing(asked)):
        shown.add("technology")
    if asks_what_speaks_against(asked):
        shown.discard("positioning")  # 'not sell to them'
    if not shown and _WHAT_IT_DOES.search(asked.without_names):
        shown.add("positioning")
    if asked.named(MentionRole.PERSON) or marked.tasks:
        shown.add("people")
    if shown <= {"intent"} and looks_for_staff(asked.words):
        shown = {"hiring"}
    return AreasAsked(tuple(name for name in AREA_NAMES if name in shown), phrases)


def _places_of(asked: AskedWords, phrase: tuple[str, ...]) -> Iterator[range]:
    """A single word in the plural too: 'lawsuits'."""
    yield from places_of(asked.words, phrase)
    if len(phrase) == 1:
        for at, word in enumerate(asked.words):
            if word.small != phrase[0] and stem_of(word.small) == phrase[0]:
                yield range(at, at + 1)


def _by_phrases(asked: AskedWords, marked: MarkedWords) -> tuple[set[str], frozenset[int]]:
    shown, read, places, phrases = set[str](), set[int](), list[range](), set[int]()
    by_size = by_people = False
    for phrase, area in phrases_of_areas():
        for place in _places_of(asked, phrase):
            if not marked.closed.isdisjoint(place) or not (read.isdisjoint(place) or place in places):
                continue
            first = asked.words[place[0]]
            if area == "people" and place[0] and asked.words[place[0] - 1].own.isdigit():
                continue  # 'and for 500 people?' asks for no person
            by_size |= area == "size" and not first.does("superlative")
            by_people |= area == "people" and not first.does("anybody")
            shown.add(area)
            places.append(place)
            read |= {*place}
            phrases |= {*place} if len(place) > 1 else set()
    if len(shown) > 1 and not by_size:
        shown.discard("size")  # 'their biggest rival'
    if len(shown) > 1 and not by_people:
        shown.discard("people")  # 'hires more data people'
    return shown, frozenset(phrases)
