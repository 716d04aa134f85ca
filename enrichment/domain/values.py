"""The typed values that facts carry, when two of them are the same item, and how they read.

dataset -> type -> value;  identity(value) -> text that is equal for the same item;  in_words(stored value) -> one line
"""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from enrichment.domain.plain_text import plain_words

EmailStatus = Literal["valid", "unknown", "not_valid", "unverified"]
Seniority = Literal["c_level", "vp", "director", "manager", "staff"]


SIZE_BANDS: tuple[tuple[int, int | None], ...] = (
    (1, 10), (11, 50), (51, 500), (501, 1_000), (1_001, 5_000), (5_001, 10_000), (10_001, None),
)  # fmt: skip
"""Each is a union of whole bands of LinkedIn and of Crunchbase: any band of theirs is inside exactly one."""


INDUSTRY_GROUPS = frozenset({
    "agr", "art", "cons", "corp", "edu", "fin", "good", "gov", "hlth", "leg", "man", "med", "org", "rec", "serv",
    "tech", "tran",
})  # fmt: skip
"""Of LinkedIn's published industries: main groups by which kinds of companies are told apart."""


def band_name(low: int, high: int | None) -> str:
    return f"{low}+" if high is None else f"{low}-{high}"


_BAND_NUMBER = {band_name(low, high): number for number, (low, high) in enumerate(SIZE_BANDS)}


class Value(BaseModel):
    """What every value is: frozen, and text without surrounding white space."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Text(Value):
    """One statement in words: a name, a domain, an industry, a description."""

    text: str = Field(min_length=1, max_length=20_000)


class Comparable(Value):
    """A value of which two sources may state two that cannot both be true."""

    @abstractmethod
    def agrees(self, other: Self) -> bool:
        """Whether both may be true."""


class EmployeeCount(Comparable):
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

    def agrees(self, other: Self) -> bool:
        return self.overlaps(other)


class Headquarters(Comparable):
    """Where the head office is: what is sure of it. country: ISO 3166-1 alpha-2, in capitals."""

    city: str | None = Field(None, max_length=200)
    region: str | None = Field(None, max_length=200)
    country: str | None = Field(None, pattern=r"^[A-Z]{2}$")

    def agrees(self, other: Self) -> bool:
        """Country and city, where both name them; regions are written in too many ways."""
        pairs = ((self.country, other.country), (self.city, other.city))
        return all(plain_words(one) == plain_words(two) for one, two in pairs if one and two)


class Founded(Comparable):
    """The year in which it was founded."""

    year: int = Field(ge=1000, le=9999)

    def agrees(self, other: Self) -> bool:
        """Whether both are the same year, or the one beside it: founded in December, registered in January."""
        return abs(self.year - other.year) <= 1


class SizeBand(Comparable):
    """A company's headcount as one of SIZE_BANDS."""

    band: Literal["1-10", "11-50", "51-500", "501-1000", "1001-5000", "5001-10000", "10001+"]

    def agrees(self, other: Self) -> bool:
        """Whether both are the same band, or the one beside it: vendors count on different days."""
        return abs(_BAND_NUMBER[self.band] - _BAND_NUMBER[other.band]) <= 1


class Revenue(Comparable):
    """What it sells in a year, in whole units of its currency (ISO 4217). year: the business year, where stated."""

    low: int = Field(ge=0)
    high: int | None = Field(None, ge=0)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    year: int | None = Field(None, ge=1900, le=9999)

    def agrees(self, other: Self) -> bool:
        """Amounts of other years or currencies are not compared; of the same ones they may differ by a quarter."""
        if (self.currency, self.year) != (other.currency, other.year):
            return True
        return self.low * 0.75 <= (other.high or other.low) and other.low * 0.75 <= (self.high or self.low)


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


class WebsitePassage(Value):
    """What a company says of itself on one page of its website, below one heading. page: the path."""

    page: str = Field(min_length=1, max_length=300)
    heading: str | None = Field(None, max_length=300)
    text: str = Field(min_length=1, max_length=20_000)


class FoundPassage(Value):
    """What a page of anybody says of a company, as a search shows it or as the page has it. url: of the page."""

    heading: str | None = Field(None, max_length=300)
    text: str = Field(min_length=1, max_length=20_000)
    url: str | None = None
    publisher: str | None = Field(None, max_length=300)
    published_at: datetime | None = None


class CompetitorMention(Value):
    """A company that a page names as an alternative, or compares. text: the passage; it or the heading has the name."""

    name: str = Field(min_length=1, max_length=200)
    heading: str | None = Field(None, max_length=300)
    text: str = Field(min_length=1, max_length=20_000)
    url: str | None = None
    publisher: str | None = Field(None, max_length=300)


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
    "headquarters": Headquarters,
    "founded": Founded,
    "revenue": Revenue,
    "company_size_band": SizeBand,
    "website_passages": WebsitePassage,
    "topic_results": FoundPassage,
    "page_passages": FoundPassage,
    "competitor_mentions": CompetitorMention,
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
            return plain_words(text)
        case NewsItem():
            return plain_words(value.title)
        case JobPosting():
            return f"{plain_words(value.title)}|{plain_words(value.location or '')}"
        case (
            Technology(name=text)
            | CompetitorMention(name=text)
            | IntentSignal(topic=text)
            | Text(text=text)
            | Claim(statement=text)
            | WebsitePassage(text=text)
            | FoundPassage(text=text)
        ):
            return plain_words(text)
        case _:
            return value.model_dump_json()


def in_words(value: Mapping[str, Any]) -> str:
    """A stored value of any dataset as one short line."""
    parts: tuple[object, ...]
    match value:
        case {"low": low, "high": high, "currency": currency, "year": year}:
            return f"{_amount(low, high or low)} {currency}" + (f" ({year})" if year else "")
        case {"low": low, "high": high}:
            return f"{low:,}+" if high is None else _amount(low, high)
        case {"full_name": name}:
            parts = (name, value.get("title"), value.get("email"))
        case {"city": city, "region": region, "country": country}:
            parts = (city, region, country)
        case {"page": page, "heading": heading, "text": text}:
            shown = f"{heading}: {text}" if heading else str(text)
            parts = (f"{_short(' '.join(shown.split()))} ({page})",)
        case {"name": name, "text": text}:
            parts = (f"{name}: {_short(' '.join(str(text).split()))}",)
        case {"publisher": publisher, "text": text}:
            parts = (_short(" ".join(str(text).split())), publisher)
        case {"title": text} | {"text": text} | {"statement": text} | {"topic": text}:  # a posting has both first ones
            parts = (_short(str(text)),)
        case {"name": text} | {"band": text} | {"year": text}:
            parts = (text,)
        case _:
            parts = (dict(value),)
    return ", ".join(str(part) for part in parts if part)


def _short(text: str) -> str:
    return text if len(text) <= 110 else f"{text[:107]}..."


def _amount(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
