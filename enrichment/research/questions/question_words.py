"""The words of a question, and what each does in it, by the table of words. Pure.

"Who's Tesla's CFO?" -> who (function) is (function) Tesla (a capital, possessive) CFO

Contractions are written out, and what is joined by an apostrophe or by another script is parted.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from enrichment.domain.data_tables import listed, rows_of
from enrichment.identity.domains import registrable_domain
from enrichment.identity.legal_forms import is_form

_HERE = "enrichment.research.questions"
_BEGINS = "who what where when why how which that there here it he she they we you i let this these those one everyone"
_CONTRACTED = re.compile(rf"\b({'|'.join(_BEGINS.split())})['’](s|re|ve|ll|d|m)\b", re.I)
_WRITTEN_OUT = {"s": "is", "re": "are", "ve": "have", "ll": "will", "d": "would", "m": "am"}
_WITHOUT_APOSTROPHE = re.compile(r"\b(who|what|where|when|how)s\b", re.I)
_NOT = re.compile(r"\b(\w+?)n['’]t\b", re.I)
_ASKED_NOT = re.compile(
    r"(^\W*|[.?!;:,]\s+|\b(?:and|or|but)\s+)(do(?=n['’]t (?:they|we|you|(?-i:[A-Z])))|(?!don)\w+?)n['’]t\b", re.I
)
_WHOLE = {"ca": "can", "wo": "will"}
"""'Isn't Acme closing plants?' asks what 'is Acme closing plants?' does."""
_ELIDED = re.compile(r"(?<!\w)(qu|[cdjlmnst])['’](?=\w)", re.I)
_LEFT_OF_AN_ELISION = frozenset("dlmst")
_INVERTED = re.compile(r"(?<=\w)-t-(elles?|ils?|on)\b", re.I)
_OTHER_SCRIPT = re.compile(
    r"(?<=[a-zA-Z])(?=[\u3040-\u30ff\u4e00-\u9fff])|(?<=[\u3040-\u30ff\u4e00-\u9fff])(?=[a-zA-Z])"
)
_INITIALS = r"(?:[^\W\d_]\.){2,}"
_WORD = re.compile(
    rf"(?P<initials>{_INITIALS})|" r"(?P<domain>[\w-]+(?:\.[\w-]+)*\.[a-zA-Z]{2,}\b)|[^\W_](?:[\w&'’.+#/-]*[\w+#])?|&"
)
_POSSESSIVE = re.compile(r"['’]s$|(?<=s)['’]$", re.I)
_TAG = re.compile(r"</?[\w!][^<>]{0,80}>?")
_OPERATOR = re.compile(r"\b(?:site|filetype|inurl|intitle|intext|ext|cache):\S+", re.I)
_ADDRESS = re.compile(r"\bhttps?://([\w.-]+)(?::\d+)?(?:/\S*)?", re.I)
_ABBREVIATED = 4
_STOPS = re.compile(r"[.!?:;,¿¡\n()\"“”]|\s[-–—]\s")
_SENTENCE = re.compile(r"[.!?:;¿¡\n]")


@dataclass(frozen=True, slots=True)
class Word:
    """small: in small letters, without a possessive ending. begins: a sentence. apart: a stop is between it and the one
    before.
    """

    written: str
    small: str
    begins: bool
    apart: bool
    possessive: bool
    is_domain: bool = False

    @property
    def is_capital(self) -> bool:
        """Whether it begins with a capital or has one inside, as in eBay and 3M."""
        return any(letter.isupper() for letter in self.written[:1]) or (
            any(letter.isupper() for letter in self.written[1:]) and not self.written.islower()
        )

    @property
    def is_acronym(self) -> bool:
        """'API', and several 'APIs'."""
        one = self.own.removesuffix("s")
        return len(one) > 1 and one.isupper()

    @property
    def own(self) -> str:
        """The word as it is written, without a possessive ending."""
        return _POSSESSIVE.sub("", self.written)

    def does(self, *kinds: str) -> bool:
        return any(self.small in words_of(kind) for kind in kinds)


