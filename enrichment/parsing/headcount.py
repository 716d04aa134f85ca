"""Headcounts as vendors write them: '10,001+ employees', '51-200', 'Under 200', 'Self', '1.234 Mitarbeiter', 12345.

    text -> parts -> signs (number, side, band, people, ...) -> one of a few forms -> EmployeeCount | None

A part with a word that is not in data/headcount_words.csv is no headcount; parts that contradict each other give none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache

from enrichment.domain.json_values import Json
from enrichment.domain.values import EmployeeCount
from enrichment.parsing.numbers import (
    Notation,
    StatedNumber,
    as_notation,
    number_at,
    readable,
    word_pattern,
    words_by_meaning,
)

_MOST_PEOPLE = 10_000_000
_LONGEST_TEXT = 150
_LABEL_AND_NUMBER = 2
_SENTENCES = re.compile(r"[|·\n]|[.!?](?:\s|$)")
_PARTS = re.compile(r"[;|·•:()\n、]|,\s+|(?<=\d) ?/ ?(?=\d)|/(?!\d)")
_SIGNS = {
    "people": "W", "about": "A", "scope": "S", "time": "T", "month": "D", "open_end": "L", "up_to": "M", "from": "F",
    "to": "X", "to_or_article": "Z", "and": "C",
}  # fmt: skip
_MARKS = (
    (re.compile(r">=?|≥|≧|⩾"), "L"),
    (re.compile(r"<=?|≤|≦|⩽"), "M"),
    (re.compile(r"\+"), "P"),
    (re.compile(r"-"), "R"),
    (re.compile(r"[~〜≈]"), "Q"),
    (re.compile(r"[▲▼△▽↑↓]"), "S"),
)
_DOTS = re.compile(r"\.{2,3}")
_WORD_AT_A_NUMBER = re.compile(r"(?<![^\W_])[^\W\d_]{2,}(?=\d)")
_UNKNOWN = re.compile(r"\w+|.")
_EXACT = re.compile(r"W*Q?NW*")
_BAND = re.compile(r"W*(?:F?NW?[RXQZ]N|FNCN)W*")
_AT_LEAST = re.compile(r"W*(?:[LP]N|NW?[LP]|FN|NP?L)W*")
_AT_MOST = re.compile(r"W*(?:[MX]N|NW?M)W*")
_MONTHS = {
    "jan": 1, "janv": 1, "ene": 1, "gen": 1, "feb": 2, "fev": 2, "nov": 11, "okt": 10, "oct": 10, "out": 10, "ott": 10,
}  # fmt: skip
_A_DATE_CELL = re.compile(r"(?:(\d{1,2})[-. ]+)?([a-z]{3,4})(?:[-. ]+(\d{1,2}))?")
_A_DAY = re.compile(
    r"(?<![\d.,/-])(?:\d{1,2}([./-])\d{1,2}\1(?:19|20)\d\d|(?:19|20)\d\d([./-])\d{1,2}\2\d{1,2})(?![\d/-])"
)
_BANDS_LIKE_DATES = frozenset({(1, 10), (2, 10), (11, 50)})
_BANDS_WITHOUT_DASH = re.compile(r"(?<!\d)(?:51 200|201 500)(?!\d)")  # a lost dash, or a space between thousands


def headcount(value: Json) -> EmployeeCount | None:
    """The headcount; None where it is empty, no possible number, or not sure."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _between(value, value) if 0 < value <= _MOST_PEOPLE and value == int(value) else None
    return _from_text(value.strip()) if isinstance(value, str) and len(value) <= _LONGEST_TEXT else None


def headcount_in(text: str) -> EmployeeCount | None:
    """The one headcount that sentences of a longer text state, people named; None where they differ."""
    sentences = [sentence.strip() for sentence in _SENTENCES.split(text)]
    found = {
        headcount(sentence) for sentence in sentences if len(sentence) <= _LONGEST_TEXT and _counts_people(sentence)
    }
    found.discard(None)
    return found.pop() if len(found) == 1 else None


