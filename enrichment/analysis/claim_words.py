"""The words of a claim and of a quote: the names and numbers in them, and whether they only name the company.

Names are compared by whole words: "Go" is not in "Google". Numbers are compared by value: "30 million" is 30,000,000
and "30M", but neither 30 nor 30 per cent.
"""

import calendar
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from functools import lru_cache

from enrichment.domain.data_tables import listed, rows_of
from enrichment.domain.plain_text import on_one_line
from enrichment.identity.names import name_words

_WORD = re.compile(r"[^\W_]+")
_SPELLED = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "dozen": 12, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
}  # fmt: skip
_SCALES = {
    "hundred": 2, "k": 3, "thousand": 3, "m": 6, "mn": 6, "mln": 6, "mio": 6, "million": 6, "millions": 6,
    "b": 9, "bn": 9, "billion": 9, "billions": 9, "tn": 12, "trillion": 12,
}  # fmt: skip
_PERCENT = r"%|(?:percent|percentage|per cent|pct)(?!\w)"
_SCALE = "|".join(sorted(_SCALES, key=len, reverse=True))
_NUMBER = re.compile(
    rf"(\d+(?:[.,]\d+)*|(?<!\w)(?:{'|'.join(_SPELLED)})(?!\w))"
    rf"(?:[ -]?(?:({_SCALE})(?!\w))?\s?({_PERCENT})?)?",
    re.IGNORECASE,
)
_RANGE = re.compile(
    rf"(\d+(?:[.,]\d+)*)(\s?(?:[-\u2013]|to|and)\s?)(?=\d+(?:[.,]\d+)*([ -]?(?:{_SCALE})(?!\w)|\s?(?:{_PERCENT})))",
    re.IGNORECASE,
)
_IN_A_WORD = re.compile(r"(?<!\w)[^\W\d_]+\d+[^\W\d_]+(?!\w)")  # B2B counts nothing
_ISO_DATE = re.compile(r"(?<!\d)\d{4}-(\d\d)-\d\d(?!\d)")
_ADDRESS_WORDS = frozenset({"http", "https", "www"})
_SENTENCE = re.compile(r"(?<=[.!?:;])\s+|\n")
_POSSESSIVE = re.compile(r"['\u2019]s\b")
_REMEMBERED = 2_048  # texts: the claims of one answer are compared with the same few passages
_LONGEST_NAME = 12  # words; a longer quote says more than a name
_CALENDAR = frozenset(name.casefold() for name in (*calendar.month_name, *calendar.day_name) if name)
_MONTHS = {name: number for number, name in enumerate(calendar.month_name) if name}
_ENDING = re.compile(r"(?<=[a-z]{3})(?:ing|ed|es|s)$")  # 'opens' and 'opened' are one word of a claim
_A_TRADE = re.compile(r"(?:maker|giant|firm|seller|builder|owner|designer|producer|manufacturer|supplier)s?$")


def _loose(form: str) -> str:
    return " ".join(form.casefold().replace("-", " ").split())


def _written(form: str) -> str:
    """A pattern: capitals alone as they are, so that 'us' is not 'US'; other words in any case, hyphens for spaces."""
    escaped = re.escape(form)
    if form.isupper():
        return escaped
    spaced = escaped.replace(r"\ ", r"[\s-]")
    return f"(?i:{spaced})"


def _by_first_letter(forms: Iterable[str]) -> Iterator[str]:
    """Patterns of which one at most is tried at a place of a text: three times as fast as all forms in a row."""
    groups = defaultdict[str, list[str]](list)
    for form in forms:
        groups[form[0].casefold()].append(_written(form))
    for letter, its in groups.items():
        yield rf"(?=[{re.escape(letter)}{re.escape(letter.upper())}])(?:{'|'.join(its)})"


_SAME_NAMES = [listed(forms) for (forms,) in rows_of("enrichment.analysis", "same_names")]
_FORMS = {form if form.isupper() else _loose(form): forms for forms in _SAME_NAMES for form in forms}
_LONGEST_FIRST = sorted((form for forms in _SAME_NAMES for form in forms), key=len, reverse=True)
_ANY_FORM = re.compile(rf"(?<![\w-])(?:{'|'.join(_by_first_letter(_LONGEST_FIRST))})(?!\w)")
_STARTS = frozenset(word for (word,) in rows_of("enrichment.analysis", "sentence_starts"))
_ACRONYMS = frozenset(word for (word,) in rows_of("enrichment.analysis", "plain_acronyms"))
_COMMON = frozenset(word for word, *_ in rows_of("enrichment.identity", "common_name_words"))


@lru_cache(maxsize=_REMEMBERED)
def with_other_forms(text: str) -> str:
    """The text, and behind it what else its names are called: 'German' for 'Germany', 'CEO' for 'Chief Executive'."""
    found = [_FORMS[one if one in _FORMS else _loose(one)] for one in _ANY_FORM.findall(text)]
    return " ".join((text, *(form for forms in found for form in forms)))


@lru_cache(maxsize=_REMEMBERED)
def known_words(text: str) -> frozenset[str]:
    """The words of a text and of the other forms of its names. Those of two texts are those of each together."""
    return word_set(with_other_forms(text))


@lru_cache(maxsize=_REMEMBERED)
def word_set(text: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _WORD.findall(_POSSESSIVE.sub("", on_one_line(text))))


