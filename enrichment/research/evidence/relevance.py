"""How much a company has to do with what a vendor sells, computed from words that both sides share. Pure.

    passages of the vendor x passages of the company -> VendorRelevance: 0 to 1, and each match with its two passages

A word counts by how rare it is among the company's passages; words of everyday business count nothing, nor do pages
that say nothing of what is sold. Of a posting the title is read: what its text says is said of any position.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from enrichment.analysis.evidence import Evidence, Passage
from enrichment.domain.data_tables import rows_of
from enrichment.domain.json_values import Json
from enrichment.domain.values import JobPosting, WebsitePassage

_MOST_MATCHES = 5
_ENOUGH = 3.0
"""So many distinct words, each in one passage of many, are as relevant as it gets."""
_SHORTEST_WORD = 4
_NOT_READ = frozenset(
    {
        "company_name",
        "domain",
        "key_contacts",
        "employee_count",
        "headquarters",
        "founded",
        "revenue",
        "industry",
        "competitor_mentions",
    }
)
_OF_ITSELF = "website_passages"
"""What a company writes to sell is no need of it."""
_SELLS_NOTHING = re.compile(r"(?:about|careers?|jobs?|news\w*|press|blog|legal|privacy|terms|imprint|contact)", re.I)
"""How the path or the heading begins where a company says nothing of what it sells."""


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
    if not any(passage.dataset not in _NOT_READ for passage in company.passages):
        return VendorRelevance(None)
    pieces = [passage for passage in company.passages if _is_telling(passage) and passage.dataset != _OF_ITSELF]
    found = Counter(word for piece in pieces for word in content_words(_read(piece)))
    matches: dict[str, tuple[float, RelevanceMatch]] = {}
    for offered in filter(_is_telling, vendor.passages):
        lines = (line for line in _read(offered).split("\n") if not _is_headline(line, own_words))
        for word in sorted(content_words("\n".join(lines)) - own_words):
            needed = _best(word, pieces)
            if needed is not None and word not in matches:
                weight = math.log(1 + len(pieces) / found[word]) / math.log(1 + len(pieces))
                matches[word] = (weight, RelevanceMatch(word, offered, needed))
    ranked = sorted(matches.values(), key=lambda one: (-one[0], one[1].word))
    score = min(1.0, sum(weight for weight, _ in ranked) / _ENOUGH)
    return VendorRelevance(score, tuple(match for _, match in ranked[:_MOST_MATCHES]))


def _is_headline(line: str, own_words: frozenset[str]) -> bool:
    """An item of a list such as '- Acme wins a contract': news that a home page links to, no offer."""
    words = line.removeprefix("- ").split()
    own = next((at for at, word in enumerate(words) if stem_of(word.casefold()) not in own_words), len(words))
    return line.startswith("- ") and 0 < own < len(words) and words[own].islower() and words[own].endswith("s")


def content_words(text: str) -> set[str]:
    """Stems of its words, without those of everyday business."""
    words = (stem_of(word) for word in re.findall(r"[^\W\d_]{2,}", text.casefold()))
    return {word for word in words if len(word) >= _SHORTEST_WORD} - _everyday()


def as_written(word: str, text: str) -> str:
    """The word of a text that has this stem: 'shares', not 'shar'."""
    return next((one for one in words_in(text) if stem_of(one) == word), word)


def line_with(word: str, text: str) -> str:
    """The line of a text that has this word; verbatim."""
    lines = text.split("\n")
    return next((line for line in lines if word in {stem_of(one) for one in words_in(line)}), lines[0])


def _best(word: str, pieces: Sequence[Passage]) -> Passage | None:
    return next((piece for piece in pieces if word in content_words(_read(piece))), None)


def _is_telling(passage: Passage) -> bool:
    """Whether it says what is sold, needed or done; an own price table says neither."""
    value = passage.facts[0].value
    if isinstance(value, WebsitePassage):
        begins = (value.page.strip("/").partition("/")[0], (value.heading or "").split(" ")[0])
        return not any(_SELLS_NOTHING.fullmatch(word) for word in begins)
    return passage.dataset not in _NOT_READ


def _read(passage: Passage) -> str:
    if isinstance(passage.facts[0].value, JobPosting):
        return passage.text.partition("\n")[0]
    return "\n".join(line for line in passage.text.split("\n") if "|" not in line)


def words_in(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]{2,}", text.casefold())


def stem_of(word: str) -> str:
    """'shares' -> 'share', 'companies' -> 'company'."""
    for ending in ("ies", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_WORD - 1 and not word.endswith("ss"):
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word


@cache
def _everyday() -> frozenset[str]:
    return frozenset(stem_of(row[0]) for row in rows_of("enrichment.research.evidence", "everyday_words"))
