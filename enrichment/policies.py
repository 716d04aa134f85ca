"""Compiled policies at hand: in memory, and on a shelf that outlives the process where there is one. Pure but for it.

strategy, problem -> Policy, solved once;   strategy, whole problem, what is left of it -> Forecast, made once
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from typing import Protocol

from enrichment.policy import Enhanced, Forecast, Policy, Problem, compile_policy, forecast

_POLICIES = 16
_FORECASTS = 4_096


class Shelf(Protocol):
    """Keeps bytes under a name. It may forget; it never raises."""

    def load(self, name: str) -> bytes | None: ...
    def save(self, name: str, data: bytes) -> None: ...


class Policies:
    """May be used by many threads; whoever asks for a policy that is being compiled waits for it."""

    def __init__(self, shelf: Shelf | None = None) -> None:
        self._shelf = shelf
        self._lock = Lock()
        self._kept = lru_cache(maxsize=_POLICIES)(self._make)
        self.forecast: Callable[[str, Problem, Problem], Forecast] = lru_cache(maxsize=_FORECASTS)(self._forecast)
        """(strategy, problem the policy is compiled for, what is left of it): what an execution will cost and bring."""

    def compiled(self, strategy: str, problem: Problem) -> Policy:
        """Raises ValueError for an unknown strategy."""
        with self._lock:
            return self._kept(strategy, problem)

    def _make(self, strategy: str, problem: Problem) -> Policy:
        if strategy != "enhanced" or self._shelf is None:
            return compile_policy(strategy, problem)
        return self._from_shelf(problem, self._shelf)

    def _from_shelf(self, problem: Problem, shelf: Shelf) -> Policy:
        """What is damaged, or was made for other rules under the same name, is made again."""
        name = Enhanced.digest(problem)
        kept = shelf.load(name)
        if kept is not None:
            try:
                return Enhanced.from_bytes(kept, problem)
            except ValueError:
                pass
        made = compile_policy("enhanced", problem)
        if isinstance(made, Enhanced):
            shelf.save(name, made.to_bytes())
        return made

    def _forecast(self, strategy: str, whole: Problem, left: Problem) -> Forecast:
        return forecast(self.compiled(strategy, whole), left)


IN_MEMORY = Policies()
"""For this process alone: what plans are made with where nobody hands in others."""
