"""The words of a claim and of a quote: the names and numbers in them, and whether they only name the company.

Names are compared by whole words: "Go" is not in "Google".
"""

import calendar
import re
from collections.abc import Collection

from enrichment.analysis.evidence import on_one_line
from enrichment.domain.data_tables import rows_of
from enrichment.identity.names import name_words

_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SENTENCE = re.compile(r"(?<=[.!?:;])\s+|\n")
_POSSESSIVE = re.compile(r"['\u2019]s\b")
_LONGEST_NAME = 12  # words; a longer quote says more than a name
_ACRONYM = 4  # letters; a shorter word in capitals is a name only where the evidence has it: CEO, AI, US
_CALENDAR = frozenset(name.casefold() for name in (*calendar.month_name, *calendar.day_name) if name)


_STARTS = frozenset(word for (word,) in rows_of("enrichment.analysis", "sentence_starts"))


def word_set(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(_POSSESSIVE.sub("", on_one_line(text)))}


def is_named_in(name: str, text: str) -> bool:
    """Whether a text has this name, as whole words in a row; upper and lower case are alike."""
    wanted = on_one_line(name).casefold()
    if not wanted:
        return False
    return re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", on_one_line(text).casefold()) is not None


def numbers_in(text: str) -> frozenset[str]:
    """The numbers of a text, without thousands separators and leading zeros; a date is three of them."""
    return frozenset(_plain(number) for number in _NUMBER.findall(text))


def only_names(text: str, own: Collection[str]) -> bool:
    """Whether a text has no word besides the company's own name, its legal form, numbers and dates."""
    words = [word for word in word_set(text) if any(letter.isalpha() for letter in word)]
    if len(words) > _LONGEST_NAME:
        return False
    if all(word in own for word in words):
        return True
    return {word.casefold() for word in name_words(_POSSESSIVE.sub("", text))} <= set(own)


def names_missing_in(quote: str, text: str, *, own: Collection[str], shown: str) -> list[str]:
    """The proper names of a sentence that its quote lacks. own: words of the company's name. shown: all evidence.

    A capital letter makes a word a name; at the beginning of a sentence only if the evidence never has it without.
    """
    quoted = word_set(quote)
    return [word for word in _names(text, shown) if word.casefold() not in quoted and word.casefold() not in own]


def _names(text: str, shown: str) -> list[str]:
    return [
        word
        for sentence in _SENTENCE.split(_POSSESSIVE.sub("", text))
        for place, word in enumerate(_WORD.findall(sentence))
        if word[0].isupper() and len(word) > 1 and _is_name(word, shown, first=place == 0)
    ]


def _is_name(word: str, shown: str, *, first: bool) -> bool:
    plain = word.casefold()
    if plain in _CALENDAR or plain in _STARTS:
        return False
    if not first and not (word.isupper() and len(word) <= _ACRONYM):
        return True
    return _is_written(word, shown) and not _is_written(plain, shown)


def _is_written(word: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _plain(number: str) -> str:
    """Separators of thousands go, a fraction stays: 4,000 and 4000 are one number, 1.5 is not 15."""
    whole = re.sub(r"[.,](?=\d{3}(?:\D|$))", "", number)
    return whole.replace(",", ".").lstrip("0") or "0"
