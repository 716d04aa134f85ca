"""A solved part: the decision for each of its states, by the state's number. Looking one up needs no numpy.

State -> Table.next -> sources to ask now        choices: an array of numpy, or of Python as restored from bytes
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from enrichment.policy.problem import State, without
from enrichment.policy.state_encoding import Frame, framed

if TYPE_CHECKING:
    from array import array

    from enrichment.policy.dynamic_program import Choices
    from enrichment.policy.family_chances import Values


@dataclass(frozen=True)
class Table:
    """The decision for every state of a frame: `choices[code of the state]`, a mask of sources; 0: stop."""

    frame: Frame
    choices: Choices | array[int]
    remade: Callable[[Frame], Table]
    """Makes the table of a smaller part by the same policy."""

    def next(self, state: State) -> frozenset[str]:
        if ruled_out := self.frame.ruled_out(state):
            return self._without(ruled_out).next(state)
        return self.frame.source_bits.names(int(self.choices[self.frame.code(state)]))

    def _without(self, sources: frozenset[str]) -> Table:
        """The table of this part without some sources: in the full table, an unusable source of a family has missed."""
        if sources not in self._parted:
            self._parted[sources] = self.remade(framed(without(self.frame.part, sources)))
        return self._parted[sources]

    @cached_property
    def _parted(self) -> dict[frozenset[str], Table]:
        return {}

    def expected_spend(self, state: State) -> float:
        """Micro-USD that the policy alone is expected to spend from this state on: no caps, redundancy, last resorts.

        The first call evaluates all states. A whole execution is forecast in execution_forecast.py.
        """
        if ruled_out := self.frame.ruled_out(state):
            return self._without(ruled_out).expected_spend(state)
        return float(self._spend[self.frame.code(state)])

    @cached_property
    def _spend(self) -> Values:
        from enrichment.policy.dynamic_program import expected_spend  # noqa: PLC0415  numpy, which `next` does not need

        return expected_spend(self.frame, self.choices)


def solved(frame: Frame) -> Table:
    """The exact policy of a part. Raises TooLarge where solving it is too much work."""
    from enrichment.policy.dynamic_program import best_choices  # noqa: PLC0415  numpy, which a lookup does not need

    return Table(frame, best_choices(frame), solved)
