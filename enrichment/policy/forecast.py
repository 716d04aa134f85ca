"""What a policy is going to cost and bring: exactly where the outcomes are few, else by simulation with a fixed seed.

    policy + problem (+ state)  ->  Forecast
Parts run side by side: their costs add up, and the slowest decides how long it takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from random import Random

from enrichment.policy.problem import Offer, Policy, Problem, State, parts, start

MOST_NODES = 50_000
"""Pairs of a state and what it took to get there; beyond them a part is simulated."""
RUNS = 4_000
SEED = 20_240_601


@dataclass(frozen=True, slots=True)
class Forecast:
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


@dataclass(frozen=True, slots=True)
class Execution:
    """One simulated execution. cost: micro-USD, seconds: of the slowest part."""

    cost: int
    seconds: float
    asked: frozenset[str]
    unsatisfied: frozenset[str]


def simulate(policy: Policy, problem: Problem, rng: Random, state: State | None = None) -> Execution:
    """Carry the policy out against vendors drawn from the offers' chances."""
    return _together(_run(policy, part, here, rng) for part, here in _places(problem, state))


def forecast(policy: Policy, problem: Problem, state: State | None = None) -> Forecast:
    """Forecast an execution from `state`, or from the start of the problem."""
    totals = [_exactly(policy, part, here) or _simulated(policy, part, here) for part, here in _places(problem, state)]
    here = state or start(problem)
    worth = dict(problem.worth)
    left = {dataset: chance for total in totals for dataset, chance in total.left.items()}
    expected = sum(total.expected_cost for total in totals)
    waiting = sum(total.expected_seconds for total in totals) * problem.value_of_time
    spread = sorted(_sums([total.costs for total in totals]).items())
    return Forecast(
        expected_cost=expected,
        expected_unsatisfied_required=sum(left.get(dataset, 0.0) for dataset in sorted(problem.required)),
        objective=expected + waiting + sum(left.get(dataset, 0.0) * worth[dataset] for dataset in sorted(worth)),
        satisfied_chance=tuple((dataset, 1 - left.get(dataset, 0.0)) for dataset in sorted(problem.wanted)),
        asked_chance=tuple(sorted((name, chance) for total in totals for name, chance in total.asked.items())),
        expected_seconds=_slowest([total.seconds for total in totals]),
        p50_cost=_quantile(spread, 0.5),
        p90_cost=_quantile(spread, 0.9),
        upper_bound=sum(offer.price_asked + offer.price_matched for offer in _usable(problem, here)),
        exact=all(total.exact for total in totals),
    )


@dataclass(slots=True)
class _Total:
    """What is known of one part's executions: chances by what is left, who is asked, what it costs and takes."""

    exact: bool
    expected_cost: float = 0.0
    expected_seconds: float = 0.0
    left: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    costs: Counter[int] = field(default_factory=Counter)
    seconds: Counter[float] = field(default_factory=Counter)

    def end(self, chance: float, execution: Execution) -> None:
        self.costs[execution.cost] += chance
        self.seconds[execution.seconds] += chance
        self.expected_seconds += chance * execution.seconds
        for dataset in execution.unsatisfied:
            self.left[dataset] += chance


def _places(problem: Problem, state: State | None) -> Iterator[tuple[Problem, State]]:
    for part in parts(problem):
        whole = start(part)
        if state is None:
            yield part, whole
        else:
            yield part, State(whole.unsatisfied & state.unsatisfied, whole.usable & state.usable)


def _usable(problem: Problem, state: State) -> list[Offer]:
    names = start(problem).usable & state.usable
    return [offer for offer in problem.offers if offer.source in names and offer.answers & state.unsatisfied]


def _run(policy: Policy, part: Problem, state: State, rng: Random) -> Execution:
    offers = {offer.source: offer for offer in part.offers}
    cost, seconds, began = 0, 0.0, state.usable
    while asked := policy.next(state) & state.usable:
        calls = [offers[source] for source in sorted(asked)]
        filled = set[str]()
        for offer in calls:
            cost += offer.price_asked
            if rng.random() < offer.match_rate:
                cost += offer.price_matched
                filled.update(dataset for dataset, rate in offer.fill_rates if rng.random() < rate)
        seconds += max(offer.seconds for offer in calls)
        state = State(state.unsatisfied - filled, state.usable - asked)
    return Execution(cost, seconds, began - state.usable, state.unsatisfied)