def _counts_people(sentence: str) -> bool:
    """Whether the words count people, beside a number or as its label alone: '250 employees', 'Employees: 250'."""
    parts = [_part(part) for part in _PARTS.split(readable(sentence))]
    if any(part.names_people and part.numbers for part in parts):
        return True
    return len(parts) == _LABEL_AND_NUMBER and parts[0].names_people and bool(parts[1].numbers)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the text in signs, such as 'NRNW', its numbers, and the notations its words are written in."""

    signs: str
    numbers: tuple[StatedNumber, ...]
    notations: frozenset[Notation]

    @property
    def names_people(self) -> bool:
        return "W" in self.signs

    @property
    def is_a_year(self) -> bool:
        return self.signs == "N" and self.numbers[0].may_be_a_year


def _from_text(stated: str) -> EmployeeCount | None:
    text = _without_days(readable(stated))
    if _self_employed().fullmatch(text.strip()):
        return EmployeeCount(low=1, high=1)
    if (date := _A_DATE_CELL.fullmatch(text.strip())) and date[2] in _MONTHS:
        return _from_date_cell(date[1], date[2], date[3])
    parts = [_part(part) for part in _PARTS.split(text)]
    notations = frozenset[Notation]().union(*(part.notations for part in parts))
    decided = next(iter(notations)) if len(notations) == 1 else None
    counts = [part for part in parts if part.numbers and "U" not in part.signs]
    if sum(bool(part.numbers) for part in parts) > 1:
        counts = [part for part in counts if not part.is_a_year]
    if any(part.names_people for part in counts):
        counts = [part for part in counts if part.names_people]
    found = {_count(part, decided) for part in counts}
    return found.pop() if len(found) == 1 else None


def _without_days(text: str) -> str:
    """'8,450 (31.12.2022)' without the day; a text of nothing else is left as it is."""
    rest = _A_DAY.sub(" ", text)
    return rest if re.search(r"\d", rest) else text


def _from_date_cell(first: str | None, month: str, last: str | None) -> EmployeeCount | None:
    """'Jan-10' and 'Nov-50': a spreadsheet took the bands 1-10 and 11-50 for dates."""
    day = first or last
    if not day or (first and last):
        return None
    band = (_MONTHS[month], int(day)) if (_MONTHS[month], int(day)) in _BANDS_LIKE_DATES else (int(day), _MONTHS[month])
    return _between(*band) if band in _BANDS_LIKE_DATES else None


def _count(part: _Part, decided: Notation | None) -> EmployeeCount | None:
    values = [number.value_in(decided) for number in part.numbers]
    if any(value is None for value in values):
        return None
    match [value for value in values if value is not None]:
        case [one] if _EXACT.fullmatch(part.signs):
            return _between(one, one)
        case [one] if _AT_LEAST.fullmatch(part.signs):
            return _between(one, None)
        case [one] if _AT_MOST.fullmatch(part.signs):
            return _between(1, one)
        case [low, high] if _BAND.fullmatch(part.signs) and not _is_a_year_and_a_number(*part.numbers):
            scaled = part.numbers[0].multiplied_like(part.numbers[1]).value_in(decided)
            low = scaled if not part.numbers[0].has_word and scaled is not None and scaled < high else low
            return _between(low, high)
    return None


def _is_a_year_and_a_number(first: StatedNumber, second: StatedNumber) -> bool:
    """'1975 - 4,300': a band is written in one notation."""
    return first.may_be_a_year and not second.digits.isdecimal()


@lru_cache(maxsize=4_096)  # vendors write the same few bands
def _part(text: str) -> _Part:
    read = list(_signs(_WORD_AT_A_NUMBER.sub(_parted, text)))
    numbers = [found for _, found in read if isinstance(found, StatedNumber)]
    notations = {found for _, found in read if found and not isinstance(found, StatedNumber)}
    notations |= {notation for number in numbers if len(number.times) == 1 for _, notation in number.times if notation}
    signs = "".join(sign for sign, _ in read) + ("U" if _BANDS_WITHOUT_DASH.search(text) else "")
    plain = re.sub("[AST]|^Z", "", _without_dates(signs, numbers)).replace("WCW", "W")
    return _Part(plain, tuple(numbers), frozenset(notations))


def _without_dates(signs: str, numbers: list[StatedNumber]) -> str:
    """S instead of a date, whose numbers it takes out: 'as of December 31', '31 Dec 2022', 'in 2023'."""
    place = 0
    while place < len(signs):
        number, pair = signs[:place].count("N"), signs[place : place + 2]
        if pair in ("TN", "DN"):
            del numbers[number]
            signs = f"{signs[:place]}S{signs[place + 2 :]}"
        elif pair == "ND" and numbers[number].may_be_a_day:
            del numbers[number]
            signs = f"{signs[:place]}{signs[place + 1 :]}"
        else:
            place += 1
    return signs.replace("D", "S")


def _parted(found: re.Match[str]) -> str:
    """'size10000' as two words, if the first one is known: a page without its markup has lost the space."""
    return f"{found[0]} " if any(pattern.fullmatch(found[0]) for _, _, pattern in _words()) else found[0]


def _signs(text: str) -> Iterator[tuple[str, StatedNumber | Notation | None]]:
    """Each sign of the text with its number, or with the notation of its word; U for what is not understood."""
    place = 0
    while place < len(text):
        if text[place].isspace() or text[place] in ".,":
            dots = _DOTS.match(text, place)
            if dots:
                yield "R", None
            place = dots.end() if dots else place + 1
        elif (number := number_at(text, place)) is not None:
            yield "N", number
            place = number.end
        else:
            sign, notation, place = _word_at(text, place)
            yield sign, notation


def _word_at(text: str, place: int) -> tuple[str, Notation | None, int]:
    found = [(match.end(), sign, notation) for sign, notation, p in _words() if (match := p.match(text, place))]
    found += [(match.end(), sign, None) for p, sign in _MARKS if (match := p.match(text, place))]
    if found:
        longest = max(end for end, _, _ in found)
        sign, notation = next((sign, notation) for end, sign, notation in found if end == longest)
        both = len({notation for end, _, notation in found if end == longest}) > 1
        return sign, None if both else notation, longest
    unknown = _UNKNOWN.match(text, place)
    return "U", None, unknown.end() if unknown else place + 1


@cache
def _words() -> tuple[tuple[str, Notation | None, re.Pattern[str]], ...]:
    return tuple(
        (_SIGNS[meaning], as_notation(decimal), word_pattern(words))
        for (meaning, decimal), words in words_by_meaning("headcount_words").items()
        if meaning in _SIGNS
    )


@cache
def _self_employed() -> re.Pattern[str]:
    return re.compile("|".join(words_by_meaning("headcount_words")["self", ""]))


def _between(low: Decimal | float, high: Decimal | float | None) -> EmployeeCount | None:
    """The range; None for a number that is not whole, or more than any company employs."""
    if any(end is not None and end != int(end) for end in (low, high)):
        return None
    if not 0 < low <= (low if high is None else high) <= _MOST_PEOPLE:
        return None
    return EmployeeCount(low=int(low), high=None if high is None else int(high))
