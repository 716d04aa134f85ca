"""Compile a problem into the policy of a strategy.

enhanced -> exact per part    priority -> Priority    legacy -> Everything
"""

from __future__ import annotations

from enrichment.policy.exact import Table, solve
from enrichment.policy.fixed import Everything, Priority
from enrichment.policy.problem import Policy, Problem, State, parts


class Exact:
    """The exact policy of a problem. Parts run side by side: each contributes its own next sources."""

    def __init__(self, tables: tuple[Table, ...]) -> None:
        self.tables = tables

    def next(self, state: State) -> frozenset[str]:
        return frozenset[str]().union(*(table.next(state) for table in self.tables))


def compile_policy(strategy: str, problem: Problem) -> Policy:
    """Raises ValueError for a strategy that is not `enhanced`, `priority` or `legacy`."""
    match strategy:
        case "enhanced":
            return Exact(tuple(solve(part) for part in parts(problem)))
        case "priority":
            return Priority(problem)
        case "legacy":
            return Everything(problem)
    raise ValueError(f"No strategy named '{strategy}': use enhanced, priority or legacy.")
