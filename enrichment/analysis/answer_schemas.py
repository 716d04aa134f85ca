"""What a language model may answer: one type per analysis, each item citing the passage of evidence it is based on.

    ANSWERS: analysis -> AnswerKind -> AnalysisAnswer: lists of Cited items; FIELD_OF_DATASET: dataset -> its list

Types have no defaults: a model must give every field, an empty list where the evidence has nothing.
A changed description changes the key of stored answers: each is then asked, and paid, again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from enrichment.domain.values import Seniority

LONGEST_STATEMENT = 4_000


def _date_or_none(value: object) -> object:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None


Words = Annotated[str | None, AfterValidator(lambda text: text or None)]
DayOrNone = Annotated[date | None, BeforeValidator(_date_or_none)]
EventKind = Literal[
    "funding_round",
    "merger_or_acquisition",
    "executive_appointment",
    "product_launch",
    "partnership",
    "hiring",
    "layoffs",
    "expansion",
    "legal",
    "other",
]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Cited(_Strict):
    """An item and its place in the evidence. The quote comes before the conclusion, so that the model reads first."""

    evidence_id: str = Field(description="id of the one piece of evidence this rests on, such as e3")
    quote: str = Field(description="one continuous passage of that piece, copied character by character")

    @property
    def named(self) -> str | None:
        """A name of something else than the company: it must be in the quote."""
        return None

    @property
    def person(self) -> str | None:
        """The name of a person, who must be a known contact."""
        return None

    @property
    def day(self) -> date | None:
        """A date of its own."""
        return None

    @property
    def subject(self) -> str:
        """What makes two items the same one; it must state more than the company's own name."""
        return self.sentence

    @property
    def facts_stated(self) -> tuple[str, ...]:
        """Sentences whose names, numbers and dates must be in the quote."""
        return (self.sentence,)

    @property
    def reasons_stated(self) -> tuple[str, ...]:
        """Sentences whose numbers and dates must be in the quote; they may name the audience, or what is advised."""
        return ()

    @property
    def sentence(self) -> str:
        """The item as one sentence."""
        raise NotImplementedError


class Statement(Cited):
    statement: str = Field(description="one sentence")

    @property
    def sentence(self) -> str:
        return self.statement


class Recommendation(Cited):
    why: str = Field(description="why, from the quoted evidence, in one sentence")
    recommendation: str = Field(description="one thing to do next")

    @property
    def subject(self) -> str:
        return self.recommendation

    @property
    def facts_stated(self) -> tuple[str, ...]:
        return ()

    @property
    def reasons_stated(self) -> tuple[str, ...]:
        return (self.why,)


class PrioritisedContact(Cited):
    full_name: str = Field(description="as written in the evidence")
    seniority: Seniority | None
    department: Words
    priority: Literal[1, 2, 3, 4, 5] = Field(description="1: talk to them first")
    why: str = Field(description="why they matter, in one sentence")

    @property
    def person(self) -> str:
        return self.full_name

    @property
    def subject(self) -> str:
        return self.full_name

    @property
    def facts_stated(self) -> tuple[str, ...]:
        return ()

    @property
    def reasons_stated(self) -> tuple[str, ...]:
        return (self.why,)


class UsedTechnology(Cited):
    name: str = Field(description="as written in the evidence")
    category: str = Field(description="such as data warehouse, CRM, web server")
    purpose: Words = Field(description="what the company uses it for, if the evidence says so, else null")

    @property
    def named(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        return self.name

    @property
    def facts_stated(self) -> tuple[str, ...]:
        return (self.purpose or "",)


class HiringTeam(Cited):
    team: str
    seniority: Seniority | None
    focus: str = Field(description="what these people shall work on")

    @property
    def subject(self) -> str:
        return self.team

    @property
    def facts_stated(self) -> tuple[str, ...]:
        return (self.focus,)


class NewsEvent(Cited):
    event: EventKind
    what: str = Field(description="what happened, in one sentence")
    date: DayOrNone = Field(description="the day it happened or was reported, YYYY-MM-DD, else null")

    @property
    def day(self) -> DayOrNone:
        return self.date

    @property
    def sentence(self) -> str:
        return self.what


class Competitor(Cited):
    name: str = Field(description="as written in the evidence")
    how_they_compete: str

    @property
    def named(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        return self.name

    @property
    def sentence(self) -> str:
        return f"{self.name}: {self.how_they_compete}"

    @property
    def facts_stated(self) -> tuple[str, ...]:
        return (self.how_they_compete,)


class AnalysisAnswer(_Strict):
    """Lists of cited items, nothing else."""

    def items(self, field: str) -> list[Cited]:
        return list(getattr(self, field))


class IntelligenceSummary(AnalysisAnswer):
    key_findings: list[Statement]
    recommendations: list[Recommendation]


class ContactPriorities(AnalysisAnswer):
    contacts: list[PrioritisedContact]


class Technologies(AnalysisAnswer):
    technologies: list[UsedTechnology]


class Hiring(AnalysisAnswer):
    teams: list[HiringTeam]
    trend: list[Statement] = Field(description="whether and where hiring grows, holds or shrinks")


class NewsEvents(AnalysisAnswer):
    events: list[NewsEvent]


class Positioning(AnalysisAnswer):
    products: list[Statement]
    value_propositions: list[Statement]
    target_markets: list[Statement]
    positioning: list[Statement]
    pricing: list[Statement]


class Competition(AnalysisAnswer):
    competitors: list[Competitor]


class Growth(AnalysisAnswer):
    growth_signals: list[Statement]
    business_challenges: list[Statement]


@dataclass(frozen=True, slots=True)
class AnswerKind:
    """version: raised when the same answer would now be checked otherwise; stored answers are then asked for again.

    for_audience: it is advice to the asking vendor, not facts of the company; only then does the audience count.
    """

    type: type[AnalysisAnswer]
    version: int = 1
    for_audience: bool = False


ANSWERS: Mapping[str, AnswerKind] = {
    "intelligence_summary": AnswerKind(IntelligenceSummary, for_audience=True),
    "contact_priorities": AnswerKind(ContactPriorities, for_audience=True),
    "technologies": AnswerKind(Technologies),
    "hiring": AnswerKind(Hiring),
    "news_events": AnswerKind(NewsEvents),
    "positioning": AnswerKind(Positioning),
    "competition": AnswerKind(Competition),
    "growth": AnswerKind(Growth),
}

FIELD_OF_DATASET: Mapping[str, str] = {
    "company_products": "products",
    "value_propositions": "value_propositions",
    "target_markets": "target_markets",
    "positioning_strategy": "positioning",
    "pricing_model": "pricing",
    "competitive_landscape": "competitors",
    "growth_signals": "growth_signals",
    "business_challenges": "business_challenges",
}
