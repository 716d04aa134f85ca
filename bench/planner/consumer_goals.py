"""What each consumer's goal buys and costs: the shipped rules against the same consumer without it.

    profile              speed         waiting has a price       against  time is free
    vendor_enrichment    quality       its own thresholds        against  those of the datasets
    customer_enrichment  completeness  worths of optional data   against  nothing optional is bought

Drawn companies, nothing cached, every source answers as often as the matrix has it; both sides meet the same companies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random
from statistics import mean

from bench.planner.shipped_matrix import problem_of
from enrichment.policy.compiled import compile_enhanced
from enrichment.policy.problem import Policy, Problem, State, parts, start
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements, requirements_of

COMPANIES = 20_000


@dataclass(frozen=True, slots=True)
class Bought:
    """Means of all companies. seconds: until the last source answered. The rest between 0 and 1, as of a profile."""

    usd: float
    seconds: float
    reliability: float
    completeness: float


@dataclass(frozen=True, slots=True)
class _One:
    """The measures for one company. best: dataset -> reliability of the value that is served."""

    cost: int
    seconds: float
    best: dict[str, float]


def show_goals(rules: Rules, seed: int, companies: int = COMPANIES) -> None:
    print(f"What the goals buy: {companies:,} drawn companies, seed {seed}, nothing cached, vendor calls only")
    print(f"  {'':48} {'USD':>7} {'seconds':>8} {'reliability':>12} {'completeness':>13}")
    for name, with_goal, without in goals(rules):
        for label, requirements in ((f"with {name}", with_goal), ("without", without)):
            found = bought(rules, requirements, with_goal, companies=companies, seed=seed)
            print(
                f"  {with_goal.consumer:20} {label:27} {found.usd:7.4f} {found.seconds:8.2f} "
                f"{found.reliability:12.4f} {found.completeness:13.4f}"
            )


def goals(rules: Rules) -> Iterable[tuple[str, Requirements, Requirements]]:
    """Goal, the consumer as it ships, the same consumer without its goal."""
    profile, vendor, customer = (
        requirements_of(rules, (name,)) for name in ("profile", "vendor_enrichment", "customer_enrichment")
    )
    yield "speed", profile, replace(profile, value_of_time=0)
    yield "quality", vendor, replace(vendor, quality_thresholds={})
    free = dict.fromkeys(customer.collected_optional, 0)
    yield "completeness", customer, replace(customer, collected_optional=free)


def bought(rules: Rules, planned: Requirements, judged: Requirements, *, companies: int, seed: int) -> Bought:
    """planned: what the sources are asked for; judged: the datasets and thresholds that completeness is counted by."""
    problem = problem_of(rules, planned)
    policy, split = compile_enhanced(problem), parts(problem)
    each = [_enrich(rules, planned, policy, split, f"{seed} {number}") for number in range(companies)]
    served = [one.best for one in each]
    required, optional = judged.collected_required, tuple(judged.collected_optional)
    weights = dict.fromkeys(optional, 1) | dict.fromkeys(required, 2)
    return Bought(
        usd=mean(one.cost for one in each) / 1e6,
        seconds=mean(one.seconds for one in each),
        reliability=mean(mean(best.values()) if best else 0.0 for best in served),
        completeness=mean(
            sum(weights[d] for d in _satisfied(rules, judged, best)) / sum(weights.values()) for best in served
        ),
    )


def _enrich(rules: Rules, planned: Requirements, policy: Policy, split: tuple[Problem, ...], company: str) -> _One:
    """Parts run side by side, each in rounds of calls asked together; then last resorts where there is no value."""
    cost, best = 0, dict[str, float]()
    done, seconds = set[str](), [0.0]
    for part in split:
        state, waited = start(part), 0.0
        while asked := policy.next(state):
            for source in sorted(asked):
                cost += _ask(rules, planned, source, company, best)
            waited += max(rules.sources[source].seconds for source in asked)
            done |= asked
            state = State(state.unsatisfied - _satisfied(rules, planned, best), state.usable - asked)
        for source in _last_resorts(rules, planned, part, best):
            if source not in done and any(d not in best and source in rules.datasets[d].sources for d in part.required):
                done.add(source)
                cost += _ask(rules, planned, source, company, best)
                waited += rules.sources[source].seconds
        seconds.append(waited)
    return _One(cost, max(seconds), best)


def _ask(rules: Rules, planned: Requirements, source: str, company: str, best: dict[str, float]) -> int:
    """Micro-USD; what the source brings is put into best."""
    entry, rng = rules.sources[source], Random(f"{company} {source}")
    found = rng.random() < entry.match_rate
    for dataset, promise in sorted(entry.datasets.items()):
        filled = rng.random() < promise.fill_rate
        if found and filled and dataset in planned.collected and source in rules.datasets[dataset].sources:
            best[dataset] = max(best.get(dataset, 0.0), promise.reliability)
    return rules.expected_micro_usd(source) if found or entry.charged == "always" else 0


def _satisfied(rules: Rules, planned: Requirements, best: dict[str, float]) -> frozenset[str]:
    return frozenset(d for d, reliability in best.items() if reliability >= planned.threshold(rules, d))


def _last_resorts(rules: Rules, planned: Requirements, part: Problem, best: dict[str, float]) -> list[str]:
    open_ = [d for d in planned.collected_required if d in part.required and d not in best]
    return [source for d in open_ for source in rules.last_resorts(d, planned.threshold(rules, d))]
