"""What a language model may answer: one type per analysis, each item citing the passage of evidence it is based on.

    ANSWERS: analysis -> AnswerKind -> AnalysisAnswer: lists of Cited items; FIELD_OF_DATASET: dataset -> its list

Types have no defaults: a model must give every field, an empty list where the evidence has nothing. Bounds are only in
the schema: an answer that exceeds one is read all the same. A changed description or bound changes the key of answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from enrichment.domain.values import Seniority

LONGEST_STATEMENT = 4_000


def _date_or_none(value: object) -> object:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None


Label = Annotated[str, WithJsonSchema({"type": "string", "maxLength": 80})]
Quote = Annotated[str, WithJsonSchema({"type": "string", "maxLength": 240})]
Sentence = Annotated[str, WithJsonSchema({"type": "string", "maxLength": 240})]
Words = Annotated[Label | None, AfterValidator(lambda text: text or None)]
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
    quote: Quote = Field(description="one continuous passage of that piece, copied character by character")

    @property
    def named(self) -> str | None:
        """A name of something else than the company: it must be in the quote."""
        return None

    @property
    def named_is_in_use(self) -> bool:
        """Whether the item states that the company uses what it names."""
        return False

    @property
    def kind_of_event(self) -> str | None:
        """The kind of event, one of data/event_words.csv; None: the item states no kind."""
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
        """Sentences whose numbers and dates must be in the quote, and names in the question or the advice."""
        return ()

    @property
    def sentence(self) -> str:
        """The item as one sentence."""
        raise NotImplementedError


class Statement(Cited):
    statement: Sentence = Field(description="one sentence")

    @property
    def sentence(self) -> str:
        return self.statement


class Recommendation(Cited):
    why: Sentence = Field(description="why, from the quoted evidence, in one sentence")
    recommendation: Sentence = Field(description="one thing to do next")

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
    full_name: Label = Field(description="as written in the evidence")
    seniority: Seniority | None = Field(description="as the title tells, else null")
    department: Words = Field(description="in one or two words, else null")
    priority: Literal[1, 2, 3, 4, 5] = Field(description="1: talk to them first")
    why: Sentence = Field(description="why they matter, in one sentence")

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
    name: Label = Field(description="as written in the quote")
    category: Label = Field(description="such as data warehouse, CRM, web server")
    purpose: Sentence | None = Field(description="what the company uses it for, if the evidence says so, else null")

    @property
    def named(self) -> str:
        return self.name

    @property
    def named_is_in_use(self) -> bool:
        return True

    @property
    def subject(self) -> str:
        return self.name

    @property
    def facts_stated(self) -> tuple[str, ...]:
        return (self.purpose or "",)


class HiringTeam(Cited):
    team: Label = Field(description="in one or two words")
    seniority: Seniority | None = Field(description="of most of its positions, else null")
    focus: Sentence = Field(description="what these people shall work on")

    @property
    def subject(self) -> str:
        return self.team

    @property
    def facts_stated(self) -> tuple[str, ...]:
        return (self.focus,)


class NewsEvent(Cited):
    event: EventKind = Field(description="the kind of event")
    what: Sentence = Field(description="what happened, in one sentence")
    date: DayOrNone = Field(description="the day it happened or was reported, YYYY-MM-DD, else null")

    @property
    def day(self) -> DayOrNone:
        return self.date

    @property
    def kind_of_event(self) -> str | None:
        return None if self.event == "other" else self.event

    @property
    def sentence(self) -> str:
        return self.what


class Competitor(Cited):
    name: Label = Field(description="as written in the quote")
    how_they_compete: Sentence = Field(description="for which customers, with what, in one sentence")

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


def _at_most(count: int, description: str) -> Any:
    """A list of so many items."""
    return Field(description=description, json_schema_extra={"maxItems": count})


class AnalysisAnswer(_Strict):
    """Lists of cited items, nothing else."""

    def items(self, field: str) -> list[Cited]:
        return list(getattr(self, field))


class IntelligenceSummary(AnalysisAnswer):
    key_findings: list[Statement] = _at_most(6, "what matters most")
    recommendations: list[Recommendation] = _at_most(3, "what to do next")


class ContactPriorities(AnalysisAnswer):
    contacts: list[PrioritisedContact] = _at_most(5, "the most important first")


class Technologies(AnalysisAnswer):
    technologies: list[UsedTechnology] = _at_most(15, "the most telling first")


class Hiring(AnalysisAnswer):
    teams: list[HiringTeam] = _at_most(6, "those with the most positions first")
    trend: list[Statement] = _at_most(3, "whether and where hiring grows, holds or shrinks")


class NewsEvents(AnalysisAnswer):
    events: list[NewsEvent] = _at_most(8, "the latest first")


class Positioning(AnalysisAnswer):
    products: list[Statement] = _at_most(4, "what it sells")
    value_propositions: list[Statement] = _at_most(4, "what customers get out of it")
    target_markets: list[Statement] = _at_most(4, "to whom it sells")
    positioning: list[Statement] = _at_most(4, "how it sets itself apart")
    pricing: list[Statement] = _at_most(4, "how it charges")


class Competition(AnalysisAnswer):
    competitors: list[Competitor] = _at_most(8, "the closest first")


class Growth(AnalysisAnswer):
    growth_signals: list[Statement] = _at_most(5, "what shows that it grows")
    business_challenges: list[Statement] = _at_most(5, "what makes its business harder")


@dataclass(frozen=True, slots=True)
class AnswerKind:
    """for_audience: it is advice to the asking vendor, not facts of the company; only then does the audience count.

    cites: its items quote evidence, and are checked against it.
    """

    type: type[AnalysisAnswer]
    for_audience: bool = False
    cites: bool = True


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
