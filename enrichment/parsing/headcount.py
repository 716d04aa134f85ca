"""Headcounts as vendors write them: '10,001+ employees', '51-200', 'Under 200', 'Self', 12345.

text or number -> EmployeeCount | None
"""

import re

from enrichment.domain.records import Json
from enrichment.domain.values import EmployeeCount

_MOST_PEOPLE = 10_000_000
_AMOUNT = r"(\d[\d,.\u00a0\u202f ']*\d|\d)\s*([kKmM](?![a-zA-Z]))?"
_BAND = re.compile(rf"{_AMOUNT}\s*(?:-|–|—|to)\s*{_AMOUNT}")
_AT_LEAST = re.compile(rf"(?:over|more than|above|>)\s*{_AMOUNT}|{_AMOUNT}\s*\+", re.IGNORECASE)
_AT_MOST = re.compile(rf"(?:under|less than|fewer than|up to|below|<)\s*{_AMOUNT}", re.IGNORECASE)
_EXACT = re.compile(rf"^\D{{0,12}}{_AMOUNT}(?:\s*(?:employees?|people|staff|\(|as of|$).*)?$", re.IGNORECASE)


def headcount(value: Json) -> EmployeeCount | None:
    """None where it is empty, or no possible number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _between(value, value) if 0 < value <= _MOST_PEOPLE and value == int(value) else None
    return _from_text(value.strip()) if isinstance(value, str) and len(value) <= 100 else None


def _from_text(stated: str) -> EmployeeCount | None:
    if re.match(r"(?:self|myself only|just me)\b", stated, re.IGNORECASE):
        return EmployeeCount(low=1, high=1)
    if found := _BAND.search(stated):
        return _between(_amount(found[1], found[2]), _amount(found[3], found[4]))
    if found := _AT_MOST.search(stated):
        return _between(1, _amount(found[1], found[2]))
    if found := _AT_LEAST.search(stated):
        return _between(_amount(found[1] or found[3], found[2] or found[4]), None)
    if found := _EXACT.match(stated):
        exact = _amount(found[1], found[2])
        return _between(exact, exact)
    return None


def _amount(digits: str, unit: str | None) -> float:
    """'12,345' and '12.345' are thousands, but '1.2k' is not."""
    if not unit:
        return float(re.sub(r"\D", "", digits))
    leading = re.match(r"\d+(?:[.,]\d+)?", digits)
    return float(leading[0].replace(",", ".") if leading else 0) * {"k": 1_000, "m": 1_000_000}[unit.lower()]


def _between(low: float, high: float | None) -> EmployeeCount | None:
    if not 0 < low <= (high or low) <= _MOST_PEOPLE:
        return None
    return EmployeeCount(low=round(low), high=None if high is None else round(high))
