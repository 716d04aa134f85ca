"""What an answer is composed for: which datasets, roles and lines count, and whether advice is wanted. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from enrichment.research.questions.to_the_point import Point

FOUND = ("topic_results", "page_passages")
"""Datasets of what a search of its own has found."""


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """What an answer is composed for. datasets: that the question is about. roles: words of titles that it asks for.

    words, topic_words: stems of the question, and of its topics. point: of a narrow question. advice: whether it asks
    what to do.
    """

    datasets: frozenset[str]
    roles: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    topic_words: frozenset[str] = frozenset()
    point: Point | None = None
    advice: bool = True

    def in_order(self, datasets: Iterable[str]) -> list[str]:
        """What was found on a topic of the question first."""
        found = [one for one in datasets if one in self.datasets and one != "key_contacts"]
        return sorted(found, key=lambda one: not (self.topic_words and one in FOUND))
