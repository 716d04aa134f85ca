"""Which lines of the evidence say what a question asks in particular, and which only stand beside it. Pure.

    "How much does Tesla charge?" -> prices -> "| Team | 86 USD per seat and month |", no "cut the time by 15 percent"

data/aspects.csv says by which words an aspect is asked for, and where it is said. A question about no aspect is about
all that the datasets of its areas have, but for what it names: "Does Tesla use Oracle?" is about Oracle, and "Is Tesla
growing in Norway?" about Norway.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from enrichment.analysis.evidence import Passage
from enrichment.domain.data_tables import listed, rows_of
from enrichment.domain.plain_text import any_of
from enrichment.domain.values import Technology, WebsitePassage
from enrichment.research.evidence.relevance import content_words, stem_of, words_in
from enrichment.research.questions.areas import roles_in
from enrichment.research.questions.measures import comparing_by

_MONEY = re.compile(r"[$€£¥]\s?\d|\d\s?[$€£¥]|\b(?:USD|EUR|GBP|CHF|JPY)\b")
_PRICES, _CUSTOMERS, _APPOINTMENTS, _PRODUCTS = "prices", "customers", "appointments", "products"
_NEXT_PART = re.compile(r"[,;?!]|\b(?:and|or|und|et|y|e)\b", re.I)
OF_TOPICS = ("topic_results", "page_passages", "website_passages", "recent_news")
_VALUES = frozenset({"revenue", "headquarters", "founded", "employee_count"})
"""Datasets that say one thing each."""
_IN_THE_LINE, _ON_THE_PAGE, _BESIDE = 0, 1, 2
_OF_AREA = {"pricing": _PRICES}
"""Areas that one aspect is all of: asked for in words of any language, it is the aspect."""
_HIRES = ("career", "careers", "jobs", "vacancies", "openings")
"""How pages begin that offer work, and tell of nothing else."""
_TELLING_AREAS = frozenset({"news", "growth", "intent"})
"""Areas of which sentences tell: what a question names besides has to be in them."""
_SHORTEST_STEM = 5


@dataclass(frozen=True, slots=True)
class Aspect:
    """asked_by: words of a question. datasets: which tell of it, on which pages, in lines with one of which words.

    besides: datasets that tell of it as a whole. of: a line about it has one of these, too: a role that is filled anew.
    """

    name: str
    asked_by: tuple[str, ...]
    datasets: tuple[str, ...]
    pages: tuple[str, ...]
    words: tuple[str, ...]
    besides: tuple[str, ...] = ()
    of: tuple[str, ...] = ()

    def rank(self, passage: Passage, line: str) -> int | None:
        """0: the line says it; 1: it stands on a page of it; 2: it tells of the whole. None: nothing of it."""
        if passage.dataset not in self.datasets:
            return _BESIDE if passage.dataset in self.besides else None
        if self.of and not has_any(line, self.of):
            return None
        if self.name == _PRICES and _MONEY.search(line) and not _is_of_another(line, self.name):
            return _IN_THE_LINE
        if passage.dataset in _VALUES or (self.words and has_any(line, self.words)):
            return _IN_THE_LINE
        if self.pages and _begins(passage, self.pages) and not _is_of_another(line, self.name):
            return _ON_THE_PAGE
        return None if self.words or self.pages else _IN_THE_LINE


ASPECTS = tuple(
    Aspect(name, (*listed(asked_by), *comparing_by(name)), *map(listed, others))
    for name, asked_by, *others in rows_of("enrichment.research.questions", "aspects")
)


def aspects_in(question: str) -> tuple[Aspect, ...]:
    """Aspects in the order of the question.

    Longer words first, each once: 'sell to' asks for customers, not for products.
    """
    asked_by = sorted(((words, one) for one in ASPECTS for words in one.asked_by), key=lambda pair: -len(pair[0]))
    places, unread = dict[str, int](), question
    for words, aspect in asked_by:
        if found := any_of((words,)).search(unread):
            places[aspect.name] = min(found.start(), places.get(aspect.name, found.start()))
            unread = any_of((words,)).sub(lambda read: ";" * len(read[0]), unread)
    for name in (_PRODUCTS, _CUSTOMERS):
        if name in places and _only_says_of_what(name, places, question):
            del places[name]
    return tuple(sorted((one for one in ASPECTS if one.name in places), key=lambda one: places[one.name]))


def _only_says_of_what(name: str, places: Mapping[str, int], question: str) -> bool:
    """'the prices of their products', 'charge its customers': they are asked for where they are a part of their own."""
    others = [at for other, at in places.items() if other == _PRICES or (name == _PRODUCTS and other != name)]
    between = (question[slice(*sorted((at, places[name])))] for at in others)
    return any(not _NEXT_PART.search(text) for text in between)


def is_of_events(areas: Collection[str]) -> bool:
    """Whether a question with these areas is answered by sentences on what happened."""
    return bool(areas) and _TELLING_AREAS.issuperset(areas)


def subjects_of(sought: Iterable[str], areas: Collection[str], question: str) -> tuple[str, ...]:
    """What a question about events names besides its areas and aspects: lines that do not speak of it are no answer."""
    if not is_of_events(areas):
        return ()
    aspects = [words for one in aspects_in(question) for words in one.asked_by]
    return tuple(one for one in sought if content_words(one) and not (aspects and has_any(one, aspects)))


def speaks_of(line: str, subject: str) -> bool:
    """Whether the line has the last word of the subject, the noun that the others only narrow down, in any form."""
    *_, noun = (stem_of(word) for word in words_in(subject))
    return any(_is_form_of(stem_of(word), noun) for word in words_in(line))


def _is_form_of(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return one == other or (len(shorter) >= _SHORTEST_STEM and longer.startswith(shorter))


@dataclass(frozen=True, slots=True)
class Point:
    """What a narrow question asks. datasets: of areas that no aspect narrows down. named: technologies that it names.

    among: first lines, where only some count. subjects: a line has to speak of one of them.
    """

    aspects: tuple[Aspect, ...]
    datasets: frozenset[str]
    named: frozenset[str] = frozenset()
    among: frozenset[str] | None = None
    subjects: tuple[str, ...] = ()

    def rank(self, passage: Passage, line: str) -> int | None:
        """How directly a line says what is asked, 0 the most; None: not at all."""
        first = first_line(passage.text)
        if self.among is not None and first not in self.among:
            return None
        if self.subjects and not any(speaks_of(line, one) for one in self.subjects):
            return None
        is_technology_itself = isinstance(passage.facts[0].value, Technology)
        if self.named and is_technology_itself and first not in self.named:
            return None
        if self.named and not is_technology_itself and has_any(line, self.named):
            return _IN_THE_LINE
        ranks = [
            rank * len(self.aspects) + at
            for at, one in enumerate(self.aspects)
            if (rank := one.rank(passage, line)) is not None
        ]
        if ranks:
            return min(ranks)
        return _IN_THE_LINE if passage.dataset in self.datasets and not _begins(passage, _HIRES) else None


def point_of(
    question: str,
    areas: Iterable[Collection[str]],
    technologies: Collection[str],
    *,
    topics: Collection[str] = (),
    looked_for: Collection[str] = (),
    among: frozenset[str] | None = None,
    subjects: tuple[str, ...] = (),
    area_names: Collection[str] = (),
) -> Point:
    """areas: the datasets that tell of each area asked for. technologies: first lines of those that are known.

    looked_for: names of technologies; only these are among those given, and no other one answers the question.
    subjects: as of subjects_of.
    """
    asked, told_by = _aspects_of(question, area_names), [frozenset(datasets) for datasets in areas]
    aspects = [one for one in asked if any(not datasets.isdisjoint(one.datasets) for datasets in told_by)]
    aspects = [replace(one, of=roles_in(question)) if one.name == _APPOINTMENTS else one for one in aspects]
    narrowed = frozenset(dataset for one in aspects for dataset in one.datasets)
    whole = frozenset[str]().union(*(datasets for datasets in told_by if datasets.isdisjoint(narrowed)))
    for topic in topics:
        words = tuple(word for word in topic.split() if content_words(word)) or (topic,)
        aspects.append(Aspect(topic, (), OF_TOPICS, (), words))
    named = frozenset(name for name in technologies if looked_for or has_any(question, (name,)))
    named |= frozenset(name.casefold() for name in looked_for)
    return Point(tuple(aspects), whole, named, among, subjects)


def _aspects_of(question: str, area_names: Collection[str]) -> tuple[Aspect, ...]:
    asked = aspects_in(question)
    of_areas = {_OF_AREA[name] for name in area_names if name in _OF_AREA} - {one.name for one in asked}
    return (*asked, *(one for one in ASPECTS if one.name in of_areas))


def first_line(text: str) -> str:
    """The first line of a text, by which two passages are compared."""
    return text.partition("\n")[0].casefold()


def in_common(first_lines: Sequence[Collection[str]]) -> frozenset[str]:
    """The lines that all companies have. first_lines: for each company the first lines of its passages."""
    return frozenset[str]().union(*first_lines).intersection(*first_lines)


def asks_what_is_common(question: str) -> bool:
    return re.search(r"\b(?:both|in common|share|shared|overlap|the same)\b", question, re.IGNORECASE) is not None


def _begins(passage: Passage, pages: Collection[str]) -> bool:
    value = passage.facts[0].value
    if not isinstance(value, WebsitePassage):
        return False
    begins = (*re.split(r"[/-]", value.page.strip("/"))[:1], (value.heading or "").split(" ")[0])
    return any(one.casefold() in pages for one in begins)


def is_of_customers(passage: Passage) -> bool:
    """Whether the page tells of customers."""
    return any(_begins(passage, one.pages) for one in ASPECTS if one.name == _CUSTOMERS)


def _is_of_another(line: str, aspect: str) -> bool:
    """Whether the line says another aspect plainly."""
    return any(one.name != aspect and one.words and has_any(line, one.words) for one in ASPECTS)


def has_any(text: str, words: Collection[str]) -> bool:
    """Whether one of the words is in it, whole."""
    return any_of(tuple(words)).search(text) is not None
