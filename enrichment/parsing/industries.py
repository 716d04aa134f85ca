"""One industry of a published taxonomy for whatever words a vendor uses; the words themselves are kept elsewhere.

'Motor Vehicle Manufacturing' | 'Automotive company' | 'Automotive, Manufacturing' -> Industry(53, 'Automotive')

The taxonomy and the words: data/industries.csv. Words that fit none give none.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from enrichment.domain.data_tables import listed, rows_of

_LONGEST = 300
_MOST_WORDS = 12
_LEVELS = re.compile(r"\s*(?:->|→|›|>)\s*")
_PIECES = re.compile(r"\s*[,;|/·•]\s*|\s+(?:and|&)\s+")
_LISTED = re.compile(r"\s*[,;|·•]\s*")
_BESIDE = re.compile(r"\([^()]*\)|\b(?:company|companies|industry|sector|corporation|firm|brand)\b", re.IGNORECASE)
_UNDECIDED = "*"


@dataclass(frozen=True, slots=True)
class Industry:
    """code, name: as LinkedIn published them (version 1). groups: its groups, such as 'tech', the main one first."""

    code: int
    name: str
    groups: tuple[str, ...]


TAXONOMY: tuple[tuple[Industry, tuple[str, ...]], ...] = tuple(
    (Industry(int(code), name, listed(groups)), listed(words))
    for code, name, groups, words in rows_of("enrichment.parsing", "industries")
)
"""Every industry with the words that vendors use for it."""


@lru_cache(maxsize=16_384)
def canonical_industry(words: str) -> Industry | None:
    """The industry that a vendor's words mean. Of several levels ('B2B -> Payments') the deepest that is known."""
    levels = [level for level in reversed(_LEVELS.split(words[:_LONGEST])) if level]
    return next((found for level in levels if (found := _of_one_level(level))), None)


def _of_one_level(words: str) -> Industry | None:
    """The whole, else most of the listed pieces, else of all pieces, else the last phrase that is known."""
    known, general = _words()
    for pieces in ([words], _LISTED.split(words), _PIECES.split(words)):
        for table in (known, general):
            if found := _most_frequent(table.get(key) for piece in pieces for key in _keys(piece)):
                return found
    return _last_phrase(_key(words).split())


def _most_frequent(found: Iterable[Industry | None]) -> Industry | None:
    """The first of those named most often."""
    counted = Counter(industry for industry in found if industry)
    return counted.most_common(1)[0][0] if counted else None


def _keys(piece: str) -> tuple[str, ...]:
    """The piece, then without what vendors add to an industry: 'Automotive company', 'Chemicals (specialty)'."""
    known, general = _words()
    whole = _key(piece)
    return (whole,) if whole in known or whole in general else (_key(_BESIDE.sub(" ", piece)),)


def _last_phrase(words: list[str]) -> Industry | None:
    """'American automotive supplier' is known by 'automotive': in English the last words say what it is."""
    known, _ = _words()
    if len(words) > _MOST_WORDS:
        return None
    for end in range(len(words), 0, -1):
        for start in range(max(0, end - 4), end):
            if found := known.get(" ".join(words[start:end])):
                return found
    return None


@lru_cache(maxsize=1)
def _words() -> tuple[Mapping[str, Industry], Mapping[str, Industry]]:
    """Words that decide, and those that decide only where no other one does."""
    known: dict[str, Industry] = {}
    general: dict[str, Industry] = {}
    for industry, words in TAXONOMY:
        known[_key(industry.name)] = industry
        for word in words:
            (general if word.endswith(_UNDECIDED) else known)[_key(word)] = industry
    return known, general


def _key(words: str) -> str:
    return " ".join(re.findall(r"\w+", words.casefold().replace("&", " and ")))