def words_in_question(text: str) -> tuple[Word, ...]:
    return tuple(_words(written_out(text)))


def written_out(text: str) -> str:
    """The text without contractions, markup, search operators, paths; all capitals become small letters."""
    text = _OPERATOR.sub(" ", _TAG.sub(" ; ", text))
    text = _ADDRESS.sub(lambda found: found[1] if registrable_domain(found[1]) else " ", text)
    if text.isupper() and " " in text.strip():
        text = text.lower()
    text = _CONTRACTED.sub(lambda found: f"{found[1]} {_WRITTEN_OUT[found[2].lower()]}", text)
    text = _WITHOUT_APOSTROPHE.sub(r"\1 is", text)
    text = _NOT.sub(r"\1 not", _ASKED_NOT.sub(lambda found: found[1] + _WHOLE.get(found[2].lower(), found[2]), text))
    return _OTHER_SCRIPT.sub(" ", _ELIDED.sub(r"\1 ", _INVERTED.sub(r" \1", text)))


def _words(text: str) -> Iterator[Word]:
    end = 0
    for found in _WORD.finditer(text):
        between = text[end : found.start()]
        if between == ". " and _is_abbreviation(text[:end]):
            between = " "
        written = found[0] if found["domain"] or found["initials"] else found[0].rstrip("'’.-")
        possessive = _POSSESSIVE.search(written) is not None
        small = _POSSESSIVE.sub("", written).casefold()
        yield Word(
            written,
            small,
            end == 0 or _SENTENCE.search(between) is not None,
            end == 0 or _STOPS.search(between) is not None,
            possessive,
            found["domain"] is not None,
        )
        end = found.end()


def _is_abbreviation(text: str) -> bool:
    """Whether its last word is one that a stop belongs to: 'Corp', 'St'."""
    word = text.rpartition(" ")[2]
    return word[:1].isupper() and len(word) <= _ABBREVIATED and (is_form(word.casefold()) or word in ("St", "Mt", "Dr"))


@cache
def words_of(kind: str) -> frozenset[str]:
    """Single words of this kind, in small letters."""
    return frozenset(word for name, words in rows_of(_HERE, "question_words") if name == kind for word in words.split())


@cache
def words_of_sentences() -> frozenset[str]:
    """Words that may be written with a capital and name no company."""
    return frozenset(row[0] for row in rows_of(_HERE, "plain_words"))


@cache
def phrases_of(kind: str) -> tuple[tuple[str, ...], ...]:
    """The phrases of a kind; the longest first."""
    cells = (words for name, words in rows_of(_HERE, "question_words") if name == kind)
    found = {tuple(phrase.split()) for cell in cells for phrase in listed(cell)}
    return tuple(sorted(found, key=lambda phrase: (-len(phrase), phrase)))


def follows(words: Sequence[Word], at: int, kind: str) -> bool:
    """Whether a phrase of this kind is right before this place."""
    before = tuple(word.small for word in words[:at])
    return any(before[-len(phrase) :] == phrase for phrase in phrases_of(kind))


def places_of(words: Sequence[Word], phrase: Sequence[str]) -> Iterator[range]:
    """The places where these words are beside each other."""
    small, most = [word.small for word in words], len(phrase)
    for at in range(len(words) - most + 1):
        if small[at : at + most] == [*phrase] and not any(word.apart for word in words[at + 1 : at + most]):
            yield range(at, at + most)


def has_phrase(words: Sequence[Word], kind: str) -> bool:
    return any(True for phrase in phrases_of(kind) for _ in places_of(words, phrase))


def is_english(words: Sequence[Word]) -> bool:
    whole = [word for word in words if word.small not in _LEFT_OF_AN_ELISION]
    english, other = (sum(word.does(*kinds) for word in whole) for kinds in (("function",), ("german", "foreign")))
    return english >= other


def is_german(words: Sequence[Word]) -> bool:
    german, other = (sum(word.does(*kinds) for word in words) for kinds in (("german",), ("function", "foreign")))
    return german > other or (german == other and german > 1)
