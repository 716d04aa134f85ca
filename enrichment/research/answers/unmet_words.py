"""Which telling words of a question neither its answer nor an open point speaks of: it is not answered in whole. Pure.

"Is Acme expanding into new ports?" + headlines on prices -> ports        + "opens a port in Lyon" -> none

Words of any question, of an area, a measure, an aspect or a role tell nothing by themselves: what they ask for has open
points of its own. Other languages than English are not looked through.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from enrichment.domain.plain_text import any_of
from enrichment.research.answers.answer import OpenPoint
from enrichment.research.claims.claim import CheckedClaim
from enrichment.research.evidence.relevance import content_words, stem_of, words_in
from enrichment.research.evidence.senses import in_another_sense
from enrichment.research.questions.areas import names_role, phrases_of_areas, shows_area
from enrichment.research.questions.looked_for import words_of_kinds
from enrichment.research.questions.measures import MEASURES
from enrichment.research.questions.name_places import is_of_sentences
from enrichment.research.questions.question_words import Word, is_english, words_in_question, words_of
from enrichment.research.questions.to_the_point import ASPECTS

_SHORTEST_FORM = 4
_ENDINGS = frozenset({"d", "ed", "ing", "er", "or", "ion", "ment", "ly", "al", "y"})
"""In which two forms of a word may differ: 'opens' and 'opened', not 'ports' and 'portals'."""


@dataclass(frozen=True, slots=True)
class UnmetWords:
    """words: as the question has them, joined; empty: all are met. because: why none of them is."""

    words: str
    because: str = "nothing that was found speaks of it"


def unmet_words(
    text: str, names: Iterable[str], claims: Sequence[CheckedClaim], points: Iterable[OpenPoint]
) -> UnmetWords:
    """names: of companies, no words of it."""
    spoken = [*_spoken(claims, points)]
    unmet = [*_unmet(_telling(_words_beside(text, names)), spoken, text)]
    others = dict.fromkeys(filter(None, (in_another_sense(one.small, said, text) for one in unmet for said in spoken)))
    joined = " ".join(one.own for one in unmet)
    return (
        UnmetWords(joined, f"only {', '.join(others)} is spoken of, which is another thing")
        if others
        else (UnmetWords(joined))
    )


def are_beside(text: str, names: Iterable[str], claims: Sequence[CheckedClaim]) -> bool:
    """Whether there are claims and telling words, and no claim says one of them or quotes it.

    "How many jobs do they have in Texas?" + seven positions, none of them in Texas
    """
    telling = [*_telling(_words_beside(text, names))] if claims else []
    said = (words for one in claims for words in (one.text, one.why or "", *(cited.quote for cited in one.citations)))
    return bool(telling) and len([*_unmet(telling, said, text)]) == len(telling)


def asked_in_vain(text: str, names: Iterable[str], claims: Sequence[CheckedClaim]) -> str:
    """What is asked for by a yes or a no, where no claim has a telling word of it; empty: one has, or it is not so.

    "Does Acme use robots?" + eight technologies, none of them a robot's -> robots
    """
    words = _words_beside(text, names)
    telling = [*_telling(words)] if words and words[0].does("auxiliary") else []
    in_vain = len([*_unmet(telling, _spoken(claims, ()), text)]) == len(telling)
    return " ".join(one.own for one in telling) if in_vain else ""


def is_yes_or_no(text: str) -> bool:
    words = words_in_question(text)
    return bool(words) and words[0].does("auxiliary") and is_english(words)


def has_all_telling_words(text: str, names: Iterable[str], claim: CheckedClaim) -> bool:
    """Whether there are any, and the claim says or quotes all of them."""
    telling = [*_telling(_words_beside(text, names))]
    said = (claim.text, *(one.quote for one in claim.citations))
    return bool(telling) and not [*_unmet(telling, said, text)]


def _words_beside(text: str, names: Iterable[str]) -> Sequence[Word]:
    """The words but those of names; none of a question in another language."""
    called = tuple(name for name in names if name)
    words = words_in_question(any_of(called).sub(" ", text) if called else text)
    return words if is_english(words) else ()


def _unmet(telling: Iterable[Word], spoken: Iterable[str], text: str) -> Iterator[Word]:
    """Words of the question that none of these texts has in its sense."""
    said = [(one, {_stem(word) for word in words_in(one)}) for one in spoken]
    for word in telling:
        speaking = (one for one, stems in said if _is_among(_stem(word.small), stems))
        if all(in_another_sense(word.small, one, text) for one in speaking):
            yield word


def _stem(word: str) -> str:
    """Without the e that other endings take the place of: 'warehouse' and 'warehouses', 'close' and 'closing'."""
    return stem_of(word).removesuffix("e")


def _telling(words: Sequence[Word]) -> Iterator[Word]:
    asking = _asking_in([stem_of(word.small) for word in words])
    for at, word in enumerate(words):
        tells = content_words(word.small) and not (is_of_sentences(word) or names_role(word.small))
        if tells and not shows_area(word.small) and at not in asking:
            asks = at > 0 and not word.is_capital and words[at - 1].small in words_of("asks_to")
            if not asks:
                yield word


def _spoken(claims: Sequence[CheckedClaim], points: Iterable[OpenPoint]) -> Iterator[str]:
    for claim in claims:
        yield from (claim.text, claim.why or "", *(one.passage.text for one in claim.citations))
    for point in points:
        yield from (point.what, point.because)


def _is_among(stem: str, spoken: Iterable[str]) -> bool:
    return any(stem == one or _is_form_of(*sorted((stem, one), key=len)) for one in spoken)


def _is_form_of(shorter: str, longer: str) -> bool:
    return len(shorter) >= _SHORTEST_FORM and longer.startswith(shorter) and longer[len(shorter) :] in _ENDINGS


def _asking_in(stems: Sequence[str]) -> set[int]:
    """Places of the words by which areas, aspects, measures and kinds of technologies are asked for.

    Of a kind all of its words: 'language' of 'programming language' tells what is asked where it stands alone.
    """
    found = {at for at, stem in enumerate(stems) if stem in _asking()}
    for at, stem in enumerate(stems):
        for kind in _kinds().get(stem, ()):
            if tuple(stems[at : at + len(kind)]) == kind:
                found.update(range(at, at + len(kind)))
    return found


@cache
def _asking() -> frozenset[str]:
    """Stems of the words by which areas, aspects and measures are asked for."""
    phrases = [words for one in ASPECTS for words in one.asked_by]
    phrases += [words for one in MEASURES for words in (*one.compared_by, *one.counted)]
    phrases += [" ".join(phrase) for phrase, _ in phrases_of_areas()]
    return frozenset(stem_of(word) for phrase in phrases for word in words_in(phrase))


@cache
def _kinds() -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """First stem -> the names of kinds of technologies that begin with it, in stems."""
    found = dict[str, tuple[tuple[str, ...], ...]]()
    for name in words_of_kinds():
        if stems := tuple(stem_of(word) for word in words_in(name)):
            found[stems[0]] = (*found.get(stems[0], ()), stems)
    return found
