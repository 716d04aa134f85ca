"""Where in a question only the name of a company can be, and which words never begin or end one. Pure.

'X's CFO', 'does X run', 'X competitors', 'at X', 'X or Y, who is larger?'
"""

from collections.abc import Sequence

from enrichment.research.questions.areas import shows_area
from enrichment.research.questions.measures import measure_asked
from enrichment.research.questions.question_words import (
    Word,
    words_of,
    words_of_sentences,
)


def is_dull(word: Word) -> bool:
    """A word of any question, of an area or a role: it neither begins nor ends a name."""
    return is_of_sentences(word) or shows_area(word.small)


def is_of_sentences(word: Word) -> bool:
    kinds = ("function", "german", "foreign", "request", "filler", "use", "goes_on", "event")
    return word.does(*kinds) or word.small in words_of_sentences()


def is_continent(word: str) -> bool:
    return word in words_of("continent")


def written(span: Sequence[Word]) -> str:
    return " ".join([*(word.written for word in span[:-1]), span[-1].own])


def is_where_a_name_is(words: Sequence[Word], start: int, end: int) -> bool:
    """Whether only a company can be there: 'X's CFO', 'does X run', 'X competitors', 'at X', 'the CFO of X'."""
    before = words[start - 1] if start and not words[start].apart else None
    behind = words[end] if end < len(words) and not words[end].apart else None
    if words[end - 1].possessive and behind is not None:
        return True
    if before is not None and before.small in ("at", "bei", "chez", "bij", "presso"):
        return True
    if before is not None and before.small in ("of", "is", "are") and start > 1 and _is_of_an_area(words[start - 2]):
        return True
    if (
        before is not None
        and before.does("auxiliary")
        and behind is not None
        and behind.does("subject", "acquires", "article")
    ):
        return True
    beside_another = behind is not None and behind.small in ("vs", "versus")
    if any(word.does("compares") for word in words) or is_measured(words):
        beside_another |= any(one is not None and one.does("and_or") for one in (before, behind))
    begins = start == 0 and behind is not None and _is_of_an_area(behind)
    return beside_another or begins


def is_measured(words: Sequence[Word]) -> bool:
    """Whether companies are compared by a figure: 'who is larger?'"""
    asked = measure_asked(" ".join(word.small for word in words), ())
    return asked is not None and asked.how != "count"


def _is_of_an_area(word: Word) -> bool:
    return shows_area(word.small) or word.small in ("large", "big", "old")


def is_in_front(words: Sequence[Word], start: int) -> bool:
    """Whether a place is behind a word that a name may follow."""
    return start > 0 and words[start - 1].does("auxiliary", "in_front", "use", "acquires", "request")


def ends_there(words: Sequence[Word], end: int) -> bool:
    """Whether what is in front of this place may be all that is named: 'Ford Motor and ...', 'Ford Motor: ...'."""
    return end == len(words) or words[end].apart or words[end].does("and_or")
