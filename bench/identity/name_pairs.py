"""Pairs of names with the right answer: pairs/*.csv, and generated ones.

read('sec_pairs') -> [NamePair('PVH', 'PVH Corp. Common Stock', same=True, ...), ...]
"""

import csv
import random
from dataclasses import dataclass
from pathlib import Path

from enrichment.identity.names import name_words

PAIRS = Path(__file__).parent / "pairs"
_GENERATED = 500
_SECOND_WORDS = ("Analytics", "Bakery", "Dental", "Freight", "Games", "Textiles", "Vineyards", "Plumbing", "Opera")
_GENERIC = frozenset(
    name_words("Group Holdings Holding International Global Insurance Therapeutics Biopharma Bank Capital")
)


@dataclass(frozen=True, slots=True)
class NamePair:
    """listed_a, listed_b: which lists have exactly this name: 'earlier', 'later', 'both', '' (not known)."""

    name_a: str
    name_b: str
    same: bool
    listed_a: str = ""
    listed_b: str = ""

    @property
    def has_no_word_in_common(self) -> bool:
        """Whether the names share no distinctive word."""
        shared = set(name_words(self.name_a)) & set(name_words(self.name_b))
        return not shared - _GENERIC and not self._squeezed()

    @property
    def was_renamed(self) -> bool:
        """Whether one name is only in the lists of earlier years, and the other only in those of today."""
        return {self.listed_a, self.listed_b} == {"earlier", "later"}

    def _squeezed(self) -> bool:
        a, b = sorted(("".join(name_words(self.name_a)), "".join(name_words(self.name_b))), key=len)
        return b.startswith(a)


def read(name: str) -> list[NamePair]:
    with (PAIRS / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return [
            NamePair(
                row["name_a"], row["name_b"], row["same"] == "true", row.get("listed_a", ""), row.get("listed_b", "")
            )
            for row in csv.DictReader(lines)
        ]


def generated(rng: random.Random, names: list[str]) -> list[NamePair]:
    """Pairs that begin with the same word and are two companies."""
    first = [name_words(name)[0].title() for name in names if name_words(name)]
    return [
        NamePair(f"{word} {one} Inc.", f"{word} {other} Inc.", same=False)
        for word in rng.sample(first, _GENERATED)
        for one, other in [rng.sample(_SECOND_WORDS, 2)]
    ]
