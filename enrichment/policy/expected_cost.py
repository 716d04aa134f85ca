"""What following a policy is expected to cost, from one state after another: a state that many lead to is met once.

policy + problem  ->  Expected;   .spend(State) -> micro-USD
"""

from functools import cache
from random import Random
from statistics import mean

from enrichment.policy import Everything, Policy, Problem, State, simulate, start

MOST_STATES = 200_000
"""As many are remembered, some 50 MB. Where executions may come to more, what is new from then on is simulated."""
RUNS = 100
SEED = 20_240_601


class Expected:
    """Any policy of one problem."""

    def __init__(self, policy: Policy, problem: Problem, *, most_states: int = MOST_STATES) -> None:
        self._policy, self._problem, self._most = policy, problem, most_states
        self._offers = problem.offers
        self._source_bits = {offer.source: 1 << i for i, offer in enumerate(self._offers)}
        self._dataset_bits = {dataset: 1 << i for i, dataset in enumerate(sorted(start(problem).unsatisfied))}
        self._answers = [sum(self._dataset_bits.get(dataset, 0) for dataset in offer.answers) for offer in self._offers]
        self._known: dict[tuple[int, int], float] = {}
        self._mute = cache(self._mute_on)
        self._replies = cache(self._brought)

    def spend(self, state: State) -> float:
        """Micro-USD from this state on, until the policy stops."""
        usable = sum(bit for source, bit in self._source_bits.items() if source in state.usable)
        unsatisfied = sum(bit for dataset, bit in self._dataset_bits.items() if dataset in state.unsatisfied)
        try:
            return self._spend(usable & ~self._mute(unsatisfied), unsatisfied)
        except _TooManyStates:
            rng = Random(SEED)
            return mean(simulate(self._policy, self._problem, rng, state).cost for _ in range(RUNS))

    def _mute_on(self, unsatisfied: int) -> int:
        """Who answers nothing unsatisfied is not asked, so by them no states differ; unless everybody is asked."""
        if isinstance(self._policy, Everything):
            return 0
        return sum(1 << i for i, answers in enumerate(self._answers) if not answers & unsatisfied)

    def _spend(self, usable: int, unsatisfied: int) -> float:
        here = usable, unsatisfied
        if here not in self._known:
            if len(self._known) >= self._most:
                raise _TooManyStates
            self._known[here] = self._worked_out(usable, unsatisfied)
        return self._known[here]

    def _worked_out(self, usable: int, unsatisfied: int) -> float:
        asked = self._policy.next(self._state(usable, unsatisfied)) if usable else frozenset()
        calls = [i for i, offer in enumerate(self._offers) if offer.source in asked]
        after = usable & ~sum(1 << i for i in calls)
        spend, reached = 0.0, {unsatisfied: 1.0}
        for i in calls:
            spend += self._offers[i].expected_cost
            reached = self._after(i, reached)
        if calls:
            spend += sum(chance * self._spend(after & ~self._mute(left), left) for left, chance in reached.items())
        return spend

    def _state(self, usable: int, unsatisfied: int) -> State:
        return State(
            frozenset([dataset for dataset, bit in self._dataset_bits.items() if unsatisfied & bit]),
            frozenset([source for source, bit in self._source_bits.items() if usable & bit]),
        )

    def _after(self, i: int, reached: dict[int, float]) -> dict[int, float]:
        """Unsatisfied datasets -> chance, once this source has replied too."""
        further: dict[int, float] = {}
        for unsatisfied, before in reached.items():
            for filled, chance in self._replies(i, unsatisfied & self._answers[i]):
                left = unsatisfied & ~filled
                further[left] = further.get(left, 0.0) + before * chance
        return further

    def _brought(self, i: int, unsatisfied: int) -> list[tuple[int, float]]:
        """What a source may bring of these datasets, each by itself if it knows the company, and how likely."""
        offer = self._offers[i]
        brought = [(0, offer.match_rate)]
        for dataset, rate in offer.fill_rates:
            bit = self._dataset_bits.get(dataset, 0)
            if unsatisfied & bit:
                brought = [(f | hit, p * q) for f, p in brought for hit, q in ((bit, rate), (0, 1 - rate)) if q > 0]
        return [*brought, (0, 1 - offer.match_rate)]


class _TooManyStates(Exception):
    pass
