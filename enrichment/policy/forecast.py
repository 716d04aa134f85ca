"""What a policy is going to cost and bring: exactly where the outcomes are few, else by simulation with a fixed seed.

    policy + problem (+ state)  ->  Forecast
Parts run side by side: their costs add up, and the slowest decides how long it takes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from random import Random

from enrichment.policy.problem import Offer, Policy, Problem, State, parts, start
from enrichment.policy.value_table import Prospect, Prospects, TooManyStates

MOST_STATES = 30_000
MOST_NODES = 400_000
"""States, and pairs of a state and what it took to get there; beyond them a part is simulated."""
RUNS = 2_000
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


def foreseen(policy: Policy, prospects: Prospects, state: State) -> Prospect:
    """What carrying a policy out about one part comes to: simulated where too many states can be reached."""
    try:
        return prospects.of(state)
    except TooManyStates:
        return _on_average(policy, prospects.part, state)


def _on_average(policy: Policy, part: Problem, state: State) -> Prospect:
    whole = start(part)
    here = State(whole.unsatisfied & state.unsatisfied, whole.usable & state.usable)
    total, costs = _simulated(policy, part, here), {offer.source: offer.expected_cost for offer in part.offers}
    return Prospect(
        spend=sum(chance * costs[source] for source, chance in total.asked.items()),
        seconds=total.expected_seconds,
        asked=dict(total.asked),
        open=dict(total.left),
    )


@dataclass(slots=True)
class _Total:
    """What is known of one part's executions: chances by what is left, who is asked, what it costs and takes."""

    exact: bool
    expected_cost: float = 0.0
    expected_seconds: float = 0.0
    left: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    asked: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    costs: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    seconds: defaultdict[float, float] = field(default_factory=lambda: defaultdict(float))

    def end(self, chance: float, *, cost: int, seconds: float, unsatisfied: frozenset[str]) -> None:
        self.costs[cost] += chance
        self.seconds[seconds] += chance
        self.expected_seconds += chance * seconds
        for dataset in unsatisfied:
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
        total.end(1 / RUNS, cost=one.cost, seconds=one.seconds, unsatisfied=one.unsatisfied)
        total.expected_cost += one.cost / RUNS
        for source in one.asked:
            total.asked[source] += 1 / RUNS
    return total


def _exactly(policy: Policy, part: Problem, state: State) -> _Total | None:
    """Follow every outcome; None if there are too many."""
    walk = _Walk(part, state)
    while (level := walk.level()) is not None:
        if walk.states > MOST_STATES or walk.nodes > MOST_NODES:
            return None
        for usable, unsatisfied, purses in level:
            here = walk.state(usable, unsatisfied)
            asked = policy.next(here) & here.usable
            if asked:
                walk.ask(usable, unsatisfied, purses, asked)
            else:
                walk.stop(here.unsatisfied, purses)
    return walk.total


Purses = defaultdict[tuple[int, float], float]
"""(spent, waited) -> chance."""


class _Walk:
    """All executions of one part at once: (usable, unsatisfied) as masks -> how it may have got there.

    Asking only ever shrinks `usable`, so levels of equally many usable sources are visited from the largest down.
    """

    def __init__(self, part: Problem, state: State) -> None:
        self.offers = [offer for offer in part.offers if offer.source in state.usable]
        self.datasets = sorted(state.unsatisfied)
        self.total = _Total(exact=True)
        self.states = 0
        self.nodes = 0
        self._replies: dict[tuple[int, int], list[tuple[int, int, float]]] = {}
        self._levels: list[dict[tuple[int, int], Purses]] = [{} for _ in range(len(self.offers) + 1)]
        everything = (1 << len(self.offers)) - 1, (1 << len(self.datasets)) - 1
        self._levels[-1][everything] = defaultdict(float, {(0, 0.0): 1.0})

    def level(self) -> list[tuple[int, int, Purses]] | None:
        if not self._levels:
            return None
        level = self._levels.pop()
        self.states += len(level)
        self.nodes += sum(len(purses) for purses in level.values())
        return [(usable, unsatisfied, purses) for (usable, unsatisfied), purses in level.items()]

    def state(self, usable: int, unsatisfied: int) -> State:
        return State(
            frozenset([dataset for i, dataset in enumerate(self.datasets) if unsatisfied >> i & 1]),
            frozenset([offer.source for i, offer in enumerate(self.offers) if usable >> i & 1]),
        )

    def stop(self, unsatisfied: frozenset[str], purses: Purses) -> None:
        for (cost, seconds), chance in purses.items():
            self.total.end(chance, cost=cost, seconds=seconds, unsatisfied=unsatisfied)

    def ask(self, usable: int, unsatisfied: int, purses: Purses, asked: frozenset[str]) -> None:
        calls = [i for i, offer in enumerate(self.offers) if offer.source in asked]
        chance = sum(purses.values())
        for i in calls:
            self.total.expected_cost += chance * self.offers[i].expected_cost
            self.total.asked[self.offers[i].source] += chance
        waited = max(self.offers[i].seconds for i in calls)
        after = usable & ~sum(1 << i for i in calls)
        following = self._levels[after.bit_count()]
        for (left, spent), likely in self._outcomes(unsatisfied, calls).items():
            there = following.setdefault((after, left), defaultdict(float))
            for (cost, seconds), before in purses.items():
                there[cost + spent, round(seconds + waited, 6)] += before * likely

    def _outcomes(self, unsatisfied: int, calls: list[int]) -> dict[tuple[int, int], float]:
        """(what is left, what it cost) -> chance, for calls started together."""
        reached = {(unsatisfied, 0): 1.0}
        for i in calls:
            further = defaultdict[tuple[int, int], float](float)
            for (left, spent), chance in reached.items():
                for filled, cost, likely in self._answers(i, left):
                    further[left & ~filled, spent + cost] += chance * likely
            reached = further
        return reached

    def _answers(self, i: int, unsatisfied: int) -> list[tuple[int, int, float]]:
        """What one call may bring of what is unsatisfied, what it costs then, and how likely that is."""
        offer = self.offers[i]
        rates = dict(offer.fill_rates)
        open_bits = [b for b, dataset in enumerate(self.datasets) if unsatisfied >> b & 1 and rates.get(dataset, 0) > 0]
        key = i, sum(1 << b for b in open_bits)
        if key not in self._replies:
            replies = [(0, offer.match_rate)]
            for bit in open_bits:
                rate = rates[self.datasets[bit]]
                replies = [
                    (filled | hit, likely * chance)
                    for filled, likely in replies
                    for hit, chance in ((1 << bit, rate), (0, 1 - rate))
                ]
            due = offer.price_asked + offer.price_matched
            known = [(filled, due, likely) for filled, likely in replies if likely > 0]
            unknown = [(0, offer.price_asked, 1 - offer.match_rate)] if offer.match_rate < 1 else []
            self._replies[key] = known + unknown
        return self._replies[key]


def _sums(spreads: list[defaultdict[int, float]]) -> dict[int, float]:
    reached = {0: 1.0}
    for spread in spreads:
        further = defaultdict[int, float](float)
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


def _slowest(spreads: list[defaultdict[float, float]]) -> float:
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