def _together(executions: Iterable[Execution]) -> Execution:
    done = list(executions)
    return Execution(
        cost=sum(one.cost for one in done),
        seconds=max((one.seconds for one in done), default=0.0),
        asked=frozenset[str]().union(*(one.asked for one in done)),
        unsatisfied=frozenset[str]().union(*(one.unsatisfied for one in done)),
    )


def _simulated(policy: Policy, part: Problem, state: State) -> _Total:
    total, rng = _Total(exact=False), Random(SEED)
    for _ in range(RUNS):
        one = _run(policy, part, state, rng)
        total.end(1 / RUNS, one)
        total.expected_cost += one.cost / RUNS
        for source in one.asked:
            total.asked[source] += 1 / RUNS
    return total


Purse = tuple[int, float]


def _exactly(policy: Policy, part: Problem, state: State) -> _Total | None:
    """Follow every outcome; None if there are too many. Asking only ever shrinks `usable`, so states come in order."""
    offers = {offer.source: offer for offer in part.offers}
    total = _Total(exact=True)
    by_usable: list[dict[State, Counter[Purse]]] = [{} for _ in range(len(state.usable) + 1)]
    by_usable[-1][state] = Counter({(0, 0.0): 1.0})
    nodes = 0
    for level in reversed(by_usable):
        for here, purses in level.items():
            nodes += len(purses)
            if nodes > MOST_NODES:
                return None
            asked = policy.next(here) & here.usable
            if not asked:
                for (cost, seconds), chance in purses.items():
                    total.end(chance, Execution(cost, seconds, frozenset(), here.unsatisfied))
                continue
            calls = [offers[source] for source in sorted(asked)]
            chance = sum(purses.values())
            total.expected_cost += chance * sum(offer.expected_cost for offer in calls)
            for offer in calls:
                total.asked[offer.source] += chance
            branches = _outcomes(here.unsatisfied, calls, max(offer.seconds for offer in calls))
            if len(branches) * len(purses) > MOST_NODES:
                return None
            following = by_usable[len(here.usable) - len(asked)]
            for (left, spent, waited), likely in branches.items():
                there = following.setdefault(State(left, here.usable - asked), Counter())
                for (cost, seconds), before in purses.items():
                    there[cost + spent, round(seconds + waited, 6)] += before * likely
    return total


def _outcomes(
    unsatisfied: frozenset[str], calls: list[Offer], seconds: float
) -> Counter[tuple[frozenset[str], int, float]]:
    """(what is left, what it cost, what it took) -> chance, for calls started together."""
    reached = Counter({(unsatisfied, 0): 1.0})
    for offer in calls:
        further = Counter[tuple[frozenset[str], int]]()
        for (left, spent), chance in reached.items():
            for filled, matched, likely in _replies(offer, left):
                cost = offer.price_asked + (offer.price_matched if matched else 0)
                further[left - filled, spent + cost] += chance * likely
        reached = further
        if len(reached) > MOST_NODES:
            break
    return Counter({(left, spent, seconds): chance for (left, spent), chance in reached.items()})


def _replies(offer: Offer, unsatisfied: frozenset[str]) -> Iterator[tuple[frozenset[str], bool, float]]:
    """What one call may bring of what is unsatisfied, whether it matched, and how likely that is."""
    if offer.match_rate < 1:
        yield frozenset(), False, 1 - offer.match_rate
    if offer.match_rate > 0:
        options = [((dataset, rate), (None, 1 - rate)) for dataset, rate in offer.fill_rates if dataset in unsatisfied]
        for combination in product(*options):
            likely = offer.match_rate
            for _, rate in combination:
                likely *= rate
            if likely > 0:
                yield frozenset(dataset for dataset, _ in combination if dataset), True, likely


def _sums(spreads: list[Counter[int]]) -> Counter[int]:
    reached = Counter({0: 1.0})
    for spread in spreads:
        further = Counter[int]()
        for (one, first), (other, second) in product(reached.items(), spread.items()):
            further[one + other] += first * second
        reached = further
    return reached


def _quantile(spread: list[tuple[int, float]], share: float) -> int:
    reached = 0.0
    for cost, chance in spread:
        reached += chance
        if reached >= share - 1e-12:
            return cost
    return spread[-1][0]


def _slowest(spreads: list[Counter[float]]) -> float:
    """Expected maximum of independent times."""
    times = sorted({seconds for spread in spreads for seconds in spread})
    expected, before = 0.0, 0.0
    for time in times:
        until = 1.0
        for spread in spreads:
            until *= sum(chance for seconds, chance in spread.items() if seconds <= time)
        expected += time * (until - before)
        before = until
    return expected
