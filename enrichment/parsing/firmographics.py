"""What replies bought for other datasets state about a company besides: its seat, year of founding, size, revenue.

fields of a vendor's record -> ParsedValue of headquarters, founded, company_size_band, revenue
"""

import re
from collections.abc import Iterator
from datetime import datetime

from enrichment.domain.json_values import Json
from enrichment.domain.values import SIZE_BANDS, Founded, Revenue, SizeBand, band_name
from enrichment.parsing.headcount import headcount
from enrichment.parsing.json_access import number, text
from enrichment.parsing.places import headquarters
from enrichment.parsing.reader_types import ParsedValue

_FIRST_YEAR = 1_000


def seat(
    evidence: str, stated: str | None = None, *, city: Json = None, region: Json = None, country: Json = None
) -> Iterator[ParsedValue]:
    """headquarters: from one text, from fields of their own, or both; complete with a city and a country."""
    found = headquarters(stated, city=text(city, 200), region=text(region, 200), country=text(country, 200))
    if found:
        yield ParsedValue("headquarters", found, 1.0 if found.city and found.country else 0.5, evidence)


def founding(stated: Json, collected_at: datetime, evidence: str) -> Iterator[ParsedValue]:
    """founded: a year, or a date with one; a text with two different years is not sure."""
    words = text(str(stated) if isinstance(stated, int | float) and not isinstance(stated, bool) else stated, 200)
    years = {int(year) for year in re.findall(r"(?<!\d)(?:1\d{3}|20\d\d)(?!\d)", words or "")}
    if len(years) == 1 and _FIRST_YEAR <= min(years) <= collected_at.year:
        yield ParsedValue("founded", Founded(year=min(years)), 1.0, evidence)


def size_band(stated: Json, evidence: str) -> Iterator[ParsedValue]:
    """company_size_band: the band that a headcount lies in as a whole, else none."""
    count = headcount(stated)
    if count is None:
        return
    for low, high in SIZE_BANDS:
        if low <= count.low and (high is None or (count.high is not None and count.high <= high)):
            yield ParsedValue(
                "company_size_band", SizeBand.model_validate({"band": band_name(low, high)}), 1.0, evidence
            )


def yearly_revenue_usd(amount: Json, evidence: str) -> Iterator[ParsedValue]:
    """revenue: a number of US dollars; its year is not stated."""
    if dollars := number(amount):
        yield ParsedValue("revenue", Revenue(low=dollars, high=dollars, currency="USD"), 1.0, evidence)
