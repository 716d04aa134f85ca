"""Generated rule sets, whole ones: sources too unreliable to satisfy, needs, redundancy, dear calls, time that costs,
empty replies that mean that there are none.

random -> Rules with one consumer, CONSUMER; the same for a seed
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from random import Random

from enrichment.rules.models import ConsumerRules, DatasetRules, RedundancyRule, SourceDataset, SourceRules
from enrichment.rules.provider_rules import Price, ProviderRules, Repeat
from enrichment.rules.rule_set import Rules

CONSUMER = "wants"
_WEEK = 7 * 86_400


def generated_rules(rng: Random) -> Rules:
    """5 to 9 sources of 4 to 7 datasets."""
    datasets = [f"d{n}" for n in range(rng.randint(4, 7))]
    sources = {f"s{n}": _source(rng, datasets) for n in range(rng.randint(5, 9))}
    rules = Rules(
        providers={"vendor": _vendor()},
        sources=sources,
        datasets={name: entry for name in datasets if (entry := _dataset(rng, name, sources))},
        consumers={CONSUMER: _consumer(rng, [d for d in datasets if any(d in s.datasets for s in sources.values())])},
        analyses={},
        redundancy=tuple(_redundancy(rng, sorted(sources)) for _ in range(rng.randint(0, 3))),
        prompts={},
        hash="generated",
    )
    return _with_silent_answers(rng, rules)


def _with_silent_answers(rng: Random, rules: Rules) -> Rules:
    """Drawn last, so that all else of a seed is the same with and without."""
    none = {name for name in rules.datasets if rng.random() < 0.4}
    return rules.model_copy(
        update={
            "datasets": {
                name: entry.model_copy(update={"empty_is_an_answer": name in none})
                for name, entry in rules.datasets.items()
            },
            "sources": {
                name: source.model_copy(
                    update={
                        "datasets": {
                            dataset: promise.model_copy(
                                update={"silence_means_none": dataset in none and rng.random() < 0.5}
                            )
                            for dataset, promise in source.datasets.items()
                        }
                    }
                )
                for name, source in rules.sources.items()
            },
        }
    )


def _vendor() -> ProviderRules:
    price = Price(usd_per_unit=Decimal("0.01"), confidence="assumed", as_of="2026-01-01")
    return ProviderRules(base_url="http://localhost", prices={"credit": price}, repeat=Repeat(rule="never"))


def _source(rng: Random, datasets: Sequence[str]) -> SourceRules:
    answered = rng.sample(datasets, rng.choice((1, 1, 2, 2, 3)))
    others = [name for name in datasets if name not in answered]
    expected = rng.randint(1, 25)
    return SourceRules(
        provider="vendor",
        question={},
        needs=tuple(rng.sample(others, 1)) if rng.random() < 0.2 else (),
        charged=rng.choice(("always", "on_match")),
        unit="credit",
        expected_units=Decimal(expected),
        max_units=expected + rng.choice((0, 0, 0, rng.randint(1, 10))),
        ttl=_WEEK,
        seconds=rng.randint(1, 20),
        match_rate=rng.randint(3, 10) / 10,
        datasets={
            name: SourceDataset(fill_rate=rng.randint(2, 10) / 10, reliability=rng.choice((0.6, 0.85, 0.9, 0.95)))
            for name in answered
        },
    )


def _dataset(rng: Random, name: str, sources: Mapping[str, SourceRules]) -> DatasetRules | None:
    """None: no source answers it. Some that bring it are not listed: it comes along with what they are asked for."""
    bringing = [source for source, entry in sources.items() if name in entry.datasets]
    rng.shuffle(bringing)
    answering = [source for source in bringing if rng.random() < 0.8] or bringing[:1]
    enough = rng.choice((1, 1, 3))
    return DatasetRules(sources=tuple(answering), enough=enough, at_most=enough) if answering else None


def _consumer(rng: Random, datasets: Sequence[str]) -> ConsumerRules:
    required = [name for name in datasets if rng.random() < 0.6] or [datasets[0]]
    return ConsumerRules(
        required=tuple(required),
        optional={name: Decimal(rng.randint(2, 40)) / 100 for name in datasets if name not in required},
        max_cost_usd=Decimal(5),
        quality_thresholds={name: 0.9 for name in datasets if rng.random() < 0.2},
        value_of_time_usd_per_second=rng.choice((Decimal(0), Decimal(0), Decimal("0.01"))),
        profile_ttl=_WEEK,
    )


def _redundancy(rng: Random, sources: Sequence[str]) -> RedundancyRule:
    skip, *held = rng.sample(sources, rng.choice((2, 2, 3)))
    return RedundancyRule(skip=skip, if_held=tuple(held), consumers=(CONSUMER,), because="generated")
