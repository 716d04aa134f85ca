"""What a policy of a problem comes to, part by part, as benches and proofs compare it; and plain simulated executions.

policy + problem (+ state)  ->  PolicyForecast: by the engine that quotes plans, without caps or last resorts
policy + problem + chance   ->  Simulated: one execution, followed without that engine
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random

from enrichment.policy.baselines import Everything
from enrichment.policy.execution_forecast import forecast as forecast_execution
from enrichment.policy.execution_model import Execution, plain_execution
from enrichment.policy.problem import Policy, Problem, State, parts, start


@dataclass(frozen=True, slots=True)
class PolicyForecast:
    """Money in micro-USD, time in seconds, chances between 0 and 1."""

    expected_cost: float
    expected_unsatisfied_required: float
    objective: float
    """Expected cost + worth of optional datasets left unsatisfied + value of the waiting of every part."""
    satisfied_chance: tuple[tuple[str, float], ...]
    """For each wanted dataset, by name; 1 for those already satisfied."""
    asked_chance: tuple[tuple[str, float], ...]
    """For each source that may be asked, by name."""
    expected_seconds: float
    p50_cost: int
    p90_cost: int
    upper_bound: int
    """No execution costs more, whatever fails on the way: every usable source that answers anything, once."""
    exact: bool

    @property
    def expected_calls(self) -> float:
        return sum(chance for _, chance in self.asked_chance)


def forecast(policy: Policy, problem: Problem, state: State | None = None) -> PolicyForecast:
    """Forecast an execution from `state`, or from the start of the problem."""
    here = state or start(problem)
    everything = isinstance(policy, Everything)
    each = [plain_execution(policy, part, here, everything=everything) for part in parts(problem)]
    alone = [forecast_execution(one) for one in each]
    whole = forecast_execution(_side_by_side(each))
    worth = dict(problem.worth)
    left = {dataset: 1 - chance for dataset, chance in whole.satisfied.items()}
    waiting = sum(one.seconds for one in alone) * problem.value_of_time
    return PolicyForecast(
        expected_cost=whole.vendors,
        expected_unsatisfied_required=sum(left.get(dataset, 0.0) for dataset in sorted(problem.required)),
        objective=whole.vendors + waiting + sum(left.get(dataset, 0.0) * worth[dataset] for dataset in sorted(worth)),
        satisfied_chance=tuple((dataset, 1 - left.get(dataset, 0.0)) for dataset in sorted(problem.wanted)),
        asked_chance=tuple(sorted(whole.asked.items())),
        expected_seconds=whole.seconds,
        p50_cost=whole.p50,
        p90_cost=whole.p90,
        upper_bound=_upper_bound(problem, here),
        exact=whole.exact,
    )


def _side_by_side(each: list[Execution]) -> Execution:
    return Execution(
        offers=tuple(offer for one in each for offer in one.offers),
        chains=tuple(chain for one in each for chain in one.chains),
        open=frozenset[str]().union(*(one.open for one in each)),
        everything=any(one.everything for one in each),
    )


def _upper_bound(problem: Problem, state: State) -> int:
    usable = start(problem).usable & state.usable
    offers = (o for o in problem.offers if o.source in usable and o.answers & state.unsatisfied)
    return sum(offer.price_asked + offer.price_matched for offer in offers)


@dataclass(frozen=True, slots=True)
class Simulated:
    """One execution. cost: micro-USD, seconds: of the slowest part."""

    cost: int
    seconds: float
    asked: frozenset[str]
    unsatisfied: frozenset[str]


def simulate(policy: Policy, problem: Problem, rng: Random, state: State | None = None) -> Simulated:
    """Carry the policy out against vendors simulated by the offers' chances."""
    return _together(_run(policy, part, here, rng) for part, here in _states(problem, state))


def _states(problem: Problem, state: State | None) -> Iterator[tuple[Problem, State]]:
    for part in parts(problem):
        whole = start(part)
        if state is None:
            yield part, whole
        else:
            open_, usable = whole.unsatisfied & state.unsatisfied, whole.usable & state.usable
            yield part, replace(state, unsatisfied=open_, usable=usable)


def _run(policy: Policy, part: Problem, state: State, rng: Random) -> Simulated:
    offers = {offer.source: offer for offer in part.offers}
    cost, seconds, began = 0, 0.0, state.usable
    while asked := policy.next(state) & state.usable:
        calls = [offers[source] for source in sorted(asked)]
        filled, missed, matched = set[str](), set(state.missed), set(state.matched)
        for each in calls:
            offer = each.given(frozenset(missed), frozenset(matched))
            cost += offer.price_asked
            if rng.random() < offer.match_rate:
                cost += offer.price_matched
                matched.add(offer.source)
                filled.update(dataset for dataset, rate in offer.fill_rates if rng.random() < rate)
            else:
                missed.add(offer.source)
        seconds += max(offer.seconds for offer in calls)
        state = State(state.unsatisfied - filled, state.usable - asked, frozenset(missed), frozenset(matched))
    return Simulated(cost, seconds, began - state.usable, state.unsatisfied)


def _together(executions: Iterable[Simulated]) -> Simulated:
    done = list(executions)
    return Simulated(
        cost=sum(one.cost for one in done),
        seconds=max((one.seconds for one in done), default=0.0),
        asked=frozenset[str]().union(*(one.asked for one in done)),
        unsatisfied=frozenset[str]().union(*(one.unsatisfied for one in done)),
    )
