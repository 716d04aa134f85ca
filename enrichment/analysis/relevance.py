"""Which passages bear on a question: BM25 over their words. Pure.

    passages x question -> the passages, the most relevant first, each with its score

A passage without a word of the question has the score 0 and keeps its place behind those that have one.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

_WORD = re.compile(r"[^\W_]{2,}")


class _WithText(Protocol):
    @property
    def text(self) -> str: ...


P = TypeVar("P", bound=_WithText)


@dataclass(frozen=True, slots=True)
class RankedPassage(Generic[P]):
    """score: BM25 as Lucene computes it, 0 or more; comparable within one ranking only."""

    passage: P
    score: float


def rank(passages: Sequence[P], question: str) -> list[RankedPassage[P]]:
    """The most relevant first; passages of equal score in the order given."""
    (scores,) = _scores([_words(passage.text) for passage in passages], [_words(question)])
    ranked = [RankedPassage(passage, score) for passage, score in zip(passages, scores, strict=True)]
    return sorted(ranked, key=lambda one: -one.score)


def ranked_for_each(passages: Sequence[P], questions: Sequence[str]) -> list[P]:
    """The passage that bears on each question most, then the second of each, ...; those that bear on none are left out.

    Questions are served in the order given; of passages with equal scores the first one counts more.
    """
    found: dict[int, None] = {}
    scores = _scores([_words(passage.text) for passage in passages], [_words(question) for question in questions])
    rankings = [sorted((-score, at) for at, score in enumerate(of_one) if score > 0) for of_one in scores]
    for place in range(max(map(len, rankings), default=0)):
        for ranking in rankings:
            if place < len(ranking):
                found[ranking[place][1]] = None
    return [passages[at] for at in found]


def _scores(texts: list[list[str]], questions: Sequence[list[str]]) -> list[list[float]]:
    """For each question, the score of each text."""
    known = {word for words in texts for word in words}
    wanted = [sorted(set(asked) & known) for asked in questions]
    if not any(wanted):
        return [[0.0] * len(texts) for _ in questions]
    from bm25s import BM25  # noqa: PLC0415  takes 0.2 s to import, and most evidence fits without a ranking

    logging.getLogger("bm25s").setLevel(logging.WARNING)  # it sets itself to DEBUG, and says so of each index
    index = BM25(method="lucene")
    index.index(texts, show_progress=False)
    return [[float(score) for score in index.get_scores(words)] if words else [0.0] * len(texts) for words in wanted]


def _words(text: str) -> list[str]:
    return [_stem(word) for word in _WORD.findall(text.casefold())]


def _stem(word: str) -> str:
    """The word without the s of a plural: 'customers' is asked for where 'customer' is written."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
