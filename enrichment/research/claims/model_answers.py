"""What a language model may answer in a session: how a question breaks down, and what the evidence says about it.

Types have no defaults, as those of analyses: a model gives every field, an empty list where there is nothing.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from enrichment.analysis.answer_schemas import (
    AnalysisAnswer,
    AnswerKind,
    Label,
    PrioritisedContact,
    Quote,
    Recommendation,
    Sentence,
    Statement,
)

Intent = Literal["position", "approach", "compare", "qualify", "prepare_meeting", "look_up", "other"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class MeantCompany(_Part):
    name: Label = Field(description="in the words of the question")


class SubQuestion(_Part):
    question: Sentence = Field(description="what one lookup can answer")
    datasets: list[Label] = Field(
        description="that answer it; none: it is searched for", json_schema_extra={"maxItems": 4}
    )


class Unanswerable(_Part):
    what: Sentence = Field(description="the part of the question")
    why: Sentence = Field(description="why no source can know it")


class Breakdown(AnalysisAnswer):
    intent: Intent = Field(description="what the seller wants to do")
    companies: list[MeantCompany] = Field(
        description="the companies that are asked about", json_schema_extra={"maxItems": 8}
    )
    areas: list[Label] = Field(description="areas to look at", json_schema_extra={"maxItems": 10})
    topics: list[Label] = Field(description="what in particular", json_schema_extra={"maxItems": 6})
    datasets: list[Label] = Field(description="datasets that bear on it", json_schema_extra={"maxItems": 12})
    sub_questions: list[SubQuestion] = Field(description="what has to be looked up", json_schema_extra={"maxItems": 6})
    unanswerable: list[Unanswerable] = Field(description="what no source can know", json_schema_extra={"maxItems": 4})


class VendorRecommendation(Recommendation):
    """A recommendation in one step, from what the company needs and what the vendor offers: both are quoted."""

    vendor_evidence_id: str = Field(description="id of the piece about the seller's company, such as v1")
    vendor_quote: Quote = Field(description="one continuous passage of that piece, copied character by character")


class ResearchAnswer(AnalysisAnswer):
    findings: list[Statement] = Field(
        description="what answers the question, and why now", json_schema_extra={"maxItems": 8}
    )
    people: list[PrioritisedContact] = Field(
        description="whom to talk to, the most important first", json_schema_extra={"maxItems": 4}
    )
    recommendations: list[VendorRecommendation] = Field(
        description="what to do next", json_schema_extra={"maxItems": 4}
    )


BREAKDOWN = AnswerKind(Breakdown, cites=False)
RESEARCH_ANSWER = AnswerKind(ResearchAnswer, for_audience=True)

__all__ = ["BREAKDOWN", "RESEARCH_ANSWER", "Breakdown", "ResearchAnswer", "VendorRecommendation"]
