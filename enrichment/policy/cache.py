"""Compiled policies in memory, and in a store that outlives the process where there is one.

    strategy, problem -> Policy, solved once

What is left for one company only (`Problem.once`) is cached apart, so that it evicts no policy that serves them all.
"""

from __future__ import annotations

from typing import Protocol

from enrichment import policy
from enrichment.policy.made_once import MadeOnce
from enrichment.policy.problem import Policy, Problem

_POLICIES = 16
_ONCE = 16


class PolicyStore(Protocol):
    """Keeps bytes under a name. It may forget; it never raises."""

    def load(self, name: str) -> bytes | None: ...
    def save(self, name: str, data: bytes) -> None: ...


class PolicyCache:
    """May be used by many threads: a thread that asks for a policy being compiled waits for it."""

    def __init__(self, store: PolicyStore | None = None) -> None:
        self._store = store
        self._kept = MadeOnce(self._make, _POLICIES)
        self._once = MadeOnce(_compiled, _ONCE)

    def compiled(self, strategy: str, problem: Problem) -> Policy:
        """Raises ValueError for an unknown strategy."""
        return (self._once if problem.once else self._kept)((strategy, problem))

    def _make(self, wanted: tuple[str, Problem]) -> Policy:
        strategy, problem = wanted
        if strategy != "enhanced" or self._store is None:
            return _compiled(wanted)
        return self._from_store(problem, self._store)

    def _from_store(self, problem: Problem, store: PolicyStore) -> Policy:
        """What is damaged, or was made for other rules under the same name, is compiled again."""
        name = policy.Enhanced.digest(problem)
        kept = store.load(name)
        if kept is not None:
            try:
                return policy.Enhanced.from_bytes(kept, problem)
            except ValueError:
                pass
        made = policy.compile_enhanced(problem)
        store.save(name, made.to_bytes())
        return made


def _compiled(wanted: tuple[str, Problem]) -> Policy:
    return policy.compile_policy(*wanted)


IN_MEMORY = PolicyCache()
"""For this process alone: the default where no other cache is given."""
