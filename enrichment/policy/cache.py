"""Compiled policies at hand: in memory, and on a shelf that outlives the process where there is one. Pure but for it.

strategy, problem -> Policy, solved once;   strategy, whole problem, state -> Prospect, looked up

What is left for one company only (`Problem.once`) has a place of its own: it pushes nothing out that serves them all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from typing import Protocol

from enrichment.policy import (
    Enhanced,
    Forecast,
    Policy,
    Priority,
    Problem,
    Prospect,
    State,
    compile_enhanced,
    compile_policy,
    forecast,
)

_POLICIES = 16
_ONCE = 16
_FORECASTS = 4_096


class PolicyStore(Protocol):
    """Keeps bytes under a name. It may forget; it never raises."""

    def load(self, name: str) -> bytes | None: ...
    def save(self, name: str, data: bytes) -> None: ...


class PolicyCache:
    """May be used by many threads; whoever asks for a policy that is being compiled waits for it."""

    def __init__(self, shelf: PolicyStore | None = None) -> None:
        self._shelf = shelf
        self._lock = Lock()
        self._kept = lru_cache(maxsize=_POLICIES)(self._make)
        self._once = lru_cache(maxsize=_ONCE)(compile_policy)
        self.forecast: Callable[[str, Problem, Problem], Forecast] = lru_cache(maxsize=_FORECASTS)(self._forecast)
        """(strategy, problem the policy is compiled for, what is left of it): what an execution will cost and bring."""

    def compiled(self, strategy: str, problem: Problem) -> Policy:
        """Raises ValueError for an unknown strategy."""
        with self._lock:
            return self._once(strategy, problem) if problem.once else self._kept(strategy, problem)

    def prospect(self, strategy: str, whole: Problem, state: State) -> Prospect:
        """What the policy compiled for the whole comes to from this state on. Raises as `compiled` does."""
        policy = self.compiled(strategy, whole)
        if isinstance(policy, Enhanced | Priority):
            return policy.prospect(state)
        found = forecast(policy, whole, state)
        return Prospect(
            spend=found.expected_cost,
            seconds=found.expected_seconds,
            asked=dict(found.asked_chance),
            open={dataset: 1 - chance for dataset, chance in found.satisfied_chance if chance < 1},
        )

    def _make(self, strategy: str, problem: Problem) -> Policy:
        if strategy != "enhanced" or self._shelf is None:
            return compile_policy(strategy, problem)
        return self._from_shelf(problem, self._shelf)

    def _from_shelf(self, problem: Problem, shelf: PolicyStore) -> Policy:
        """What is damaged, or was made for other rules under the same name, is made again.

        What is worth keeping is kept with the prospects of all its states, if there are not too many.
        """
        name = Enhanced.digest(problem)
        kept = shelf.load(name)
        if kept is not None:
            try:
                return Enhanced.from_bytes(kept, problem)
            except ValueError:
                pass
        made = compile_enhanced(problem)
        made.look_ahead()
        shelf.save(name, made.to_bytes())
        return made

    def _forecast(self, strategy: str, whole: Problem, left: Problem) -> Forecast:
        return forecast(self.compiled(strategy, whole), left)


IN_MEMORY = PolicyCache()
"""For this process alone: what plans are made with where nobody hands in others."""
