"""The assets of the three layers, from the rules: keys, dependencies, how long each is fresh.

Rules -> Layers: raw/<source> -> analysis/<name> -> profile/<consumer>
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import dagster as dg

from enrichment.domain.ids import analysis_of
from enrichment.rules import Rules
from enrichment.rules.requirements import requirements_of

Layer = Literal["raw", "analysis", "profile"]
GROUPS: Mapping[Layer, str] = {
    "raw": "layer_2_sources",
    "analysis": "layer_3_analyses",
    "profile": "layer_1_profiles",
}
OWNERS = ["team:enrichment"]
_WARN_BEFORE = 0.8


@dataclass(frozen=True, slots=True)
class LayerAsset:
    """One asset of the graph. name: of the source, analysis or consumer; output: of the graph."""

    layer: Layer
    name: str
    description: str
    kinds: frozenset[str]
    upstream: tuple["dg.AssetKey", ...] = ()
    fresh_seconds: int | None = None

    @property
    def key(self) -> dg.AssetKey:
        return dg.AssetKey([self.layer, self.name])

    @property
    def output(self) -> str:
        return f"{self.layer}_{self.name}"

    @property
    def freshness(self) -> dg.FreshnessPolicy | None:
        """Dagster looks at the newest company only: this alarms when a whole source has gone quiet."""
        if self.fresh_seconds is None:
            return None
        window = timedelta(seconds=self.fresh_seconds)
        return dg.FreshnessPolicy.time_window(fail_window=window, warn_window=window * _WARN_BEFORE)


def raw_key(source: str) -> dg.AssetKey:
    return dg.AssetKey(["raw", source])


def analysis_key(name: str) -> dg.AssetKey:
    return dg.AssetKey(["analysis", name])


def profile_key(consumer: str) -> dg.AssetKey:
    return dg.AssetKey(["profile", consumer])


def bought_key(source: str) -> dg.AssetKey:
    """The asset that a purchase makes. source: as the purchase has it, such as serp_news or analysis:growth."""
    analysis = analysis_of(source)
    return raw_key(source) if analysis is None else analysis_key(analysis)


_BY_TOPIC = " It is asked about one topic at a time, by research sessions: selected here, it asks nothing."


def layer_assets(rules: Rules) -> tuple[LayerAsset, ...]:
    """All assets of the three layers, in the order of the rules."""
    return (
        *(_raw(rules, name) for name in rules.sources),
        *(_analysis(rules, name) for name in rules.analyses),
        *(_profile(rules, name) for name in rules.consumers),
    )


def _raw(rules: Rules, name: str) -> LayerAsset:
    source = rules.sources[name]
    price = rules.providers[source.provider].prices[source.unit]
    return LayerAsset(
        layer="raw",
        name=name,
        description=(
            f"Replies of {source.provider} on {', '.join(source.datasets)}. "
            f"{source.expected_units} {source.unit} at {price.usd} USD per answer ({price.confidence}), "
            f"charged {source.charged.replace('_', ' ')}; a reply is fresh for {_days(source.ttl)}."
            f"{_BY_TOPIC if source.by_topic else ''}"
        ),
        kinds=frozenset({source.provider, "python"}),
        fresh_seconds=source.ttl,
    )


def _analysis(rules: Rules, name: str) -> LayerAsset:
    entry = rules.analyses[name]
    provider = rules.provider_of_model(entry.model)
    answers = f" Answers {', '.join(entry.answers)}." if entry.answers else ""
    return LayerAsset(
        layer="analysis",
        name=name,
        description=f"What {entry.model} finds in {', '.join(entry.reads)}, with quotes.{answers}",
        kinds=frozenset({provider, "python"}),
        upstream=_evidence(rules, (*entry.reads, *entry.needs)),
    )


def _profile(rules: Rules, name: str) -> LayerAsset:
    consumer, requirements = rules.consumers[name], requirements_of(rules, (name,))
    optional = f"; also, where it pays: {', '.join(consumer.optional)}" if consumer.optional else ""
    analyses = tuple(analysis_key(a) for a in requirements.analyses)
    return LayerAsset(
        layer="profile",
        name=name,
        description=(
            f"{consumer.description or name}: {', '.join(consumer.required)}{optional}. "
            f"At most {consumer.max_cost_usd} USD a request."
        ),
        kinds=frozenset({"python"}),
        upstream=(*_evidence(rules, requirements.collected), *analyses),
    )


def _evidence(rules: Rules, datasets: Sequence[str]) -> tuple[dg.AssetKey, ...]:
    """The assets that answer these datasets: raw replies of sources, or analyses."""
    keys: dict[dg.AssetKey, None] = {}
    for dataset in datasets:
        entry = rules.datasets[dataset]
        names = [raw_key(s) for s in entry.sources] if entry.analysis is None else [analysis_key(entry.analysis)]
        keys |= dict.fromkeys(names)
    return tuple(keys)


def _days(seconds: int) -> str:
    return f"{seconds // 86400} days" if seconds % 86400 == 0 and seconds > 86400 else f"{seconds / 3600:g} hours"
