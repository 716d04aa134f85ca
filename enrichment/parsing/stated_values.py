"""A value as a person states it: "51-200", "Berlin, DE", "Jane Doe, CTO", or all its fields.

dataset, text | fields -> Value        NotAValue: one sentence that says how it is written
"""

import re
from collections.abc import Callable, Mapping

from pydantic import ValidationError

from enrichment.domain.json_values import Json
from enrichment.domain.values import (
    Contact,
    EmployeeCount,
    Founded,
    Headquarters,
    IntentSignal,
    JobPosting,
    NewsItem,
    Revenue,
    SizeBand,
    Technology,
    Text,
    Value,
    value_type,
)
from enrichment.parsing.headcount import headcount
from enrichment.parsing.job_titles import department, seniority
from enrichment.parsing.places import headquarters
from enrichment.parsing.revenue import revenue

_WRITTEN: Mapping[type[Value], str] = {
    EmployeeCount: "a number or a band, such as 5,200 or 51-200",
    Headquarters: "city, region, country, such as 'Berlin, DE'",
    Founded: "a year, such as 1998",
    Revenue: "an amount with its currency, such as '1.2 billion USD'",
    SizeBand: "a band: 1-10, 11-50, 51-500, 501-1000, 1001-5000, 5001-10000 or 10001+",
    Contact: "a name, then a title and an e-mail address, comma between them",
}
_MAIL = re.compile(r"[^@\s,]+@[^@\s,]+\.[^@\s,]+")


class NotAValue(ValueError):
    """A text or fields that are no value of this dataset; the message states how one is written."""


def stated_value(dataset: str, given: str | Mapping[str, Json]) -> Value:
    """Raises NotAValue."""
    kind = value_type(dataset)
    try:
        value = kind.model_validate(given) if isinstance(given, Mapping) else _READ[kind](given.strip())
    except ValidationError:
        value = None
    if value is None:
        shown = given if isinstance(given, str) else "what is given"
        raise NotAValue(f"'{str(shown)[:60]}' is no {dataset}: write {_WRITTEN.get(kind, 'some text')}.")
    return value


def _contact(text: str) -> Contact:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    mails = [part for part in parts if _MAIL.fullmatch(part)]
    name, *titles = [part for part in parts if part not in mails] or [""]
    title = ", ".join(titles) or None
    return Contact(
        full_name=name,
        title=title,
        seniority=None if title is None else seniority(title),
        department=None if title is None else department(title),
        email=mails[0] if mails else None,
        email_status="unverified" if mails else None,
    )


def _founded(text: str) -> Founded | None:
    return Founded(year=int(text)) if text.isdecimal() else None


_READ: Mapping[type[Value], Callable[[str], Value | None]] = {
    EmployeeCount: headcount,
    Headquarters: headquarters,
    Founded: _founded,
    Revenue: revenue,
    SizeBand: lambda text: SizeBand.model_validate({"band": re.sub(r"[,\s]", "", text)}),
    Contact: _contact,
    Technology: lambda text: Technology(name=text),
    NewsItem: lambda text: NewsItem(title=text),
    JobPosting: lambda text: JobPosting(title=text),
    IntentSignal: lambda text: IntentSignal(topic=text),
    Text: lambda text: Text(text=text),
}
