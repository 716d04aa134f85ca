"""What config/*.yaml may contain: frozen types, nothing extra.

Rules: providers, sources, datasets, consumers, analyses, redundancy, strategies, caps, refresh, learned,
reliability, experiments, prompts
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from enrichment.domain.decisions import CompanyKind
from enrichment.domain.money import charge, to_micro
from enrichment.rules.experiments import Experiment, Strategy
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
from enrichment.rules.provider_models import ProviderRules
from enrichment.rules.reliability import DatasetReliability, Use

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


class Rules(RuleModel):
    """All of config/, with the hash that plans, purchases and profiles carry.

    sources: with the rates of learned.yaml that people accepted or pinned. as_written: without them. paid_units:
    source -> units of an answer, where a consumer pays for fewer than the source has (paid_by).
    learned_reliability: the lines of reliability.yaml that people accepted or pinned, of all reliability_lines.
    arms: experiment -> arm -> the rules its companies are served by, where they differ from these.
    by_kind: (industry group, size band) -> the same with the learned rates of that kind of company; '' where not known.
    families: sources that repeat one another, and the share of companies that any of them can know.
    fill_families: dataset, sources that lack it of the same companies, and the share of those they know of which any of
    them can have it.
    """

    providers: Mapping[str, ProviderRules]
    sources: Mapping[str, SourceRules]
    datasets: Mapping[str, DatasetRules]
    consumers: Mapping[str, ConsumerRules]
    analyses: Mapping[str, AnalysisRules]
    redundancy: tuple[RedundancyRule, ...] = ()
    strategies: Strategies = Strategies()
    caps: Caps = Caps()
    refresh: RefreshRules = RefreshRules()
    learning: LearningRules = LearningRules()
    research: ResearchRules = ResearchRules()
    exploration: ExplorationRules = ExplorationRules()
    learned: Mapping[str, Mapping[str, LearnedLine]] = {}
    as_written: Mapping[str, SourceRules] = {}
    experiments: Mapping[str, Experiment] = {}
    arms: Mapping[str, Mapping[str, "Rules"]] = {}
    by_kind: Mapping[tuple[str, str], "Rules"] = {}
    families: tuple[tuple[frozenset[str], float], ...] = ()
    fill_families: tuple[tuple[str, frozenset[str], float], ...] = ()
    learned_reliability: Mapping[str, DatasetReliability] = {}
    reliability_lines: Mapping[str, DatasetReliability] = {}
    prompts: Mapping[str, str]
    hash: str

    paid_units: tuple[tuple[str, int], ...] = ()

    @property
    def in_families(self) -> frozenset[str]:
        """Sources whose answers tell of others."""
        together = [*(its for its, _ in self.families), *(its for _, its, _ in self.fill_families)]
        return frozenset[str]().union(*together)

    def __hash__(self) -> int:
        """What follows from rules alone is remembered by them; equal ones have the same hash."""
        return hash((self.hash, self.paid_units))

    def paid_by(self, consumer: str) -> "Rules":
        """These rules, with no more units an answer than the consumer pays for; consumer: one, or joined by '+'."""
        return _paid_by(self, consumer)

    def of_kind(self, kind: CompanyKind) -> "Rules":
        """The rules to plan with for a company of this kind; they have the same hash."""
        return self.by_kind.get(kind.key, self)

    def expected_micro_usd(self, source: str) -> int:
        """What one answered call of this source costs on average, in micro-USD."""
        return self._cost(source, self.sources[source].expected_units)

    def max_billed_units(self, source: str) -> dict[str, int]:
        """Unit -> the most of it that one call of this source may be billed."""
        entry = self.sources[source]
        return {entry.unit: entry.max_units}

    def max_micro_usd(self, source: str) -> int:
        """The most one call of this source may cost, in micro-USD; exactly what is reserved before it."""
        entry = self.sources[source]
        return charge(
            self.max_billed_units(source), {entry.unit: self.providers[entry.provider].prices[entry.unit].usd}
        )

    def expected_micro_usd_of_analysis(self, analysis: str) -> int:
        return self.expected_micro_usd_of_answer(self.analyses[analysis])

    def expected_micro_usd_of_answer(self, asked: AnalysisRules) -> int:
        """What one answer of a model is expected to cost, in micro-USD, before its evidence is known.

        Half the input at four bytes a token, half the output.
        """
        tokens = {"input_token": asked.max_input_bytes // 8, "output_token": asked.max_output_tokens // 2}
        return charge(tokens, self.usd_per_token(asked.model))

    def max_micro_usd_of_analysis(self, analysis: str, input_bytes: int | None = None) -> int:
        return self.max_micro_usd_of_answer(self.analyses[analysis], input_bytes)

    def max_micro_usd_of_answer(self, asked: AnalysisRules, input_bytes: int | None = None) -> int:
        """The most one answer of a model may cost, in micro-USD; with the bytes of its question, what is reserved.

        input_bytes None: the question is not known yet, so all the bytes it may have.
        """
        most = asked.most_tokens(asked.max_input_bytes if input_bytes is None else input_bytes)
        return charge(most, self.usd_per_token(asked.model))

    def provider_of_model(self, model: str) -> str:
        """The provider that sells a language model: the first one that has a price for it.

        Rules that name a model without a price are not loaded.
        """
        return next(name for name, provider in self.providers.items() if model in provider.models)

    def usd_per_token(self, model: str) -> dict[str, Decimal]:
        """'input_token' and 'output_token' -> USD for one of this model, exact."""
        prices = self.providers[self.provider_of_model(model)].models[model]
        return {"input_token": prices.input_token.usd, "output_token": prices.output_token.usd}

    def _cost(self, source: str, units: Decimal) -> int:
        rules = self.sources[source]
        return to_micro(units * self.providers[rules.provider].prices[rules.unit].usd)

    def last_resorts(self, dataset: str, threshold: float) -> tuple[str, ...]:
        """Sources of a dataset that are too unreliable to reach this threshold, in order of priority."""
        return tuple(s for s in self.datasets[dataset].sources if self.reliability(s, dataset) < threshold)

    def reliability(self, source: str, dataset: str) -> float:
        return self.sources[source].datasets[dataset].reliability

    def silence_means_none(self, source: str, dataset: str, threshold: float) -> bool:
        """Whether a reply of this source without any of the dataset is an answer: there are none.

        threshold: the reliability such an answer needs.
        """
        entry, promise = self.datasets[dataset], self.sources[source].datasets.get(dataset)
        if promise is None or not entry.empty_is_an_answer or source not in entry.sources:
            return False
        return promise.silence_means_none and promise.reliability >= threshold

    def valid_seconds(self, source: str, dataset: str) -> int:
        """Seconds a value of this dataset from this source is valid, before any limit of a consumer."""
        ttl, oldest = self.sources[source].ttl, self.datasets[dataset].oldest
        return ttl if oldest is None else min(ttl, oldest)


@lru_cache(maxsize=100)
def _paid_by(rules: Rules, consumer: str) -> Rules:
    entries = [rules.consumers[name] for name in consumer.split("+") if name in rules.consumers]
    limits: dict[str, int] = {}
    for source in {name for entry in entries for name in entry.most_units}:
        most = rules.sources[source].max_units
        limits[source] = max(min(entry.most_units.get(source, most), most) for entry in entries)
    if not limits:
        return rules
    paid = tuple(sorted(limits.items()))

    def limited(to_limit: Rules) -> dict[str, Any]:
        less = {name: to_limit.sources[name].limited_to(most) for name, most in limits.items()}
        return {"sources": {**to_limit.sources, **less}, "paid_units": paid}

    by_kind = {kind: its.model_copy(update=limited(its)) for kind, its in rules.by_kind.items()}
    return rules.model_copy(update={**limited(rules), "by_kind": by_kind})
