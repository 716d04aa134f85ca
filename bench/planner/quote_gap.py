"""What a quote supposes against what the execution does: chances by dataset and by source, and the money.

Rules + Requirements + cap  ->  plan, played RUNS times  ->  Gap for each dataset, each source and the cost

Each gap is also given in errors of the simulation: of a mean over so many plays, and of the quote where it is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import sqrt
from random import Random
from statistics import mean, pstdev

from bench.planner.generated_rules import CONSUMER, generated_rules
from bench.planner.shipped_matrix import CONSUMERS, shipped_rules
from bench.planner.simulated_execution import SimulatedEnd, SimulatedExecution, drawn_reply
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known
from enrichment.planning.plan import Plan, make_plan
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.policy.execution_forecast import RUNS
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements, requirements_of

COST = "expected cost"
STRATEGIES = ("enhanced", "priority", "legacy")
_AT = datetime(2026, 1, 1, tzinfo=UTC)
_ACME = Company("com_1", "acme.example", "Acme", "acme.example", _AT)


@dataclass(frozen=True, slots=True)
class Gap:
    """One chance, or the expected cost in micro-USD, as quoted and as played. error: of the simulation, same unit."""

    what: str
    quoted: float
    played: float
    error: float

    @property
    def size(self) -> float:
        return abs(self.quoted - self.played)

    @property
    def errors(self) -> float:
        """How many errors of the simulation it is; the least error is that of one play in all."""
        return self.size / self.error


@dataclass(frozen=True, slots=True)
class QuoteCase:
    """One question that is quoted and played. cap: micro-USD the request may cost."""

    name: str
    rules: Rules
    requirements: Requirements
    cap: int
    strategy: str = "enhanced"

    def plan(self) -> Plan:
        within = self.requirements.within(max_cost=self.cap, oldest=None)
        return make_plan(PlanInputs(self.rules, within, _ACME, Known(), self.strategy, _AT))

    def gaps(self, runs: int, rng: Random) -> list[Gap]:
        plan = self.plan()
        played = [self._play(plan, rng) for _ in range(runs)]
        return [*_chances(plan, played), _cost(plan, played)]

    def _play(self, plan: Plan, rng: Random) -> SimulatedEnd:
        return SimulatedExecution(
            self.rules, plan, Known(), self.cap, lambda source: drawn_reply(self.rules, source, rng)
        ).run()


def _chances(plan: Plan, played: list[SimulatedEnd]) -> Iterator[Gap]:
    runs = len(played)
    for dataset in plan.datasets:
        share = sum(dataset.dataset in one.satisfied for one in played) / runs
        yield Gap(dataset.dataset, dataset.chance, share, _error(dataset.chance, runs))
    for source in plan.sources:
        share = sum(source.source in one.asked for one in played) / runs
        yield Gap(source.source, source.chance, share, _error(source.chance, runs))


def _error(chance: float, runs: int) -> float:
    """Where a plan is too large to be followed exactly, its chances are shares of RUNS simulated executions."""
    likely = min(max(chance, 1 / runs), 1 - 1 / runs)
    simulated = 0 < chance < 1 and abs(chance * RUNS - round(chance * RUNS)) < 1e-6
    return sqrt(likely * (1 - likely) * (1 / runs + simulated / RUNS))


def _cost(plan: Plan, played: list[SimulatedEnd]) -> Gap:
    costs = [one.cost + one.analyses for one in played]
    error = pstdev(costs) * sqrt(1 / len(played) + 1 / RUNS)
    return Gap(COST, plan.quote.expected, mean(costs), max(error, 1.0))


def shipped_cases() -> Iterator[QuoteCase]:
    """The shipped consumers, uncapped and at caps from where nearly nothing fits to where nearly all does."""
    rules = shipped_rules()
    for consumer in CONSUMERS:
        for cap in (200_000, 300_000, 500_000, 10_000_000):
            yield QuoteCase(f"{consumer} at {cap / 1e6:.2f}", rules, requirements_of(rules, [consumer]), cap)


def generated_cases(count: int, seed: int) -> Iterator[QuoteCase]:
    """Each rule set uncapped, and at a third of what all its calls may cost; half of them by every strategy."""
    for number in range(seed, seed + count):
        rules = generated_rules(Random(number))
        most = sum(rules.max_micro_usd(source) for source in rules.sources)
        for cap in (most, most // 3):
            for strategy in STRATEGIES if number < seed + count // 2 else ("enhanced",):
                name = f"rules {number} at {cap / 1e6:.2f} {strategy}"
                yield QuoteCase(name, rules, requirements_of(rules, [CONSUMER]), cap, strategy)


def show_quotes(seed: int, runs: int = 600) -> None:
    print(f"Quoted against played, {runs} plays each, seed {seed}")
    for title, cases in (("shipped rules", shipped_cases()), ("50 generated rule sets", generated_cases(50, seed))):
        rng = Random(seed)
        found = [(case.name, gap) for case in cases for gap in case.gaps(runs, rng)]
        likely = sum(gap.errors < 1 for _, gap in found) / len(found)
        widest = max((one for one in found if one[1].what != COST), key=lambda one: one[1].size)
        strangest = max(found, key=lambda one: one[1].errors)
        print(f"  {title}: {len(found)} chances and costs, {likely:.0%} of them within one error of the simulation")
        print(f"    widest gap of a chance    {_in_words(*widest)}")
        print(f"    most errors of simulation {_in_words(*strangest)}")


def _in_words(case: str, gap: Gap) -> str:
    return (
        f"{gap.size:.3f}, {gap.errors:.1f} errors: {case}, {gap.what} quoted {gap.quoted:.3f}, played {gap.played:.3f}"
    )
