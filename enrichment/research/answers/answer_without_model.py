"""An answer without a model: the most telling pieces of evidence, word for word, each a claim of its own. Pure.

    Sides + areas + roles asked for + relevance -> findings, people, recommendations

It serves where the model fails, may not be paid any more, or is not needed: what is asked is in the evidence as it is.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from enrichment.analysis.evidence import Passage
from enrichment.domain.values import EmployeeCount, IntentSignal, JobPosting, NewsItem, Technology
from enrichment.research.answers.people import people, themes_sold
from enrichment.research.answers.question_asked import QuestionAsked
from enrichment.research.answers.recommendations import recommendations
from enrichment.research.answers.statements import lines_of, stated
from enrichment.research.claims.claim import CheckedClaim
from enrichment.research.evidence.passages import Sides
from enrichment.research.evidence.relevance import VendorRelevance, content_words
from enrichment.research.evidence.themes import themes_in
from enrichment.research.questions.to_the_point import Point

_EACH, _NARROW = 3, 8


def composed(sides: Sides, relevance: VendorRelevance, asked: QuestionAsked) -> list[CheckedClaim]:
    """The claims of an answer; for a narrow question no more than it asks."""
    claims = [*_findings(sides, asked), *people(sides, asked)]
    claims += recommendations(sides, relevance, asked)
    return list({(claim.kind, claim.text): claim for claim in reversed(claims)}.values())[::-1]


def _findings(sides: Sides, asked: QuestionAsked) -> Iterator[CheckedClaim]:
    if asked.point is not None:
        yield from _to_the_point(sides, asked, asked.point)
        return
    for dataset in asked.in_order(dict.fromkeys(passage.dataset for passage in sides.evidence.passages)):
        pieces = [one for one in sides.evidence.passages if one.dataset == dataset]
        ranked = sorted(pieces, key=lambda one: (-len(asked.words & content_words(one.text)), *_order(one, sides)))
        for passage in ranked[:_EACH]:
            yield stated(sides, passage, _line_of(passage, asked.words))


def _to_the_point(sides: Sides, asked: QuestionAsked, point: Point) -> Iterator[CheckedClaim]:
    """Line by line, those that say what is asked most directly first; each line once."""
    found = dict[str, tuple[tuple[Any, ...], Passage]]()
    for at, passage in enumerate(_without_ranges(sides.evidence.passages)):
        for number, line in enumerate((*lines_of(passage), *_sentences_naming(passage, point.named))):
            rank = point.rank(passage, line)
            if rank is not None and passage.dataset != "key_contacts" and not _is_of_headings(line):
                shared = -len(asked.words & content_words(line))
                found.setdefault(line, ((rank, shared, *_order(passage, sides), at, number), passage))
    ranked = sorted(found.items(), key=lambda one: one[1][0])
    for line, (_, passage) in ranked[:_NARROW]:
        yield stated(sides, passage, line)


def _without_ranges(passages: Sequence[Passage]) -> list[Passage]:
    """The passages without ranges of headcounts, where there is an exact one."""
    counts = [one for one in passages if isinstance(one.facts[0].value, EmployeeCount)]
    exact = [one for one in counts if not is_range(one)]
    return [one for one in passages if one not in counts or one in (exact or counts)]


def is_range(passage: Passage) -> bool:
    value = passage.facts[0].value
    return isinstance(value, EmployeeCount) and value.low != value.high


def _order(passage: Passage, sides: Sides) -> tuple[float, ...]:
    """Exact numbers before ranges; what bears on what is sold first; then the newest."""
    value = passage.facts[0].value
    if isinstance(value, EmployeeCount):
        return (float(is_range(passage)), 0.0)
    fits = isinstance(value, Technology | IntentSignal) and not themes_sold(sides).keys().isdisjoint(
        themes_in(passage.text)
    )
    return (float(not fits), -_moment(passage))


def _sentences_naming(passage: Passage, names: Collection[str]) -> list[str]:
    """The sentences of a posting's text with one of these names."""
    value = passage.facts[0].value
    if not names or not isinstance(value, JobPosting) or not value.text:
        return []
    parts = [part for line in passage.text.split("\n")[1:] for part in re.split(r"(?<=[\w)][.!?;]) +(?=[A-Z])", line)]
    return [part for part in parts if any(name in part.casefold() for name in names)]


def _line_of(passage: Passage, wanted: Collection[str]) -> str:
    """The one with most of the words."""
    return max(lines_of(passage), key=lambda line: len(content_words(line).intersection(wanted)))


def _is_of_headings(line: str) -> bool:
    """The first row of a table."""
    return line.startswith("|") and not any(letter.isdigit() for letter in line)


def _moment(passage: Passage) -> float:
    value, at = passage.facts[0].value, passage.facts[0].collected_at
    if isinstance(value, NewsItem) and value.published_at is not None:
        return value.published_at.timestamp()
    if isinstance(value, JobPosting) and value.posted_on is not None:
        return float(value.posted_on.toordinal() - 719_163) * 86_400
    return at.timestamp()
