"""Numbers in text, each with the values it can have: '1,234.0', '1.234', '1.5 million', '5 lakh', '3万'. Pure.

    text -> readable(text) -> number_at(text, place) -> StatedNumber -> value_in(notation) -> Decimal | None

A notation is the mark before fractions, '.' or ','. Words of the text decide it, else what it cannot be; where both are
possible and differ, there is no value.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Literal

from enrichment.domain.data_tables import rows_of
from enrichment.identity.letters import fold

Notation = Literal[".", ","]
NOTATIONS: tuple[Notation, ...] = (".", ",")
_FOOTNOTES = re.compile(r"[*†‡§\u00b2\u00b3\u00b9\u2070-\u2079\u2080-\u2089]|\[\w{1,3}\]")
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")
_JOINED_WORDS = re.compile(r"(?<=[^\W\d_])[-'’/.](?=[^\W\d_])|(?<=[^\W\d_])\.")
_DIGITS = re.compile(r"\d+(?:[.,'’]\d+|[ \u00a0\u202f\u2009]\d{3}(?!\d))*(?![.,]?\d)")
_GROUPS_OF_THREE = re.compile(r"[1-9]\d{0,2}(?:(\D)\d{3})(?:\1\d{3})*")
_GROUPS_OF_INDIA = re.compile(r"[1-9]\d?(?:,\d\d)+,\d{3}")
_LONGEST = 20  # digits and marks; longer ones count nothing that exists


def readable(text: str) -> str:
    """Folded, digits of all scripts as 0-9, footnotes left out, words joined by a dash or an apostrophe parted."""
    folded = fold(_DASHES.sub("-", _FOOTNOTES.sub("", text)))
    western = "".join(str(int(one)) if one.isdecimal() else one for one in folded)
    return _JOINED_WORDS.sub(" ", western)


def word_pattern(words: Iterable[str]) -> re.Pattern[str]:
    """A pattern for any of these, as whole words where their script parts words by spaces."""
    return re.compile("|".join(_whole(word) for word in sorted(words, key=len, reverse=True)))


def _whole(word: str) -> str:
    return word if word[0] >= "\u2e80" else rf"(?<![^\W\d_]){word}(?![^\W_])"


@dataclass(frozen=True, slots=True)
class _Multiplier:
    times: int
    notation: Notation | None
    pattern: re.Pattern[str]


@cache
def _multipliers() -> tuple[_Multiplier, ...]:
    return tuple(
        _Multiplier(int(times), as_notation(decimal), word_pattern(words))
        for (times, decimal), words in words_by_meaning("number_words").items()
    )


def words_by_meaning(table: str) -> dict[tuple[str, str], list[str]]:
    """The words' patterns of a table: what a word means and its notation, as written there -> the words' patterns."""
    found: dict[tuple[str, str], list[str]] = {}
    for meaning, decimal, word in rows_of("enrichment.parsing", table):
        found.setdefault((meaning, decimal), []).append(word)
    return found


def as_notation(mark: str) -> Notation | None:
    """A cell of a table: '.', ',' or empty."""
    return next((notation for notation in NOTATIONS if notation == mark), None)


@dataclass(frozen=True, slots=True)
class StatedNumber:
    """Digits as they are written, and what the word behind them may multiply them by, each in its notation."""

    digits: str
    times: tuple[tuple[int, Notation | None], ...]
    end: int

    @property
    def has_word(self) -> bool:
        return self.times != ((1, None),)

    @property
    def may_be_a_year(self) -> bool:
        return not self.has_word and re.fullmatch(r"1[89]\d\d|20\d\d", self.digits) is not None

    @property
    def may_be_a_day(self) -> bool:
        return not self.has_word and re.fullmatch(r"0?[1-9]|[12]\d|3[01]", self.digits) is not None

    def value_in(self, decided: Notation | None) -> Decimal | None:
        """The one value it can have; None where there are several, or none."""
        values = {
            value * times
            for times, notation in self.times
            if decided is None or notation in (None, decided)
            for value in _values(self.digits, decided or notation, whole=not self.has_word)
        }
        return values.pop() if len(values) == 1 else None

    def multiplied_like(self, other: "StatedNumber") -> "StatedNumber":
        return StatedNumber(self.digits, other.times, self.end)


def number_at(text: str, place: int) -> StatedNumber | None:
    """The number that begins here in a `readable` text, with the word behind it."""
    found = _DIGITS.match(text, place)
    if found is None or len(found[0]) > _LONGEST:
        return None
    start = found.end() + text.startswith((" ", "\u00a0", "\u202f"), found.end())
    words = [(one, match) for one in _multipliers() if (match := one.pattern.match(text, start))]
    end = max((match.end() for _, match in words), default=found.end())
    times = tuple((one.times, one.notation) for one, match in words if match.end() == end)
    return StatedNumber(found[0], times or ((1, None),), end)


def _values(digits: str, decided: Notation | None, *, whole: bool) -> set[Decimal]:
    """whole: it counts things, so one mark and three digits behind it are thousands and never thousandths."""
    marks = [mark for mark in digits if not mark.isdigit()]
    grouped = _grouped(digits)
    if not marks or (grouped is not None and (whole or len(marks) > 1)):
        return {Decimal(digits)} if not marks else {value for value in (grouped,) if value is not None}
    fraction = _with_fraction(digits)
    if grouped is None or fraction is None or marks[0] not in NOTATIONS:
        return {value for value in (grouped, fraction) if value is not None}
    if decided is None:
        return {grouped, fraction}
    return {fraction if marks[-1] == decided else grouped}


def _grouped(digits: str) -> Decimal | None:
    """'1,234', '1.234.567', '1 234', \"1'234\", '1,00,000'."""
    if _GROUPS_OF_THREE.fullmatch(digits) or _GROUPS_OF_INDIA.fullmatch(digits):
        return Decimal(re.sub(r"\D", "", digits))
    return None


def _with_fraction(digits: str) -> Decimal | None:
    """'1234.0', '1,234.5', '1.234,5'."""
    found = re.fullmatch(r"(.*)([.,])(\d+)", digits)
    if found is None or found[2] in found[1]:
        return None
    whole = Decimal(found[1]) if found[1].isdigit() else _grouped(found[1])
    return None if whole is None else whole + Decimal(f"0.{found[3]}")
