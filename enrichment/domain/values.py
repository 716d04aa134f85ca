"""The typed values that facts carry, when two of them are the same item, and how they read.

dataset -> type -> value;  identity(value) -> text that is equal for the same item;  in_words(stored value) -> one line
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

EmailStatus = Literal["valid", "unknown", "not_valid", "unverified"]
Seniority = Literal["c_level", "vp", "director", "manager", "staff"]


class Value(BaseModel):
    """What every value is: frozen, and text without surrounding white space."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Text(Value):
    """One statement in words: a name, a domain, an industry, a description."""

    text: str = Field(min_length=1, max_length=20_000)


class EmployeeCount(Value):
    """Employees: an exact number has low == high; '10,001+' has no high."""

    low: int = Field(ge=0)
    high: int | None = Field(None, ge=0)

    @property
    def closed(self) -> bool:
        """Whether it has an upper end, as a number or a band has."""
        return self.high is not None

    def overlaps(self, other: "EmployeeCount", tolerance: float = 0.25) -> bool:
        """Bands overlap when stretched by a quarter: vendors count on different days."""
        if self.high is not None and self.high * (1 + tolerance) < other.low * (1 - tolerance):
            return False
        return other.high is None or other.high * (1 + tolerance) >= self.low * (1 - tolerance)


class Contact(Value):
    full_name: str = Field(min_length=1, max_length=300)
    title: str | None = None
    seniority: Seniority | None = None
    department: str | None = None
    email: str | None = None
    email_status: EmailStatus | None = None
    email_checked_at: datetime | None = None
    linkedin_url: str | None = None


class Technology(Value):
    name: str = Field(min_length=1, max_length=300)
    category: str | None = None


class NewsItem(Value):
    title: str = Field(min_length=1, max_length=2_000)
    url: str | None = None
    publisher: str | None = None
    published_at: datetime | None = None
    summary: str | None = None


class JobPosting(Value):
    title: str = Field(min_length=1, max_length=1_000)
    location: str | None = None
    url: str | None = None
    posted_on: date | None = None
    text: str | None = None


class IntentSignal(Value):
    topic: str = Field(min_length=1, max_length=500)
    strength: float | None = Field(None, ge=0, le=1)
    observed_on: date | None = None
    evidence_url: str | None = None


class Claim(Value):
    """A statement of an analysis and the verbatim quote of the evidence it is based on."""

    statement: str = Field(min_length=1, max_length=4_000)
    evidence_id: str
    quote: str


VALUE_TYPES: Mapping[str, type[Value]] = {
    "company_name": Text,
    "domain": Text,
    "company_description": Text,
    "industry": Text,
    "employee_count": EmployeeCount,
    "key_contacts": Contact,
    "tech_stack": Technology,
    "recent_news": NewsItem,
    "hiring_trends": JobPosting,
    "purchase_intent": IntentSignal,
}


def value_type(dataset: str) -> type[Value]:
    """The type of this dataset's values; Text where VALUE_TYPES names none, if it is no Claim."""
    return VALUE_TYPES.get(dataset, Text)


def load_value(dataset: str, data: Mapping[str, Any]) -> Value:
    """A stored value back as its type; a claim is recognised by its quote."""
    return (Claim if "quote" in data else value_type(dataset)).model_validate(data)


def identity(value: Value) -> str:
    """Equal for two values that speak of the same item: the same person, product, article or posting."""
    match value:
        case Contact(full_name=text):
            return _words(text)
        case NewsItem():
            return _words(value.title)
        case JobPosting():
            return f"{_words(value.title)}|{_words(value.location or '')}"
        case Technology(name=text) | IntentSignal(topic=text) | Text(text=text) | Claim(statement=text):
            return _words(text)
        case _:
            return value.model_dump_json()


def in_words(value: Mapping[str, Any]) -> str:
    """A stored value of any dataset as one short line."""
    match value:
        case {"low": low, "high": high}:
            return f"{low:,}+" if high is None else f"{low:,}" if low == high else f"{low:,} to {high:,}"
        case {"full_name": name}:
            return ", ".join(str(x) for x in (name, value.get("title"), value.get("email")) if x)
        case {"title": text} | {"text": text} | {"statement": text} | {"topic": text}:  # a posting has both first ones
            return str(text) if len(str(text)) <= 110 else f"{str(text)[:107]}..."
        case {"name": name}:
            return str(name)
        case _:
            return str(dict(value))


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
