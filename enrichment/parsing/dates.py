"""Dates and times as vendors write them: '10/07/2025, 01:06 PM, +0000 UTC', '3 days ago', 'vor 3 Tagen'.

text -> UTC datetime | None: a date that is sure, or none ('05/06/2021' has two). Relative dates count from the
moment the vendor wrote them. Other languages and rare forms are read by dateparser, which is forbidden to guess.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

from enrichment.domain.json_values import Json

_LONGEST = 60
_YEARS = range(1990, 2101)
_PREFIX = re.compile(
    r"(?:(?:re)?posted|published|updated|publi[ée]e?|publicado|publicada|pubblicato|pubblicata|ver[öo]ffentlicht|geplaatst|"
    r"gepubliceerd|opublikowano|опубликовано|publicerad|udgivet|yayınlandı)(?: on| am| le| el| il(?! y)| op)?\s*:?\s+",
    re.IGNORECASE,
)
_AGO = re.compile(
    r"(?:(?:about|around|approx\.?|approximately|circa) )?(?:(\d{1,3})|an?|one)\s*"
    r"(?:(seconds?|secs?|s)|(minutes?|mins?|m)|(hours?|hrs?|h)|(days?|d)|(weeks?|wks?|w)|"
    r"(months?|mos?)|(years?|yrs?|y))\.?\s+ago",
    re.IGNORECASE,
)
_LENGTHS = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
    timedelta(days=7),
    timedelta(days=30),
    timedelta(days=365),
)
_TIME = r"(?:(?:,?\s+|T)(\d{1,2}:\d\d(?::\d\d)?))?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_TIME}")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}){_TIME}")
_MAY_BE_TWO_DATES = re.compile(r"(?<!\d)(\d{1,2})([-/.])(\d{1,2})\2\d{4}(?!\d)")
_NOT_ONE_NUMBER = re.compile(
    r"^-|(?<![\d-])\d{1,3}\s?[-\u2013\u2014~]\s?\d{1,3}(?=\s+[^\W\d]|[^\W\d])|ago\s[-\u2013\u2014]\s|\d,\d{3}(?!\d)"
)  # a sign, '3-5 days ago', '5-7 January 2021', '3,000 days ago'
_A_WEEK = re.compile(r"\d{4}-?w\d", re.IGNORECASE)  # '2021-W01-1'
_OPEN = re.compile(
    r"[+\uff0b](?!\d)|[<>\u2264\u2265?]|^(?:after|by|from)\b|^(?:до|от|под)\s|-(?:[áé]?ig|[áé]?t[óő]l)\b|\sसे$",
    re.IGNORECASE,
)  # '30+ days ago', '> 30 days ago', 'after 5 January 2021'; dateparser passes over these signs and words
_MAIL_DATE = re.compile(
    r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)?(?: (?:GMT|UTC|[+-]\d{4}))?"
)
_FORMATS = (
    "%m/%d/%Y, %I:%M %p, %z UTC",
    "%m/%d/%Y, %I:%M %p",
    "%Y-%m-%d %H:%M:%S UTC",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d, %Y, %I:%M %p",
    "%B %d, %Y, %I:%M %p",
    "%d %b %Y",
    "%d %B %Y",
)
_LATIN = (
    "en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "sv", "da", "nb", "fi", "cs", "sk", "hu", "ro", "hr", "sl",
    "lt", "lv", "et", "ca", "id", "vi",
)  # fmt: skip
_SCRIPTS = (
    (re.compile(r"[\u0370-\u03ff]"), ("el",)),
    (re.compile(r"[\u0400-\u04ff]"), ("ru", "uk", "bg")),
    (re.compile(r"[\u0590-\u05ff]"), ("he",)),
    (re.compile(r"[\u0600-\u06ff]"), ("ar", "fa")),
    (re.compile(r"[\u0900-\u097f]"), ("hi",)),
    (re.compile(r"[\u0e00-\u0e7f]"), ("th",)),
    (re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"), ("ja", "zh", "ko")),
)
_A_COUNT = re.compile(
    r"\d|\b(?:an?|one|eine[mnr]?|une?|una|uno|um|uma|een|en|ett|jeden|bir|один|одну)\b", re.IGNORECASE
)


def moment(stated: Json, written: datetime) -> datetime | None:
    """The moment in UTC; None for what is no date, could be two, or is open to one side ('30+ days ago').

    written: when the text was written.
    """
    if not isinstance(stated, str) or not 1 < len(stated.strip()) <= _LONGEST:
        return None
    text = _PREFIX.sub("", stated.strip(), count=1)
    if _OPEN.search(text):
        return None
    readers: tuple[Callable[[str], datetime | None], ...] = (_iso, _numeric, _formatted, _rfc_2822)
    found = _relative(text, written) or next(filter(None, (read(text) for read in readers)), None)
    if found is None:
        found = _in_any_language(text, written)
    return found if found and found.year in _YEARS else None


def _relative(stated: str, written: datetime) -> datetime | None:
    if stated.lower() in ("yesterday", "today", "just now", "just posted"):
        return written - timedelta(days=stated.lower() == "yesterday")
    found = _AGO.fullmatch(stated)
    if found is None:
        return None
    length = next(length for length, unit in zip(_LENGTHS, found.groups()[1:], strict=True) if unit)
    try:
        return written - int(found[1] or 1) * length
    except OverflowError:
        return None


def _iso(stated: str) -> datetime | None:
    try:
        return (
            _utc(datetime.fromisoformat(stated))
            if stated[:4].isdigit() and "-" in stated and "W" not in stated
            else None
        )
    except (ValueError, OverflowError):
        return None


def _numeric(stated: str) -> datetime | None:
    """Year first; day first behind dots; else only where one of both can be no month, or both are the same."""
    if found := _YEAR_FIRST.fullmatch(stated):
        return _of(found[1], found[3], found[4], found[5])
    if not (found := _YEAR_LAST.fullmatch(stated)):
        return None
    first, mark, second = int(found[1]), found[2], int(found[3])
    if mark == "." or first > 12 or first == second:
        return _of(found[4], found[3], found[1], found[5])
    return _of(found[4], found[1], found[3], found[5]) if second > 12 else None


def _of(year: str, month: str, day: str, time: str | None) -> datetime | None:
    hour, minute, second = [int(part) for part in f"{time or '0:0'}:0".split(":")][:3]
    try:
        return datetime(int(year), int(month), int(day), hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _formatted(stated: str) -> datetime | None:
    for pattern in _FORMATS:
        try:
            return _utc(datetime.strptime(stated, pattern))  # noqa: DTZ007 - without a zone it is UTC
        except (ValueError, OverflowError):
            continue
    return None


def _rfc_2822(stated: str) -> datetime | None:
    """'Tue, 05 Jan 2021 10:11:12 GMT'."""
    if not _MAIL_DATE.fullmatch(stated):
        return None
    try:
        return _utc(parsedate_to_datetime(stated))
    except (ValueError, OverflowError):
        return None


def _in_any_language(stated: str, written: datetime) -> datetime | None:
    """A whole date with a year of four digits, or how long ago it was."""
    if not re.search(r"[^\W\d_]", stated) or _NOT_ONE_NUMBER.search(stated) or _A_WEEK.match(stated):
        return None
    twice = _MAY_BE_TWO_DATES.search(stated)
    if twice and twice[2] != "." and max(int(twice[1]), int(twice[3])) <= 12 and twice[1] != twice[3]:
        return None
    dated = re.search(r"(?<!\d)\d{4}(?!\d)", stated) is not None
    base = written.astimezone(UTC).replace(tzinfo=None)
    found = _parsed(stated, base, "absolute-time" if dated else "relative-time")
    return None if found is None or (not dated and found > base) else found.replace(tzinfo=UTC)


@lru_cache(maxsize=4_096)
def _parsed(stated: str, base: datetime, parser: str) -> datetime | None:
    """The date; None where looking back and looking ahead differ ('3 days'), and for a span such as 'last week'."""
    from dateparser.date import DateDataParser  # noqa: PLC0415  takes 0.2 s to import, and most dates are plain

    found = set()
    for direction in ("past", "future"):
        settings = {
            "RELATIVE_BASE": base,
            "PREFER_DATES_FROM": direction,
            "PARSERS": [parser],
            "STRICT_PARSING": True,
            "REQUIRE_PARTS": ["day", "month", "year"],
            "TIMEZONE": "UTC",
            "TO_TIMEZONE": "UTC",
        }
        try:
            data = DateDataParser(languages=list(_languages(stated)), settings=settings).get_date_data(stated)
        except (ValueError, OverflowError, RecursionError):
            return None
        if data.date_obj is None or (data.period != "day" and not _A_COUNT.search(stated)):
            return None
        found.add(data.date_obj.replace(tzinfo=None))
    return found.pop() if len(found) == 1 else None


def _languages(stated: str) -> tuple[str, ...]:
    return next((languages for script, languages in _SCRIPTS if script.search(stated)), _LATIN)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
