"""Compiled policies in memory, and in a store that outlives the process where there is one.

    strategy, problem -> Policy, solved once

What is left for one company only (`Problem.once`) is cached apart, so that it evicts no policy that serves them all.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Protocol

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
        self._for_all = MadeOnce[tuple[str, Problem], Policy](lambda wanted: _compiled(*wanted, store), _POLICIES)
        self._for_one = MadeOnce[tuple[str, Problem], Policy](lambda wanted: _compiled(*wanted, None), _ONCE)

    def compiled(self, strategy: str, problem: Problem) -> Policy:
        """Raises ValueError for an unknown strategy."""
        return (self._for_one if problem.once else self._for_all)((strategy, problem))


def _compiled(strategy: str, problem: Problem, store: PolicyStore | None) -> Policy:
    """From the store if it has the policy; damaged bytes, or bytes of other rules, are compiled again."""
    from enrichment.policy import compiled, serialization  # noqa: PLC0415  a finished profile needs neither

    if strategy != "enhanced" or store is None:
        return compiled.compile_policy(strategy, problem)
    name = serialization.digest(problem)
    kept = store.load(name)
    if kept is not None:
        with suppress(ValueError):
            return serialization.from_bytes(kept, problem)
    made = compiled.compile_enhanced(problem)
    store.save(name, serialization.to_bytes(made))
    return made


IN_MEMORY = PolicyCache()
"""For this process alone: the default where no other cache is given."""
