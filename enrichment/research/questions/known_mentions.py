"""Which words of a question are names that are known: registered companies, websites, those of the session. Pure.

words -> phrases to look up in the registry -> those that are registered -> mentions
"""

from collections.abc import Iterator, Sequence

from enrichment.identity.names import name_words
from enrichment.parsing.mentions import is_common
from enrichment.parsing.technologies import is_technology
from enrichment.research.questions.mention import KnownNames, Mention
from enrichment.research.questions.name_places import is_dull, is_of_sentences, is_where_a_name_is, written
from enrichment.research.questions.question_words import (
    Word,
)

_LONGEST_NAME = 6
_FAR = 3
"""So many words may be between a relation and the company it is with: 'partnered in May with Acme'."""


def phrases_to_look_up(words: Sequence[Word]) -> tuple[str, ...]:
    """What a registered company may be called in a question, in small letters; the longest first."""
    spans = (words[at : at + most] for most in range(_LONGEST_NAME, 0, -1) for at in range(len(words) - most + 1))
    told = (span for span in spans if not any(word.apart for word in span[1:]))
    return tuple(dict.fromkeys(phrase for span in told if _may_be_called_so(span) for phrase in phrases_of_name(span)))


def _may_be_called_so(span: Sequence[Word]) -> bool:
    """'Bank of America' and 'American Express' may; what begins or ends with a word of grammar may not."""
    if len(span) == 1:
        return not is_of_sentences(span[0])
    return not any(word.does("function", "request", "goes_on", "and_or") for word in (span[0], span[-1]))


def phrases_of_name(words: Sequence[Word]) -> tuple[str, ...]:
    """A possessive within is kept: 'bj's wholesale club'; at the end it may be the name's own: 'macy', 'macy's'."""
    front = [f"{word.small}'s" if word.possessive else word.small for word in words[:-1]]
    last = words[-1].small
    ends = (f"{last}'s", last) if words[-1].possessive else (last,)
    return tuple(" ".join((*front, end)) for end in ends)


def known_mentions(words: Sequence[Word], known: KnownNames) -> Iterator[Mention]:
    at = 0
    while at < len(words):
        found = (
            *(_website(words, at), _registered(words, at, known), _of_session(words, at, known), _product(words, at)),
            _own(words, at, known),
        )
        one = max((one for one in found if one is not None), key=lambda one: one.end, default=None)
        if one is not None:
            yield one
        at = at + 1 if one is None else one.end


def _website(words: Sequence[Word], at: int) -> Mention | None:
    return Mention(words[at].written, at, at + 1, is_known=True) if words[at].is_domain else None


def _registered(words: Sequence[Word], at: int, known: KnownNames) -> Mention | None:
    for most in range(_LONGEST_NAME, 0, -1):
        span = words[at : at + most]
        if len(span) < most or any(word.apart for word in span[1:]):
            continue
        called = next((phrase for phrase in phrases_of_name(span) if phrase in known.registered), None)
        if called in known.short and _goes_on(words, at + most):
            return None
        if called is not None:
            is_meant = most > 1 or _is_its_name(words, at, is_alone=len(known.registered) == 1)
            name = " ".join(word.written for word in span) if called.endswith("'s") else written(span)
            return Mention(name, at, at + most, is_known=True) if is_meant else None
    return None


def _goes_on(words: Sequence[Word], at: int) -> bool:
    """Whether a word behind a short name belongs to a longer one: 'General Electric'; not 'Ford CFO'."""
    word = words[at] if at < len(words) else None
    if word is None or word.apart or words[at - 1].possessive or word.is_acronym:
        return False
    return word.is_capital and not is_dull(word)


def _is_its_name(words: Sequence[Word], at: int, *, is_alone: bool) -> bool:
    """Whether a word that a registered company is called after is meant as its name here: 'Target', 'zoom in on'."""
    word = words[at]
    if not is_common(word.small) or word.possessive or (word.is_capital and (not word.begins or is_alone)):
        return word.is_capital or not is_dull(word)
    is_in_front = at == 0 and len(words) > 1 and words[1].apart  # 'ford: any news?'
    return is_in_front or is_where_a_name_is(words, at, at + 1)


def _of_session(words: Sequence[Word], at: int, known: KnownNames) -> Mention | None:
    """'Ford' is Ford Motor, where that was asked about."""
    word = words[at]
    if is_dull(word) or (is_common(word.small) and not word.is_capital):
        return None
    for name in known.before:
        own = name_words(name)
        if own[:1] == (word.small,):
            lengths = range(len(own), 1, -1)
            most = next((n for n in lengths if " ".join(own[:n]) in phrases_of_name(words[at : at + n])), 1)
            return Mention(name, at, at + most, is_known=True)
    return None


def _own(words: Sequence[Word], at: int, known: KnownNames) -> Mention | None:
    """The seller's own name, whole or as it begins, in any language."""
    if is_dull(words[at]) or (is_common(words[at].small) and not words[at].is_capital):
        return None
    for most in range(_LONGEST_NAME, 0, -1):
        span = words[at : at + most]
        if len(span) == most and known.is_own(" ".join(word.small for word in span)):
            return Mention(written(span), at, at + most, is_known=False)
    return None


def _product(words: Sequence[Word], at: int) -> Mention | None:
    """A technology that the table names; in small letters only behind words such as 'use'."""
    for most in range(_FAR, 0, -1):
        span = words[at : at + most]
        if len(span) < most or any(word.apart for word in span[1:]) or not is_technology(" ".join(w.own for w in span)):
            continue
        is_meant = (
            span[0].is_capital
            or most > 1
            or not is_common(span[0].small)
            or (at > 0 and words[at - 1].does("use"))
            or _is_beside_a_product(words, at)
        )
        return Mention(written(span), at, at + most, is_known=False) if is_meant and not is_dull(span[0]) else None
    return None


def _is_beside_a_product(words: Sequence[Word], at: int) -> bool:
    """'snowflake or databricks'"""
    joined = [
        other for other in (at - 2, at + 2) if 0 <= other < len(words) and words[(at + other) // 2].does("and_or")
    ]
    return any(is_technology(words[other].own) for other in joined)
