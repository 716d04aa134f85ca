"""How much a company has to do with what a vendor sells, computed from words that both sides share. Pure.

    passages of the vendor x passages of the company -> VendorRelevance: 0 to 1, and each match with its two passages

A word counts by how rare it is among the company's passages; words of everyday business count nothing.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from enrichment.analysis.evidence import Evidence, Passage
from enrichment.domain.data_tables import rows_of
from enrichment.domain.records import Json

_MOST_MATCHES = 5
_ENOUGH = 3.0
"""So many distinct words, each in one passage of many, are as relevant as it gets."""
_SHORTEST_WORD = 4
_NOT_READ = frozenset(
    {"company_name", "domain", "key_contacts", "employee_count", "headquarters", "founded", "revenue"}
)


@dataclass(frozen=True, slots=True)
class RelevanceMatch:
    """A word of what the vendor offers that is in what is known of the company."""

    word: str
    offered: Passage
    needed: Passage

    def as_json(self) -> dict[str, Json]:
        return {
            "word": self.word,
            "vendor": line_with(self.word, self.offered.text),
            "company": line_with(self.word, self.needed.text),
            "dataset": self.needed.dataset,
            "source": self.needed.facts[0].source,
        }


@dataclass(frozen=True, slots=True)
class VendorRelevance:
    """score: 0 to 1; None: nothing is known of the company yet."""

    score: float | None
    matches: tuple[RelevanceMatch, ...] = ()

    @property
    def in_words(self) -> str:
        if self.score is None:
            return "not known before anything is collected"
        if not self.matches:
            return "nothing that is known of the company meets what the vendor offers"
        shared = ", ".join(dict.fromkeys(as_written(match.word, match.needed.text) for match in self.matches))
        return f"{self.score:.2f} of 1: both sides speak of {shared}"

    def as_json(self) -> dict[str, Json]:
        return {
            "score": None if self.score is None else round(self.score, 2),
            "how": self.in_words,
            "matches": [match.as_json() for match in self.matches],
        }


def relevance_of(company: Evidence, vendor: Evidence, own_words: frozenset[str]) -> VendorRelevance:
    """own_words: of both companies' names; they match nothing."""
    pieces = [passage for passage in company.passages if passage.dataset not in _NOT_READ]
    if not pieces:
        return VendorRelevance(None)
    found = Counter(word for piece in pieces for word in content_words(piece.text))
    matches: dict[str, tuple[float, RelevanceMatch]] = {}
    for offered in vendor.passages:
        for word in sorted(content_words(offered.text) - own_words):
            needed = _best(word, pieces)
            if needed is not None and word not in matches:
                weight = math.log(1 + len(pieces) / found[word]) / math.log(1 + len(pieces))
                matches[word] = (weight, RelevanceMatch(word, offered, needed))
    ranked = sorted(matches.values(), key=lambda one: (-one[0], one[1].word))
    score = min(1.0, sum(weight for weight, _ in ranked) / _ENOUGH)
    return VendorRelevance(score, tuple(match for _, match in ranked[:_MOST_MATCHES]))


def content_words(text: str) -> set[str]:
    """Stems of its words, without those of everyday business."""
    words = (_stem(word) for word in re.findall(r"[^\W\d_]{2,}", text.casefold()))
    return {word for word in words if len(word) >= _SHORTEST_WORD} - _everyday()


def as_written(word: str, text: str) -> str:
    """The word of a text that has this stem: 'shares', not 'shar'."""
    return next((one for one in _words(text) if _stem(one) == word), word)


def line_with(word: str, text: str) -> str:
    """The line of a text that has this word; verbatim."""
    lines = text.split("\n")
    return next((line for line in lines if word in {_stem(one) for one in _words(line)}), lines[0])


def _best(word: str, pieces: Sequence[Passage]) -> Passage | None:
    return next((piece for piece in pieces if word in content_words(piece.text)), None)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]{2,}", text.casefold())


def _stem(word: str) -> str:
    for ending in ("ies", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_WORD - 1 and not word.endswith("ss"):
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word


@cache
def _everyday() -> frozenset[str]:
    return frozenset(_stem(row[0]) for row in rows_of("enrichment.research", "everyday_words"))
