"""What a sentence asserts: whether it denies a thing, and which kinds of event it reports. Pure.

denies('Acme does not use Kafka', 'Kafka') -> True
is_turned_round('It opens a plant', 'Acme opens no plant') -> True
events_in('Acme raises 30 million') -> {'funding_round'}

Words are in data/denials.csv and data/event_words.csv. A clause ends at a comma, a full stop or 'but'.
"""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from enrichment.domain.data_tables import listed, rows_of
from enrichment.domain.plain_text import on_one_line

_ANY_WORDS = r"\s+(?:\S+\s+){0,4}?"


def _pattern(words: Collection[str]) -> re.Pattern[str]:
    """A pattern for any of these phrases as whole words; '*' is any ending, ' ... ' up to four words."""
    phrases = sorted(words, key=len, reverse=True)
    each = "|".join(_ANY_WORDS.join(map(_escaped, phrase.split(" ... "))) for phrase in phrases)
    return re.compile(rf"(?<![\w-])(?:{each})(?![\w-])", re.IGNORECASE)


def _escaped(phrase: str) -> str:
    return re.escape(phrase).replace(r"\*", r"\w*").replace(r"\ ", r"\s+")


_DENIALS = [(kind, listed(words)) for kind, words in rows_of("enrichment.parsing", "denials")]
_CLAUSE, _THING, _FOLLOWING, _LEAVING, _NO_DENIAL, _INSTEAD = (
    _pattern([word for one, words in _DENIALS if one == kind for word in words])
    for kind in ("clause", "thing", "following", "leaving", "no_denial", "instead")
)
_SMALL = frozenset(word for kind, words in _DENIALS if kind == "small" for text in words for word in text.split())
_EVENTS = {event: _pattern(listed(words)) for event, _, words in rows_of("enrichment.parsing", "event_words")}
_STRONG = frozenset(event for event, strong, _ in rows_of("enrichment.parsing", "event_words") if strong == "yes")
_CONTRACTED = re.compile(r"n['\u2019]t\b", re.IGNORECASE)
_CLAUSES = re.compile(
    r"[,;:!?()\u2013\u2014]+\s|\.(?:\s|$)|\s(?:but|while|although|though|whereas|however|because|since|as)\s",
    re.IGNORECASE,
)
_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n")
_PASSIVE = re.compile(
    r"^\s+(?:(?:is|was|are|were|has|have|had|being|been|be|gets|got)\s+)+(?:\w+ly\s+)?$", re.IGNORECASE
)
_NOT_BEHIND = re.compile(
    r"\s+(?:(?:is|was|are|were|has|have|had|been|does|did|do|will|can|could)\s+)*(?:not|never|no longer|nowhere)\b",
    re.IGNORECASE,
)
_REMEMBERED = 2_048  # texts: the claims of one answer are compared with the same few sentences
_NEAR = 6
"""Words that may be between 'not' or 'no' and what it denies."""
_WORD = re.compile(r"[^\W_]+")
_ENDING = re.compile(r"(?<=[a-z]{3})(?:ing|ed|es|s|e)$")
_SAME = 0.6
"""Share of a claim's words that its quote has too, from which it states the same as the quote, or the opposite."""
_BESIDE = 2
"""Words behind 'not' among which the only word of a claim has to be."""
_SHORTEST_WORD = 3
_AROUND = 300  # characters on each side of a quote; a page without full stops is one sentence


def sentence_of(quote: str, text: str) -> str:
    """The sentence of a text that a quote is from, as it may deny the quote; the quote, if it is from several."""
    wanted = on_one_line(quote)
    around = next((one for one in sentences_of(text) if wanted in one), wanted)
    place = around.index(wanted)
    return around[max(0, place - _AROUND) : place + len(wanted) + _AROUND]


def sentences_of(text: str) -> Iterator[str]:
    """The sentences of a text, each on one line."""
    return (one for one in map(on_one_line, _SENTENCES.split(text)) if one)


