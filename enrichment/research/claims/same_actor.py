"""Whether a sentence says of the company what the sentence it quotes says of it, and not of another. Pure.

"Brackwater opened a plant", of "Farrow opened a plant; its rival Brackwater declined to comment" -> False
"Brackwater opens a plant", of "Brackwater plans to open a plant"                                 -> False

What is said begins where a clause begins, and leaves out single words only, each in front of the one it describes.
Where another name or a number is among the words, their order stays. A doubt ('if', 'may') is not left out.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from enrichment.analysis.claim_words import is_name
from enrichment.domain.data_tables import rows_of
from enrichment.parsing.assertions import telling_stems

_WORD = re.compile(r"[^\W_]+")
_CLAUSE = re.compile(r"[,;:()\u2013\u2014]\s|\s(?:and|but|while|although|whereas)\s", re.IGNORECASE)
_OWN = "the company"


@dataclass(frozen=True, slots=True)
class _Word:
    """text: in small letters; empty: the month of May. stem: empty for a word that tells nothing. at: its place."""

    text: str
    stem: str
    at: int
    is_own: bool
    is_number: bool
    is_name: bool

    @property
    def tells(self) -> bool:
        return bool(self.stem) and not self.is_own and not self.is_number


def has_same_actor(text: str, sentence: str, *, own: Collection[str], shown: str) -> bool:
    """own: words of the company's names. shown: all evidence, by which a word is known as a name."""
    said, told = _words(text, own, shown), _words(sentence, own, shown)
    wanted = {word.stem for word in said if word.stem and not word.is_own}
    places = [n for n, word in enumerate(told) if word.stem in wanted and not word.is_own]
    if not places:
        return True
    begin = _clause_of(sentence, told, places[0])
    clause = told[begin : places[-1] + 1]
    return (
        not _is_doubted(said, told)
        and _begins_clause(told, begin, places[0])
        and not _leaves_out(told, places)
        and _in_order(said, clause)
    )


def _words(text: str, own: Collection[str], shown: str) -> list[_Word]:
    found = list(_WORD.finditer(text))
    return [
        _Word(
            text="" if one[0] == "May" and n else one[0].casefold(),
            stem=one[0] if one[0][0].isdigit() else "".join(telling_stems(one[0])),
            at=one.start(),
            is_own=one[0].casefold() in own,
            is_number=one[0][0].isdigit(),
            is_name=one[0][0].isupper() and len(one[0]) > 1 and is_name(one[0], shown, first=n == 0),
        )
        for n, one in enumerate(found)
    ]


def _clause_of(sentence: str, told: Sequence[_Word], place: int) -> int:
    """Which word begins the clause that this one is in."""
    ends = [mark.end() for mark in _CLAUSE.finditer(sentence) if mark.end() <= told[place].at]
    return next(n for n, word in enumerate(told) if word.at >= (ends[-1] if ends else 0))


def _begins_clause(told: Sequence[_Word], begin: int, first: int) -> bool:
    """Nothing that tells is in front but the company's name; a further clause is of what the sentence begins with."""
    if any(word.tells for word in told[begin:first]):
        return False
    if begin == 0 or any(word.is_own or word.text in _speakers() for word in told[begin:first]):
        return True
    return next(word for word in told if word.is_own or word.tells).is_own


def _leaves_out(told: Sequence[_Word], places: Sequence[int]) -> bool:
    """More than one word that tells, or one that is no part of the next: 'a successor of its chief'."""
    for one, other in pairwise(places):
        gap = told[one + 1 : other]
        if any(word.tells for word in gap) and not (gap[-1].tells and sum(word.tells for word in gap) == 1):
            return True
    return False


def _in_order(said: Sequence[_Word], clause: Sequence[_Word]) -> bool:
    if "by" in {word.text for word in said} - {word.text for word in clause}:
        return False
    if not any((word.is_name and not word.is_own) or word.is_number for word in (*said, *clause)):
        return True
    rest = iter(_telling(clause))
    known = set(_telling(clause))
    return all(one in rest for one in _telling(said) if one in known)


def _telling(words: Sequence[_Word]) -> list[str]:
    return [_OWN if word.is_own else word.stem for word in words if word.is_own or word.stem]


def _is_doubted(said: Sequence[_Word], told: Sequence[_Word]) -> bool:
    return not _doubts().isdisjoint({word.text for word in told} - {word.text for word in said})


@cache
def _doubts() -> frozenset[str]:
    return frozenset(word for kind, word in rows_of("enrichment.research.claims", "clause_words") if kind == "doubt")


@cache
def _speakers() -> frozenset[str]:
    return frozenset(word for kind, word in rows_of("enrichment.research.claims", "clause_words") if kind == "speaker")
