"""What a plan will cost: all that decides it as an Execution, its Forecast, and the Quote people see.

Eligibility + parts + policy + caps  ->  Execution  ->  Forecast  ->  Quote

The forecast itself, expected cost, spread and seconds, is enrichment/policy/execution_forecast.py.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from enrichment.domain.ids import analysis_source
from enrichment.domain.money import to_micro
from enrichment.planning.eligibility import Eligibility
from enrichment.policy.execution_forecast import Forecast
from enrichment.policy.execution_model import Chain, ClosingPurchase, Execution, RemainingCap
from enrichment.policy.problem import Policy, Problem, start
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements


@dataclass(frozen=True, slots=True)
class Quote:
    """Micro-USD and seconds. legacy: asking every source that could be asked, without memory.

    vendors, last_resorts, analyses, exploration: expected. p50, p90: half of the executions, nine in ten, cost no more.
    upper_bound: no execution costs more, whatever fails. above_least: how far what is expected may lie above the least
    possible; None: it is the least, or was not sought.
    """

    vendors: int
    last_resorts: int
    analyses: int
    p50: int
    p90: int
    upper_bound: int
    seconds: float
    from_memory: int
    legacy: int
    above_least: int | None = None
    exploration: int = 0

    @property
    def expected(self) -> int:
        return self.vendors + self.last_resorts + self.analyses + self.exploration

    @property
    def saving(self) -> int:
        """What is saved compared with asking every source (micro-USD)."""
        return self.legacy - self.expected


def execution_of(
    eligibility: Eligibility,
    problems: Sequence[Problem],
    policy: Policy,
    *,
    caps: Iterable[RemainingCap],
    mentioned: frozenset[str],
    remembered: frozenset[str],
    everything: bool,
) -> Execution:
    """How carrying these parts out goes. mentioned: datasets of which an unreliable value is known.

    remembered: analyses whose answer is stored; they are not bought while no source may change what they read.
    """
    chains = tuple(chain_of(eligibility, problem, policy) for problem in problems)
    sources = frozenset[str]().union(*(chain.sources for chain in chains))
    return Execution(
        offers=tuple(eligibility.offer(source) for source in sorted(sources)),
        chains=chains,
        open=eligibility.pursued.union(*(chain.state.unsatisfied for chain in chains)),
        caps=tuple(caps),
        skips=() if everything else tuple(skip for skip in eligibility.skips(sources) if skip.source in sources),
        mentioned=mentioned,
        closing=tuple(
            one
            for one in analyses_bought(eligibility.rules, eligibility.requirements)
            if one.name not in _unchanged(remembered, eligibility.rules, sources)
        ),
        everything=everything,
    )


def _unchanged(remembered: Collection[str], rules: Rules, sources: Collection[str]) -> set[str]:
    """Analyses that read nothing these sources or renewed analyses may answer, by the names of their purchases."""
    changing = {dataset for source in sources for dataset in rules.sources[source].datasets}
    made_anew = (name for name in rules.analyses if name not in remembered)
    changing |= {dataset for name in made_anew for dataset in rules.analyses[name].answers}
    return {analysis_source(name) for name in remembered if changing.isdisjoint(rules.analyses[name].reads)}


def chain_of(eligibility: Eligibility, problem: Problem, policy: Policy) -> Chain:
    datasets = eligibility.rules.datasets
    return Chain(
        policy=policy,
        state=replace(start(problem), missed=eligibility.missed, matched=eligibility.matched),
        required=problem.required,
        last_resorts=tuple(
            (source, frozenset(d for d in problem.required if source in datasets[d].sources))
            for source in eligibility.last_resorts(problem)
        ),
    )


def analyses_bought(rules: Rules, requirements: Requirements) -> tuple[ClosingPurchase, ...]:
    return tuple(
        ClosingPurchase(
            analysis_source(name), rules.expected_micro_usd_of_analysis(name), rules.max_micro_usd_of_analysis(name)
        )
        for name in requirements.analyses
    )


def quote_of(forecast: Forecast, execution: Execution, *, legacy: int, above_least: int | None) -> Quote:
    return Quote(
        vendors=round(forecast.vendors),
        last_resorts=round(forecast.last_resorts),
        analyses=round(forecast.analyses),
        p50=forecast.p50,
        p90=forecast.p90,
        upper_bound=_upper_bound(execution),
        seconds=forecast.seconds,
        from_memory=0,
        legacy=legacy,
        above_least=above_least,
    )


def _upper_bound(execution: Execution) -> int:
    """The sum of the most that each source and analysis may cost, or less where a cap allows less."""
    most = {offer.source: offer.most for offer in execution.offers}
    most |= {one.name: one.most for one in execution.closing}
    fitting = {name: price for name, price in most.items() if _fits(name, price, execution.caps)}
    capped = (_within(cap, fitting) for cap in execution.caps)
    return min([sum(fitting.values()), *capped])


def _fits(name: str, most: int, caps: Iterable[RemainingCap]) -> bool:
    """Whether each cap leaves enough for the most it may cost; otherwise it is never bought."""
    return all(most <= cap.left for cap in caps if name in cap.over)


def _within(cap: RemainingCap, most: Mapping[str, int]) -> int:
    return cap.left + sum(price for name, price in most.items() if name not in cap.over)


def legacy_cost(eligibility: Eligibility, caps: Collection[RemainingCap]) -> int:
    """Expected micro-USD of asking every source that could be asked about anything wanted, and every analysis.

    caps: as of an Execution; what alone is too dear for one of them could not be asked.
    """
    rules = eligibility.rules
    sources = (
        source
        for source in rules.sources
        if eligibility.concerns(source)
        and eligibility.out_of_reach(source) is None
        and _fits(source, rules.max_micro_usd(source), caps)
    )
    analyses = analyses_bought(rules, eligibility.requirements)
    return sum(expected_price(rules, source) for source in sources) + sum(
        one.expected for one in analyses if _fits(one.name, one.most, caps)
    )


def calling_everything(rules: Rules, requirements: Requirements) -> int:
    """Expected micro-USD of asking every source that answers anything wanted, and every analysis, without memory."""
    concerned = {source for dataset in requirements.collected for source in rules.datasets[dataset].sources}
    return sum(expected_price(rules, source) for source in concerned) + _analyses(rules, requirements)


def _analyses(rules: Rules, requirements: Requirements) -> int:
    return sum(rules.expected_micro_usd_of_analysis(name) for name in requirements.analyses)


def expected_price(rules: Rules, source: str) -> int:
    """Micro-USD one call costs on average, over companies it knows and does not know."""
    entry, price = rules.sources[source], rules.expected_micro_usd(source)
    return price if entry.charged == "always" else to_micro(Decimal(price) * Decimal(str(entry.match_rate)) / 1_000_000)
