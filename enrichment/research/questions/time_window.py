"""Since when a question asks, by the table of words for times. Pure.

"news from the last 7 days?" -> 7 days, and the question without these words
"jobs posted since 1 November?" -> the latest 1 November
"""

import re
from calendar import isleap
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache

from enrichment.domain.data_tables import listed, rows_of


@dataclass(frozen=True, slots=True)
class NamedDay:
    """A day, or with day None a month, or with month None a year. year None: the latest such day. after: the next."""

    year: int | None
    month: int | None = None
    day: int | None = None
    after: bool = False

    def first_day(self, today: date) -> date:
        """The first day that counts."""
        begins = self._latest(today) if self.year is None else date(self.year, self.month or 1, self.day or 1)
        if not self.after:
            return begins
        if self.day is not None:
            return begins + timedelta(days=1)
        return (begins + timedelta(days=31 if self.month is not None else 366)).replace(day=1)

    def _latest(self, today: date) -> date:
        """29 February is of a leap year, so of up to eight years ago."""
        month, day = self.month or 1, self.day or 1
        years = range(today.year, today.year - 9, -1)
        days = (date(year, month, day) for year in years if (month, day) != (2, 29) or isleap(year))
        return next(one for one in days if one <= today)


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """text: the question without the words of the window.

    days: how many it goes back; since: the day on which it begins; both None: it names none.
    """

    text: str
    days: int | None = None
    since: NamedDay | None = None


def first_day(days: int | None, since: NamedDay | None, now: datetime) -> date | None:
    """The day (UTC) on which a window begins; None: there is no window."""
    today = now.astimezone(UTC).date()
    if since is not None:
        return since.first_day(today)
    return None if days is None else today - timedelta(days=days)


def time_window(text: str) -> TimeWindow:
    """The first window that the text names: 'in the last 2 weeks', 'this month', 'since 1 November'."""
    if (found := _pattern().search(text)) is not None:
        number = (found["number"] or found["first"] or "1").casefold()
        many = int(number) if number.isdigit() else _rows("number")[number]
        return TimeWindow(_without(text, found), many * _rows("unit")[found["unit"].casefold()])
    for pattern in _day_patterns():
        if (found := pattern.search(text)) is not None and (named := _named_day(found)) is not None:
            return TimeWindow(_without(text, found), since=named)
    return TimeWindow(text)


def _without(text: str, found: re.Match[str]) -> str:
    left = f"{text[: found.start()].rstrip()} {text[found.end() :].lstrip()}".strip()
    return re.sub(r" (?=[?.!,])", "", left)


def _named_day(found: re.Match[str]) -> NamedDay | None:
    """None: the calendar has no such day, as 31 November."""
    named = {"year": None, "month": None, "day": None, **found.groupdict()}
    month = named["month"]
    numbers = (
        None if named["year"] is None else int(named["year"]),
        None if month is None else int(month) if month.isdigit() else _rows("month")[month.casefold()],
        None if named["day"] is None else int(named["day"]),
    )
    year, *month_and_day = numbers
    try:
        date(_LEAP_YEAR if year is None else year, *(1 if one is None else one for one in month_and_day))
    except ValueError:
        return None
    return NamedDay(*numbers, after=found["begins"].casefold() in _rows("after"))


_LEAP_YEAR = 2000


@cache
def _rows(kind: str) -> dict[str, int]:
    """The words of a kind, and the days or the number that each says."""
    every = rows_of("enrichment.research.questions", "time_windows")
    return {word: int(number) for name, number, words in every if name == kind for word in listed(words)}


@cache
def _pattern() -> re.Pattern[str]:
    """'in the last 2 weeks', 'ces 30 derniers jours'."""
    unit, last, before, article, number = (
        _any_of(_rows(kind)) for kind in ("unit", "last", "before", "article", "number")
    )
    many = rf"(?:\d{{1,3}}|{number})"
    return re.compile(
        rf"(?<!\w)(?:{before}\s+)?(?:{article}\s+)?(?:(?P<first>{many})\s+)?{last}\s+(?:(?P<number>{many})\s+)?"
        rf"(?P<unit>{unit})(?![\w'’])",
        re.IGNORECASE,
    )


@cache
def _day_patterns() -> tuple[re.Pattern[str], ...]:
    """'since 2026-11-01', 'since 1.11.', 'after the 3rd of May', 'since May 3rd, 2026', 'since May', 'since 2025'."""
    reaching = (*_rows("since"), *_rows("after"))
    of_month, of_day, month = map(_any_of, (reaching, (*reaching, *_rows("begins")), _rows("month")))
    year = r"(?:,?\s+(?:of\s+|de\s+|del\s+)?(?P<year>(?:19|20)\d\d)(?!\d))?"
    day = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th|er|\.|º)?(?!\d)"
    forms = (
        (of_day, r"(?P<year>(?:19|20)\d\d)-(?P<month>[01]\d)-(?P<day>[0-3]\d)"),
        (of_day, r"(?P<day>[0-3]?\d)\.\s?(?P<month>[01]?\d)\.(?P<year>(?:19|20)\d\d)?"),
        (of_day, rf"{day}\s+(?:of\s+|de\s+)?(?P<month>{month}){year}"),
        (of_day, rf"(?P<month>{month})\s+(?:the\s+)?{day}{year}"),
        (of_month, rf"(?P<month>{month}){year}"),
        (of_month, r"(?P<year>(?:19|20)\d\d)"),
    )
    return tuple(
        re.compile(rf"(?<!\w)(?P<begins>{words})\s+(?:the\s+)?{form}(?![\w'’-])", re.IGNORECASE)
        for words, form in forms
    )


def _any_of(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, sorted(words, key=lambda one: (-len(one), one))))})"
