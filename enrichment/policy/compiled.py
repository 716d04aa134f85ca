"""Compile a problem into the policy of a strategy, and keep what was compiled as bytes.

enhanced -> Enhanced: each part as `decided` decides about it    priority -> Priority    legacy -> Everything
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property

from enrichment.policy.baselines import Everything, Priority
from enrichment.policy.problem import Policy, Problem, State, parts, start
from enrichment.policy.serialization import packed, unpacked
from enrichment.policy.solver import Decided, decided
from enrichment.policy.value_table import Prospect, of_all

_FORMAT = b"policy 2 "


class Enhanced:
    """The least-cost policy of a problem. Parts run side by side: each contributes its own next sources.

    Within a part, one source at a time, unless a value of time makes calls started together cheaper.
    """

    def __init__(self, problem: Problem, parts_: tuple[Decided, ...]) -> None:
        self._problem, self._parts = problem, parts_

    @property
    def exact(self) -> bool:
        """False: some part was too large to solve; `excess` then says how far from the optimum it may be."""
        return all(part.exact for part in self._parts)

    @cached_property
    def together(self) -> tuple[frozenset[str], ...]:
        """Datasets that share a clock, whatever else links them: the parts, where time has a value."""
        if not self._problem.value_of_time:
            return ()
        return tuple(start(part).unsatisfied for part in parts(self._problem))

    @cached_property
    def one_by_one(self) -> Mapping[str, frozenset[str]] | None:
        """What sources need, if what is decided about one piece of a part depends on no other; None: it may."""
        if self._problem.value_of_time or not self.exact:
            return None
        return {offer.source: offer.needs for offer in self._problem.offers}

    def next(self, state: State) -> frozenset[str]:
        return frozenset[str]().union(*(part.next(state) for part in self._parts))

    def look_ahead(self) -> None:
        """Work out the prospects of all states, unless there are too many; from then on they are looked up."""
        for part in self._parts:
            part.prospects.beforehand()

    def prospect(self, state: State) -> Prospect:
        """What carrying it out comes to from this state on."""
        return of_all(part.prospect(state) for part in self._parts)

    def expected_spend(self, state: State) -> float:
        """Micro-USD that carrying it out is expected to cost from this state on."""
        return self.prospect(state).spend

    def excess(self, state: State | None = None) -> float:
        """Micro-USD by which the objective may lie above the least possible one, from the state on; 0 when exact."""
        here = start(self._problem) if state is None else state
        return sum(part.excess(here) for part in self._parts)

    @staticmethod
    def digest(problem: Problem) -> str:
        """A name for what is compiled of this problem: another one whenever a decision could be another."""
        return _fingerprint(problem).hex()

    def to_bytes(self) -> bytes:
        """What `from_bytes` restores without solving again; some megabytes for the largest shipped consumer."""
        return _FORMAT + _fingerprint(self._problem) + packed(self._parts)

    @classmethod
    def from_bytes(cls, data: bytes, problem: Problem) -> Enhanced:
        """Raises ValueError when the bytes are damaged, or were compiled for another problem."""
        head = _FORMAT + _fingerprint(problem)
        if data[: len(head)] != head:
            raise ValueError("This policy was compiled for other rules: compile it again.")
        return cls(problem, unpacked(data[len(head) :], parts(problem)))


def _fingerprint(problem: Problem) -> bytes:
    """32 bytes that differ whenever a decision could."""
    shape = [
        (
            [
                (
                    o.source,
                    o.price_asked,
                    o.price_matched,
                    o.match_rate,
                    sorted(o.fill_rates),
                    o.seconds,
                    sorted(o.needs),
                )
                for o in part.offers
            ],
            sorted(part.required),
            sorted(part.worth),
            part.value_of_time,
        )
        for part in parts(problem)
    ]
    return hashlib.sha256(repr(shape).encode()).digest()


def compile_enhanced(problem: Problem) -> Enhanced:
    """Solve every part that can be solved (see `exact`)."""
    return Enhanced(problem, tuple(decided(part) for part in parts(problem)))


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
