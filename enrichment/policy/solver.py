"""One part and who decides about it: solved exactly; else in legs, or greedily where that is expected to cost less.

part -> Decided: .next(State), .prospect(State), .excess(State)
"""

from __future__ import annotations

from functools import cached_property

from enrichment.policy.decomposed import Relay, relay
from enrichment.policy.dynamic_program import MOST, Table, calls_within, solve
from enrichment.policy.forecast import foreseen
from enrichment.policy.greedy import Greedy
from enrichment.policy.lower_bound import Floor
from enrichment.policy.problem import Problem, State
from enrichment.policy.state_encoding import framed
from enrichment.policy.value_table import Prospect, Prospects

Decision = Table | Relay | Greedy


class Decided:
    """A part with its policy. prospects: as far as they have been worked out."""

    def __init__(self, decision: Decision, prospects: Prospects | None = None) -> None:
        self.decision = decision
        self.prospects = prospects or Prospects(decision)
        self._part = decision.frame.part

    @property
    def exact(self) -> bool:
        return isinstance(self.decision, Table)

    def next(self, state: State) -> frozenset[str]:
        return self.decision.next(state)

    def prospect(self, state: State) -> Prospect:
        return foreseen(self.decision, self.prospects, state)

    def excess(self, state: State) -> float:
        """Micro-USD by which the objective may lie above the least possible one from here on; 0 when exact."""
        if self.exact:
            return 0.0
        found, worth = self.prospect(state), dict(self._part.worth)
        lost = sum(worth.get(dataset, 0) * chance for dataset, chance in found.open.items())
        objective = found.spend + lost + self._part.value_of_time * found.seconds
        return max(0.0, objective - self._floor.under(state))

    @cached_property
    def _floor(self) -> Floor:
        return Floor(self._part)


def decided(part: Problem) -> Decided:
    """Whatever the size of a part, somebody decides about it."""
    frame = framed(part)
    calls = calls_within(frame, MOST)
    if calls is not None:
        return Decided(solve(frame, calls)[0])
    return Decided(relay(part) or Greedy(part))
