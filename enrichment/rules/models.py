"""What the files of config/ may contain, each as frozen types: nothing extra.

providers.yaml is in provider_rules.py, experiments.yaml in experiments.py, reliability.yaml in reliability.py.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from enrichment.domain.money import to_micro
from enrichment.rules.experiments import Strategy
from enrichment.rules.fields import (
    DAY,
    AverageUnits,
    Count,
    Day,
    Flag,
    Hour,
    Number,
    Probability,
    RuleModel,
    Seconds,
    Usd,
    WholeUnits,
)
from enrichment.rules.reliability import Use

Charged = Literal["always", "on_match", "per_unit"]

_DEFAULT_MAX_AGE = {"high": DAY, "medium": 7 * DAY, "low": None}


class SourceDataset(RuleModel):
    """silence_means_none: a reply without any is this source's word that there are none."""

    fill_rate: Probability
    reliability: Probability
    silence_means_none: Flag = False


_Figure = Annotated[Number, Field(ge=0)]


class LearnedLine(RuleModel):
    """One figure that use has taught: its mean, its 90 % interval, and how many answers it rests on.

    A rate, from 0 to 1, or the vendor units that a billed answer costs.

    use: a proposed line counts for nothing; an accepted one counts, and is renewed when rates are learned again; a
    pinned one counts and stays as it is.
    since: the first day that counts, where the figure was another one before it.
    renewed, before: the night it was renewed by itself, and what had counted until then.
    """

    value: _Figure
    low: _Figure
    high: _Figure
    answers: Annotated[int, Field(ge=0)]
    use: Use = "proposed"
    since: date | None = None
    renewed: date | None = None
    before: _Figure | None = None

    @property
    def counts(self) -> bool:
        return self.use != "proposed"


class LearningRules(RuleModel):
    """Whether learned rates come to count by themselves, at night, and within which bounds.

    largest_step: by which a rate may differ from what counted the night before. floor, ceiling: no rate gets beyond.
    largest_step_of_units: the same of the units that an answer is billed, as a share of what counted.
    """

    learn: Literal["by_hand", "automatic"] = "by_hand"
    largest_step: Probability = 0.25
    largest_step_of_units: Probability = 0.5
    floor: Probability = 0.02
    ceiling: Probability = 0.98

    @model_validator(mode="after")
    def _makes_sense(self) -> "LearningRules":
        if self.floor >= self.ceiling:
            raise ValueError("floor is not below ceiling, so no rate is within both: correct one of them")
        return self


class SourceQuestion(BaseModel):
    """How a source is asked, and which reader reads its replies; other keys are not checked here."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    provider: str
    question: Mapping[str, Any]
    reader: str | None = None


class SourceRules(SourceQuestion, RuleModel):
    needs: tuple[str, ...] = ()
    charged: Charged
    unit: str
    expected_units: AverageUnits
    max_units: WholeUnits
    ttl: Seconds
    seconds: Number = Field(2, gt=0)
    match_rate: Probability
    datasets: Mapping[str, SourceDataset] = Field(min_length=1)

    def limited_to(self, units: int) -> "SourceRules":
        """The source's rules with a limit on the units of an answer; no more units than that are expected."""
        return self.model_copy(update={"max_units": units, "expected_units": min(self.expected_units, Decimal(units))})

    @property
    def by_topic(self) -> bool:
        """Whether its question names the topic of a request: then each topic is a question of its own."""
        return any(isinstance(part, str) and "{topic}" in part for part in self.question.values())

    @model_validator(mode="after")
    def _at_most_what_is_reserved(self) -> "SourceRules":
        if self.expected_units > self.max_units:
            raise ValueError("expected_units is above max_units")
        return self


class DatasetRules(RuleModel):
    description: str = ""
    sources: tuple[str, ...] = ()
    analysis: str | None = None
    freshness_needed: Literal["high", "medium", "low"] = "low"
    extraction_complexity: Literal["simple", "moderate", "complex"] = "simple"
    quality_threshold: Probability = 0.8
    enough: Count = 1
    at_most: Count = 1
    empty_is_an_answer: Flag = False
    max_age: Seconds | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> "DatasetRules":
        if self.enough > self.at_most:
            raise ValueError("enough is above at_most")
        if bool(self.sources) == bool(self.analysis):
            raise ValueError("a dataset is answered either by sources or by an analysis: name one of them")
        return self

    @property
    def oldest(self) -> int | None:
        """Seconds a value may be old here; None: as long as its source's answer is valid."""
        return self.max_age if self.max_age is not None else _DEFAULT_MAX_AGE[self.freshness_needed]


