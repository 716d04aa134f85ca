"""Compile a problem into the policy of a strategy.

enhanced -> Enhanced: each part solved exactly, else Greedy    priority -> Priority    legacy -> Everything
"""

from __future__ import annotations

from collections.abc import Iterable

from enrichment.policy.baselines import Everything, Priority
from enrichment.policy.execution_forecast import forecast
from enrichment.policy.execution_model import plain_execution
from enrichment.policy.greedy import Greedy
from enrichment.policy.lower_bound import LowerBound
from enrichment.policy.problem import Policy, Problem, State, parts, start
from enrichment.policy.state_encoding import TooLarge, framed
from enrichment.policy.table import Table, solved


class Enhanced:
    """The least-cost policy of a problem. Parts run side by side: each contributes its own next sources.

    Within a part, one source at a time, unless a value of time makes calls started together cheaper.
    Policies of equal problems are equal, so that they share cached forecasts.
    """

    def __init__(self, problem: Problem, decisions: tuple[Table | Greedy, ...]) -> None:
        self.problem, self.decisions = problem, decisions
        self._datasets = tuple(start(part).unsatisfied for part in parts(problem))
        self._hash = hash(problem)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Enhanced) and self.problem == other.problem

    def __hash__(self) -> int:
        return self._hash

    @property
    def exact(self) -> bool:
        """False: some part was too large to solve; `excess` then says how far from the optimum it may be."""
        return not any(self._greedy())

    def next(self, state: State) -> frozenset[str]:
        asked = frozenset[str]()
        for decision, datasets in zip(self.decisions, self._datasets, strict=True):
            if not state.unsatisfied.isdisjoint(datasets):
                asked |= decision.next(state)
        return asked

    def expected_spend(self, state: State) -> float:
        """Micro-USD that the policy alone is expected to spend from this state on; only for exact policies."""
        return sum(decision.expected_spend(state) for decision in self.decisions if isinstance(decision, Table))

    def excess(self, state: State | None = None) -> float:
        """Micro-USD by which the objective may lie above the least possible one, from the state on; 0 when exact."""
        here = start(self.problem) if state is None else state
        return sum(_excess(greedy, here) for greedy in self._greedy())

    def _greedy(self) -> Iterable[Greedy]:
        return (decision for decision in self.decisions if isinstance(decision, Greedy))


def _excess(greedy: Greedy, state: State) -> float:
    part, found = greedy.part, forecast(plain_execution(greedy, greedy.part, state))
    lost = sum(worth * (1 - found.satisfied.get(dataset, 1.0)) for dataset, worth in part.worth)
    objective = found.vendors + lost + part.value_of_time * found.seconds
    return max(0.0, objective - LowerBound(part).under(state))


def compile_enhanced(problem: Problem) -> Enhanced:
    """Solve each part exactly if it is small enough; a part that is too large gets the greedy policy."""
    return Enhanced(problem, tuple(_decision(part) for part in parts(problem)))


def _decision(part: Problem) -> Table | Greedy:
    try:
        return solved(framed(part))
    except TooLarge:
        return Greedy(part)


def compile_policy(strategy: str, problem: Problem) -> Policy:
    """Raises ValueError for a strategy that is not `enhanced`, `priority` or `legacy`."""
    match strategy:
        case "enhanced":
            return compile_enhanced(problem)
        case "priority":
            return Priority(problem)
        case "legacy":
            return Everything(problem)
    raise ValueError(f"No strategy named '{strategy}': use enhanced, priority or legacy.")