def is_named_in(name: str, text: str) -> bool:
    """Whether a text has this name, as whole words in a row; upper and lower case are alike."""
    wanted = on_one_line(name).casefold()
    if not wanted:
        return False
    return _has_word(wanted, on_one_line(text).casefold())


@lru_cache(maxsize=_REMEMBERED)
def numbers_in(text: str) -> frozenset[str]:
    """The numbers of a text by value, in digits or spelled out, '30%' apart from '30'; a date is three of them."""
    counted = _IN_A_WORD.sub(" ", text)
    whole = _RANGE.sub(r"\1\3\2", counted)  # '30-40 million' is 30 million and 40 million
    found = _NUMBER.findall(whole)
    return frozenset(_value(number, scale, "%" if percent else "") for number, scale, percent in found)


@lru_cache(maxsize=_REMEMBERED)
def months_in(text: str) -> frozenset[int]:
    """The months a text names, 1 to 12; 'May' at the beginning of a sentence may be another word."""
    named = {
        _MONTHS[word]
        for sentence in _SENTENCE.split(text)
        for place, word in enumerate(_WORD.findall(sentence))
        if word in _MONTHS and (place or word != "May")
    }
    return frozenset(named | {int(month) for month in _ISO_DATE.findall(text)})


def only_names(text: str, own: Collection[str]) -> bool:
    """Whether a text has no word besides the company's own name, its legal form, numbers and dates."""
    words = [word for word in word_set(text) - _ADDRESS_WORDS if any(letter.isalpha() for letter in word)]
    if len(words) > _LONGEST_NAME:
        return False
    if all(word in own for word in words):
        return True
    return all(word.casefold() in own for word in name_words(_POSSESSIVE.sub("", text)))


def names_missing_in(quoted: Collection[str], text: str, *, own: Collection[str], shown: str) -> list[str]:
    """The proper names of a sentence that its quote lacks. quoted: known_words of the quote. own: words of the
    company's name. shown: all evidence.

    A capital letter makes a word a name; at the beginning of a sentence only if the evidence never has it without.
    """
    return [word for word in _names(text, shown) if word.casefold() not in quoted and word.casefold() not in own]


def is_about_another(quote: str, texts: Collection[str], *, own: Collection[str], shown: str) -> bool:
    """Whether a quote without the company's name begins with another name, which none of these sentences has."""
    words = _WORD.findall(_POSSESSIVE.sub("", quote))
    if not words or not words[0][0].isupper() or not set(own).isdisjoint(word_set(quote)):
        return False
    first = words[0].casefold()
    common = {first, _ENDING.sub("", first)} & (_COMMON | _ACRONYMS) or _A_TRADE.search(first)
    if common or not is_name(words[0], shown, first=True):
        return False
    known = {_ENDING.sub("", word) for text in texts for word in word_set(text)}
    return _ENDING.sub("", first) not in known


def is_name(word: str, shown: str, *, first: bool) -> bool:
    """Whether a word with a capital letter is a name. first: at the beginning of its sentence. shown: all evidence."""
    plain = word.casefold()
    if plain in _CALENDAR or plain in _STARTS:
        return False
    if word.isupper() and plain in _ACRONYMS:
        return _has_word(word, shown) and not first
    if not first:
        return True
    return _has_word(word, shown) and not _has_word(plain, shown)


def is_proper_name(name: str, text: str) -> bool:
    """Whether a text has this name with a capital letter, a digit or a dot, or in a script without capitals."""
    wanted = re.escape(on_one_line(name))
    written = re.findall(rf"(?<!\w){wanted}(?!\w)", on_one_line(text), re.IGNORECASE)
    return any(letter in ".0123456789" or letter != letter.lower() or letter >= "\u0590" for letter in "".join(written))


def gist(text: str, own: Collection[str]) -> str:
    """Equal for sentences that differ in the form or order of their words, or in how they call the company."""
    return " ".join(sorted({_ENDING.sub("", word) for word in word_set(text) - _STARTS - set(own)}))


def _names(text: str, shown: str) -> list[str]:
    return [
        word
        for sentence in _SENTENCE.split(_POSSESSIVE.sub("", text))
        for place, word in enumerate(_WORD.findall(sentence))
        if word[0].isupper() and len(word) > 1 and is_name(word, shown, first=place == 0)
    ]


def _has_word(word: str, text: str) -> bool:
    r"""Whether the text has the word, as (?<!\w)word(?!\w) finds it, without compiling a pattern for each word."""
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if not (start and _in_word(text[start - 1])) and not (end < len(text) and _in_word(text[end])):
            return True
        start = text.find(word, start + 1)
    return False


def _in_word(letter: str) -> bool:
    return letter == "_" or letter.isalnum()


def _value(number: str, scale: str, unit: str) -> str:
    """Separators of thousands go, a fraction stays: 4,000 and 4000 are one number, 1.5 is not 15."""
    spelled = _SPELLED.get(number.casefold())
    whole = re.sub(r"[.,](?=\d{3}(?:\D|$))", "", number) if spelled is None else str(spelled)
    parts = whole.replace(",", ".").split(".")
    if len(parts) > 2:
        return f"{whole}{unit}"
    value = Decimal(".".join(parts)).scaleb(_SCALES.get(scale.casefold(), 0))
    return f"{value.normalize():f}{unit}"
