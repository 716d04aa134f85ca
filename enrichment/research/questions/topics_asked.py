"""What of a question is a topic to search for, and what is only looked for in what is known. Pure.

A topic is made of content words, or it is none: nothing is searched for the grammar of a question.
"""

from collections.abc import Iterable, Iterator, Sequence

from enrichment.research.questions.areas_asked import OTHER_SCRIPT
from enrichment.research.questions.asked_words import AskedWords, Span, is_content, is_grammar
from enrichment.research.questions.mention import MentionRole
from enrichment.research.questions.question_words import follows, phrases_of, places_of
from enrichment.research.questions.technology_use import relation_to


def telling_spans(asked: AskedWords, closed: frozenset[int]) -> list[Span]:
    """Spans that say what is asked about. closed: places that are read already."""
    spans = (one for one in asked.spans(closed) if _says_something(asked, one))
    return [one for one in spans if not OTHER_SCRIPT.search(one.text)]


def texts_of(asked: AskedWords, spans: Iterable[Span]) -> Iterator[str]:
    """Spans of a question in English; words of relations are told with the name they tie to."""
    if asked.is_english:
        sought = (one for one in asked.mentions if one.part is MentionRole.SOUGHT)
        tied = {word for one in sought for word in relation_to(asked, one)}
        yield from (span.text for span in spans if not tied.intersection(span.words))


def is_topic(asked: AskedWords, span: Span) -> bool:
    """Whether a topic can be there: behind 'about', 'has a', 'plans a', a possessive; or it is all of it."""
    before = span.before
    is_alone = len(asked.words) == len(before) + len(span.words) and all(word.does("alone") for word in before)
    if is_alone and not asked.asked:
        return True
    if not before:
        return not asked.asked
    last, others = before[-1], before[:-1]
    if last.possessive and asked.any_does("compares") and not span.narrows:
        return False  # 'their tone against ours' is no figure that can be compared
    if last.possessive or last.does("about") or (last.does("which") and len(span.words) > 1):
        return True
    if last.does("and_or") and len(others) in {one.end for one in asked.mentions}:
        return True
    is_had = follows(asked.words, len(before), "has") and not any(word.does("ours_has") for word in before)
    return is_had or (last.does("article", "any") and bool(others) and others[-1].does("plans"))


def is_for(asked: AskedWords, span: Span) -> bool:
    """'interest in analytics', 'the birthday of their CEO'."""
    is_of = span.end < len(asked.words) and asked.words[span.end].small == "of"
    if span.joined_by is not None:
        return True
    return bool(span.before) and (span.before[-1].does("joins") or (is_of and span.before[-1].does("article")))


def events(asked: AskedWords) -> Iterator[str]:
    for phrase in phrases_of("event"):
        if any(True for _ in places_of(asked.words, phrase)):
            yield " ".join(phrase)


def requests(asked: AskedWords) -> bool:
    """'Give me a ...', 'walk me through ...': what is to be made of the answer."""
    first = next((word for word in asked.words if not word.does("function", "filler")), None)
    return first is not None and first.does("request")


def left_over(asked: AskedWords, closed: frozenset[int]) -> Sequence[str]:
    """Of 'did Acme open plants?', not of 'tell me of Acme', the words that are no name and of no grammar."""
    first, second = (*asked.words[:2], None, None)[:2]
    asks = first is not None and first.does("auxiliary") and not (second is not None and second.small == "you")
    if not (asks and asked.is_english and asked.asked):
        return []
    words = (word for at, word in enumerate(asked.words) if at not in closed and not is_grammar(word))
    return [word.own for word in words if not word.does("use", "ours", "auxiliary")]


def _says_something(asked: AskedWords, span: Span) -> bool:
    """Words of an area or a role do where a company has it: 'a data team'."""
    is_had = follows(asked.words, len(span.before), "has")
    grammar_only = all(map(is_grammar, span.words))
    return any(map(is_content, span.words)) or (is_had and not grammar_only and len(span.words) > 1)
