"""What a question marks as what it is about, by the phrase in front of it. Pure.

'doing about X' -> a topic        'in charge of X' -> a task of a person        'spends on X' -> what money goes to
"""

from collections.abc import Iterator
from dataclasses import dataclass

from enrichment.research.questions.asked_words import AskedWords, Span, is_coined, show_one_area
from enrichment.research.questions.name_places import is_dull
from enrichment.research.questions.question_words import follows


@dataclass(frozen=True, slots=True)
class MarkedWords:
    """closed: places of words that are read already, those of companies included."""

    topics: tuple[Span, ...]
    tasks: tuple[Span, ...]
    spends: tuple[Span, ...]
    closed: frozenset[int]


def marked_words(asked: AskedWords) -> MarkedWords:
    closed = {*asked.taken}
    spends = [*_marked(asked, "spends", closed)]
    topics = [*_marked(asked, "topic", closed)]
    if asked.any_does("says"):
        topics += _marked(asked, "says_of", closed)
    tasks = [*_marked(asked, "task", closed)]
    return MarkedWords(tuple(topics), tuple(tasks), tuple(spends), frozenset(closed))


def _marked(asked: AskedWords, kind: str, closed: set[int]) -> Iterator[Span]:
    """What follows such a phrase, unless it only shows an area: then its words are read as those of others."""
    for at in range(1, len(asked.words)):
        if at in closed or not follows(asked.words, at, kind):
            continue
        start = at
        while start < len(asked.words) and start not in closed and asked.is_function(asked.words[start]):
            start += 1
        span = asked.span(start, asked.end_of_joined(start, closed))
        if span.words and _is_meant(asked, span, kind):
            closed |= {*range(span.start, span.end)}
            yield span


def _is_meant(asked: AskedWords, span: Span, kind: str) -> bool:
    if all(word.does("filler") for word in span.words):
        return False
    may_be_name = any(map(is_coined, span.words)) and all(is_coined(word) or is_dull(word) for word in span.words)
    if may_be_name and not asked.asked:
        return False
    return kind in ("task", "spends") or not show_one_area(span.words)