class ConsumerRules(RuleModel):
    """quality_thresholds: dataset -> threshold of this consumer, where it asks for more than the dataset's own.

    extras: datasets that a profile shows where replies bought for others contain them; nothing is bought for them.
    value_of_time_usd_per_second: what a second of waiting costs in the plan. min_quality: a kept profile below it is
    made anew. most_units: source -> at most so many vendor units of one answer, where less than its max_units will do.
    """

    description: str = ""
    required: tuple[str, ...] = ()
    optional: Mapping[str, Usd] = {}
    extras: tuple[str, ...] = ()
    analyses: tuple[str, ...] = ()
    audience: Flag = False
    max_cost_usd: Usd
    max_seconds: Seconds = 900
    value_of_time_usd_per_second: Usd = Decimal(0)
    profile_ttl: Seconds
    max_age: Mapping[str, Seconds] = {}
    quality_thresholds: Mapping[str, Probability] = {}
    min_quality: Probability = 0.6
    most_units: Mapping[str, WholeUnits] = {}

    @model_validator(mode="after")
    def _wants_something_once(self) -> "ConsumerRules":
        if not self.required and not self.optional:
            raise ValueError("needs at least one dataset, required or optional")
        both = sorted(set(self.required) & set(self.optional))
        if both:
            raise ValueError(f"{', '.join(both)} is both required and optional: choose one")
        bought = sorted(set(self.extras) & {*self.required, *self.optional})
        if bought:
            raise ValueError(f"{', '.join(bought)} is asked for already: take it out of extras")
        return self

    @property
    def datasets(self) -> tuple[str, ...]:
        return (*self.required, *self.optional)

    @property
    def max_cost_micro_usd(self) -> int:
        return to_micro(self.max_cost_usd)


class AnalysisRules(RuleModel):
    """try_again_after: how long an answer that could not be used is remembered; then it is asked for once more."""

    model: str
    reads: tuple[str, ...] = Field(min_length=1)
    needs: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    reliability: Probability = 0.7
    max_input_bytes: Count = Field(le=1_000_000)
    max_output_tokens: Count = Field(le=100_000)
    try_again_after: Seconds = DAY

    def most_tokens(self, input_bytes: int) -> dict[str, int]:
        """The most one answer may take: a token is at least a byte, and no output is longer than its limit."""
        return {"input_token": input_bytes, "output_token": self.max_output_tokens}


class RedundancyRule(RuleModel):
    skip: str
    if_held: tuple[str, ...] = Field(min_length=1)
    consumers: tuple[str, ...] = Field(min_length=1)
    because: str


class HybridRules(RuleModel):
    by: Literal["key_share", "first_seen"]
    enhanced_share: Probability = 0.5
    first_seen_from: Day | None = None


class Strategies(RuleModel):
    default: Strategy | Literal["hybrid"] = "enhanced"
    consumers: Mapping[str, Strategy | Literal["hybrid"]] = {}
    hybrid: HybridRules | None = None


class Caps(RuleModel):
    """The most that may be spent in a UTC day, in USD."""

    all: Usd | None = None
    providers: Mapping[str, Usd] = {}
    sources: Mapping[str, Usd] = {}
    consumers: Mapping[str, Usd] = {}


class RefreshRules(RuleModel):
    """What is bought again before it is asked for; nothing that costs anything, if no budget is named.

    consumers: USD a day, where it is not budget_usd_per_day.
    hours: the schedule refreshes from the first hour (UTC) up to the second. pinned: dataset -> time between changes.
    """

    budget_usd_per_day: Usd = Decimal(0)
    consumers: Mapping[str, Usd] = {}
    demand_horizon: Seconds = 60 * DAY
    idle_after: Seconds = 30 * DAY
    hours: tuple[Hour, Hour] = (0, 24)
    pinned: Mapping[str, Seconds] = {}

    @model_validator(mode="after")
    def _makes_sense(self) -> "RefreshRules":
        if self.idle_after > self.demand_horizon:
            raise ValueError("idle_after is above demand_horizon: a company without a read in it is never refreshed")
        if self.hours[0] == self.hours[1]:
            raise ValueError("hours begin and end with the same hour: write [0, 24] for the whole day")
        return self

    def budget(self, consumer: str) -> int:
        """What a UTC day of refreshes for this consumer may cost, in micro-USD."""
        return to_micro(self.consumers.get(consumer, self.budget_usd_per_day))

    def is_time(self, hour: int) -> bool:
        """Whether the schedule refreshes in this hour (UTC, 0 to 23)."""
        first, end = self.hours
        return first <= hour < end if first < end else hour >= first or hour < end


class ExplorationRules(RuleModel):
    """What a UTC day may cost of asking sources besides, to learn from them; nothing, if no budget is named.

    share: of the requests that buy something.
    """

    budget_usd_per_day: Usd = Decimal(0)
    share: Probability = 0.02


class ResearchRules(RuleModel):
    """Research sessions. breakdown, answer: how the model is asked; None: a plain rule serves instead.

    consumer: what a whole question about a company collects, written for the asking vendor. budget_usd: of a session,
    where it names none. max_seconds: of a question; then it ends with what there is. searches: at most so many topics
    of a question are searched for by themselves, about each company; pages: and so many pages read that these find.
    """

    consumer: str = "customer_intelligence"
    budget_usd: Usd = Decimal(3)
    max_seconds: Seconds = 600
    searches: Annotated[int, Field(strict=True, ge=0, le=6)] = 2
    pages: Annotated[int, Field(strict=True, ge=0, le=10)] = 2
    breakdown: AnalysisRules | None = None
    answer: AnalysisRules | None = None
