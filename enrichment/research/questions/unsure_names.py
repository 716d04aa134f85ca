"""Words of a question that may be names of companies which nothing shows to be any. Pure.

'should i call labcorp?' -> labcorp        'pros of Salt Security?' -> Salt Security        'テスラ' -> テスラ
"""

import re
from collections.abc import Iterator, Sequence

from enrichment.research.questions.asked_words import AskedWords, Span, is_coined, is_place
from enrichment.research.questions.name_places import ends_there, is_continent, is_where_a_name_is
from enrichment.research.questions.question_words import Word

_UNREAD = re.compile(r"[\u30a0-\u30ff]{3,}|[\u0400-\u04ff]{3,}|[\uac00-\ud7af]{2,}|[\u0600-\u06ff]{3,}")
"""Words in other scripts, which no table here reads: katakana, as names are written, Cyrillic, Hangul, Arabic."""


def unsure_names(asked: AskedWords, spans: Sequence[Span], closed: frozenset[int], *, has_areas: bool) -> Iterator[str]:
    """Coined words in small letters, unread capitals, what is in a script that is not read. closed: read already."""
    yield from _UNREAD.findall(asked.text)
    yield from (span.text for span in _unread_capitals(asked, closed))
    yield from (span.text for span in spans if _is_subject(asked, span))
    yield from (word.own for at, word in enumerate(asked.words) if _is_named_for_a_place(asked, at))
    if asked.is_english and not has_areas:
        for span in spans:
            if all(is_coined(word) or word.does("filler", "request") for word in span.words):
                yield from (word.written for word in span.words if is_coined(word))


def _unread_capitals(asked: AskedWords, closed: frozenset[int]) -> Iterator[Span]:
    """Several words with capitals beside each other, within a sentence, which nothing has read: 'Salt Security'."""
    at = 0
    while at < len(asked.words):
        end = at
        while end < len(asked.words) and end not in closed and _is_unread_capital(asked, at, end):
            end += 1
        if end - at > 1 and not any(is_place(word) or word.is_acronym for word in asked.words[at:end]):
            yield asked.span(at, end)
        at = max(end, at + 1)


def _is_unread_capital(asked: AskedWords, start: int, at: int) -> bool:
    word: Word = asked.words[at]
    is_beside = at == start or not (word.apart or asked.words[at - 1].possessive)
    return word.is_capital and not word.begins and is_beside and not asked.is_function(word)


def _is_named_for_a_place(asked: AskedWords, at: int) -> bool:
    """'the CFO of American?'"""
    word = asked.words[at]
    is_adjective = word.is_capital and is_continent(word.small) and word.small.endswith("an")
    return is_adjective and is_where_a_name_is(asked.words, at, at + 1) and ends_there(asked.words, at + 1)


def _is_subject(asked: AskedWords, span: Span) -> bool:
    """'does ford motor use ...': it is asked what this does, not what the company of before does."""
    does = span.end < len(asked.words) and asked.words[span.end].does("subject")
    return asked.is_english and does and bool(span.before) and span.before[-1].does("auxiliary")
