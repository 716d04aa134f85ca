"""How well pairs of names are decided.

[NamePair, ...]  ->  Score: decided rightly or wrongly, asked, recall, renames that no name tells
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.identity.name_pairs import NamePair
from enrichment.identity.comparison import compare_names


@dataclass(frozen=True, slots=True)
class Score:
    """Renames that no name tells are pairs of one company that are decided as two: those without a word in common, and
    those that the registrar listed under one name in earlier years and under the other today. They are counted apart.

    one: pairs that are one company; found: those decided so. decided: without asking and without such renames.
    """

    pairs: int
    asked: int
    merged_in_error: int
    one: int
    found: int
    without_a_word: tuple[NamePair, ...]
    renamed: tuple[NamePair, ...]
    wrong_pairs: tuple[NamePair, ...]

    @property
    def decided(self) -> int:
        return self.pairs - self.asked - len(self.without_a_word) - len(self.renamed)

    @property
    def wrong(self) -> int:
        return len(self.wrong_pairs)

    @property
    def right(self) -> float:
        """The share of the decided pairs that is right."""
        return 1 - self.wrong / self.decided

    @property
    def recall(self) -> float:
        """The share of pairs of one company that is found, renames that no name tells left out."""
        return self.found / (self.one - len(self.without_a_word) - len(self.renamed))


def score(pairs: Sequence[NamePair]) -> Score:
    compared = [(pair, compare_names(pair.name_a, pair.name_b).sameness) for pair in pairs]
    parted = [pair for pair, sameness in compared if pair.same and sameness == "different"]
    merged = [pair for pair, sameness in compared if not pair.same and sameness == "same"]
    without_a_word = [pair for pair in parted if pair.has_no_word_in_common]
    renamed = [pair for pair in parted if pair.was_renamed and not pair.has_no_word_in_common]
    return Score(
        pairs=len(pairs),
        asked=sum(sameness == "unsure" for _, sameness in compared),
        merged_in_error=len(merged),
        one=sum(pair.same for pair in pairs),
        found=sum(pair.same and sameness == "same" for pair, sameness in compared),
        without_a_word=tuple(without_a_word),
        renamed=tuple(renamed),
        wrong_pairs=tuple(pair for pair in (*parted, *merged) if pair not in {*without_a_word, *renamed}),
    )
