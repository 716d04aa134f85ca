"""Compile a problem into the policy of a strategy, and keep what was compiled as bytes.

enhanced -> per part: exact, or greedy when it is too large    priority -> Priority    legacy -> Everything
"""

from __future__ import annotations

import hashlib
import zlib

import numpy as np

from enrichment.policy.exact import (
    Choices,
    Table,
    Values,
    choice_type,
    datasets_of,
    fits,
    offers_of,
    solve,
    spending,
)
from enrichment.policy.fixed import Everything, Priority
from enrichment.policy.forecast import forecast
from enrichment.policy.greedy import Greedy, floor
from enrichment.policy.problem import Policy, Problem, State, parts, start

_FORMAT = b"policy 1 "


class Enhanced:
    """The least-cost policy of a problem. Parts run side by side: each contributes its own next sources.

    Within a part, one source at a time, unless a value of time makes calls started together cheaper.
    """

    def __init__(self, problem: Problem, decisions: tuple[Table | Greedy, ...]) -> None:
        self._problem = problem
        self._decisions = decisions
        self._spending: dict[int, Values] = {}

    @property
    def exact(self) -> bool:
        """False: some part was too large to solve; `excess` then says how far from the optimum it may be."""
        return all(isinstance(decision, Table) for decision in self._decisions)

    @property
    def together(self) -> tuple[frozenset[str], ...]:
        """Datasets that share a clock, whatever else links them: the parts, where time has a value."""
        if not self._problem.value_of_time:
            return ()
        return tuple(start(part).unsatisfied for part in parts(self._problem))

    def next(self, state: State) -> frozenset[str]:
        return frozenset[str]().union(*(decision.next(state) for decision in self._decisions))

    def expected_spend(self, state: State) -> float:
        """Micro-USD it is expected to cost from this state on. The first call takes as long as solving."""
        return sum(self._spend_of(number, state) for number in range(len(self._decisions)))

    def _spend_of(self, number: int, state: State) -> float:
        decision = self._decisions[number]
        if isinstance(decision, Greedy):
            return forecast(decision, decision.part, state).expected_cost
        if number not in self._spending:
            self._spending[number] = spending(parts(self._problem)[number], decision)
        return float(self._spending[number][decision.row(state)])

    def excess(self) -> float:
        """Micro-USD by which the objective may lie above the least possible one from the start; 0 when exact."""
        large = [decision for decision in self._decisions if isinstance(decision, Greedy)]
        return sum(max(0.0, forecast(greedy, greedy.part).objective - floor(greedy.part)) for greedy in large)

    @staticmethod
    def digest(problem: Problem) -> str:
        """A name for what is compiled of this problem: another one whenever a decision could be another."""
        return _fingerprint(problem).hex()

    def to_bytes(self) -> bytes:
        """What `from_bytes` restores without solving again; some hundred kilobytes for the largest shipped consumer."""
        tables = [decision.choices for decision in self._decisions if isinstance(decision, Table)]
        solved = b"".join(choices.astype("<u4").tobytes() for choices in tables)
        return _FORMAT + _fingerprint(self._problem) + zlib.compress(solved, 1)

    @classmethod
    def from_bytes(cls, data: bytes, problem: Problem) -> Enhanced:
        """Raises ValueError when the bytes are damaged, or were compiled for another problem."""
        head = _FORMAT + _fingerprint(problem)
        if data[: len(head)] != head:
            raise ValueError("This policy was compiled for other rules: compile it again.")
        try:
            solved = np.frombuffer(zlib.decompress(data[len(head) :]), dtype="<u4")
        except (zlib.error, ValueError) as damage:
            raise ValueError("This policy is damaged: delete it and compile it again.") from damage
        return cls(problem, _decisions(problem, solved))


def _decisions(problem: Problem, solved: Choices) -> tuple[Table | Greedy, ...]:
    decisions: list[Table | Greedy] = []
    for part in parts(problem):
        if not fits(part):
            decisions.append(Greedy(part))
            continue
        sources, datasets = tuple(offer.source for offer in offers_of(part)), datasets_of(part)
        size = 1 << len(sources) + len(datasets)
        if len(solved) < size:
            raise ValueError("This policy is damaged: delete it and compile it again.")
        decisions.append(Table(sources, datasets, solved[:size].astype(choice_type(len(sources)))))
        solved = solved[size:]
    return tuple(decisions)


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
    """Solve what fits (see `exact.fits`); the rest is decided greedily."""
    return Enhanced(problem, tuple(solve(part) if fits(part) else Greedy(part) for part in parts(problem)))


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
