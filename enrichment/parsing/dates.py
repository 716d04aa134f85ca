"""Dates and times as vendors write them: '10/07/2025, 01:06 PM, +0000 UTC', '2026-10-09T07:00:00Z', '3 days ago'.

text -> UTC datetime | None; relative dates are taken from the moment the vendor wrote them
"""

import re
from datetime import UTC, datetime, timedelta

from enrichment.domain.records import Json

_AGO = re.compile(r"(?:(\d{1,3})\+?|an?|one)\s*(minute|hour|day|week|month|year)s?\s+ago", re.IGNORECASE)
_LENGTH = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}
_YEARS = range(1990, 2101)
_FORMATS = (
    "%m/%d/%Y, %I:%M %p, %z UTC",
    "%m/%d/%Y, %I:%M %p",
    "%m/%d/%Y",
    "%Y-%m-%d %H:%M:%S UTC",
    "%b %d, %Y",
    "%B %d, %Y",
    "%a, %d %b %Y %H:%M:%S %Z",
    "%d %b %Y",
)


def moment(stated: Json, written: datetime) -> datetime | None:
    """In UTC; None for words of other languages and what is no date. written: when the text was written."""
    if not isinstance(stated, str) or not 4 < len(stated.strip()) <= 60:
        return None
    found = _relative(stated.strip(), written) or _iso(stated.strip()) or _formatted(stated.strip())
    return found if found and found.year in _YEARS else None


def _relative(stated: str, written: datetime) -> datetime | None:
    if stated.lower() in ("yesterday", "today", "just now", "just posted"):
        return written - timedelta(days=stated.lower() == "yesterday")
    found = _AGO.fullmatch(stated)
    return written - int(found[1] or 1) * _LENGTH[found[2].lower()] if found else None


def _iso(stated: str) -> datetime | None:
    try:
        return _utc(datetime.fromisoformat(stated)) if stated[:4].isdigit() and "-" in stated else None
    except (ValueError, OverflowError):
        return None


def _formatted(stated: str) -> datetime | None:
    for pattern in _FORMATS:
        try:
            return _utc(datetime.strptime(stated, pattern))  # noqa: DTZ007 - without a zone it is UTC
        except (ValueError, OverflowError):
            continue
    return None


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