def denies(sentence: str, name: str) -> bool:
    """Whether each clause with this name denies it."""
    wanted = re.compile(rf"(?<!\w){re.escape(on_one_line(name))}(?!\w)", re.IGNORECASE)
    found = [_is_denied(clause, place) for clause in _clauses(sentence) for place in wanted.finditer(clause)]
    return bool(found) and all(found)


def is_denied_in(text: str, name: str) -> bool:
    """Whether each sentence of a text with this name denies it."""
    sentences = [one for one in sentences_of(text) if name.casefold() in one.casefold()]
    return bool(sentences) and all(denies(one, name) for one in sentences)


def is_turned_round(claim: str, sentence: str) -> bool:
    """Whether a claim states in the same words what its quote denies, or denies what it states."""
    claimed, parts = telling_stems(claim), (*_clauses(sentence), _plain(sentence))
    alike = next((one for one in parts if claimed and len(claimed & telling_stems(one)) >= _SAME * len(claimed)), None)
    return alike is not None and _is_against(alike, claimed) != _is_against(_plain(claim), claimed)


@lru_cache(maxsize=_REMEMBERED)
def events_in(text: str) -> frozenset[str]:
    """The kinds of event whose words a text has; none for one that shows no kind."""
    return frozenset(event for event, words in _EVENTS.items() if words.search(text))


def is_another_event(claim: str, sentence: str) -> bool:
    """Whether a claim states an event of a strong kind that its quote has no word of, and the quote has another's."""
    stated, quoted = events_in(claim) & _STRONG, events_in(sentence)
    return bool(stated) and bool(quoted & _STRONG) and stated.isdisjoint(quoted)


@lru_cache(maxsize=_REMEMBERED)
def telling_stems(text: str) -> frozenset[str]:
    """The words of a text without their endings; none that is short, of grammar alone, or a denial."""
    plain = _plain(text)
    for denial in (_CLAUSE, _THING, _FOLLOWING):
        plain = denial.sub(" ", plain)
    words = (word for word in _WORD.findall(plain.casefold()) if word not in _SMALL and len(word) >= _SHORTEST_WORD)
    return frozenset(_ENDING.sub("", word) for word in words)


@lru_cache(maxsize=_REMEMBERED)
def _plain(text: str) -> str:
    """'doesn't' is 'does not'; 'not only' denies nothing."""
    return _NO_DENIAL.sub(" ", _CONTRACTED.sub(" not", on_one_line(text)))


def _clauses(sentence: str) -> Iterator[str]:
    yield from (clause for clause in _CLAUSES.split(_plain(sentence)) if clause.strip())


def _is_denied(clause: str, place: re.Match[str]) -> bool:
    before, behind = clause[: place.start()], clause[place.end() :]
    denials = [*_CLAUSE.finditer(before), *_THING.finditer(before)]
    if any(len(before[one.end() :].split()) <= _NEAR for one in denials) or _NOT_BEHIND.match(behind):
        return True
    if any(not _INSTEAD.search(before, found.end()) for found in _left_in(before)):
        return True
    return any(_PASSIVE.match(behind[: found.start()]) for found in _left_in(behind))


def _left_in(text: str) -> Iterator[re.Match[str]]:
    yield from _FOLLOWING.finditer(text)
    yield from _LEAVING.finditer(text)


def _is_against(clause: str, words: Collection[str]) -> bool:
    """Whether a clause denies, by a word for all of it or by one in front of something of these words."""
    behind = [clause[one.end() :].split() for one in _CLAUSE.finditer(clause)]
    if any(len(words) > 1 or not telling_stems(" ".join(one[:_BESIDE])).isdisjoint(words) for one in behind):
        return True
    found = [*_THING.finditer(clause), *_FOLLOWING.finditer(clause)]
    return any(not telling_stems(clause[one.end() :]).isdisjoint(words) for one in found)
