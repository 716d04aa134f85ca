"""All rules together, and what follows from several files of them: prices, the most a call may cost, validity.

Rules: providers, sources, datasets, consumers, analyses, redundancy, strategies, caps, refresh, learned,
reliability, experiments, prompts
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from enrichment.domain.decisions import CompanyKind
from enrichment.domain.money import charge, to_micro
from enrichment.rules.experiments import Experiment
from enrichment.rules.fields import RuleModel
from enrichment.rules.models import (
    AnalysisRules,
    Caps,
    ConsumerRules,
    DatasetRules,
    ExplorationRules,
    LearnedLine,
    LearningRules,
    RedundancyRule,
    RefreshRules,
    ResearchRules,
    SourceRules,
    Strategies,
)
from enrichment.rules.provider_rules import ProviderRules
from enrichment.rules.reliability import DatasetReliability


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
