"""The exact policy: the recurrence of the design, solved for every state of one part at once.

    (A usable, U unsatisfied) as bit masks  ->  V[A, U] in micro-USD, choice[A, U] as a mask of sources

States are solved in layers of equally many usable sources. What a call may bring is a chain of mixtures over axis U,
one per dataset: work grows with the datasets of a source, not with its outcomes. This is why numpy is here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from enrichment.policy.actions import Calls, Flags, Values, calls_of
from enrichment.policy.problem import Problem, State
from enrichment.policy.state_encoding import Codes, Frame, framed

Masks = npt.NDArray[np.int64]
Choices = npt.NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True, slots=True)
class Effort:
    """What solving may take. states: a hundred bytes of memory for six of them. work: states before each call or set of
    calls, over all of these."""

    states: int = 1 << 23
    work: int = 500_000_000

    def share(self, of: int) -> Effort:
        return replace(self, work=self.work // of)


MOST = Effort()
"""An eighth of a gigabyte, and two seconds on one quiet core."""

EQUAL = 1e-6
"""Micro-USD. Differences below it are rounding; without it equal choices would depend on the order of additions."""

_AT_ONCE = 1 << 18
"""States that are gone through together: as many as stay near the processor."""


@dataclass(frozen=True, slots=True)
class Table:
    """The decision for every state of a frame: `choices[code of the state]`, a mask of sources."""

    frame: Frame
    choices: Choices

    def next(self, state: State) -> frozenset[str]:
        return self.frame.named(int(self.choices[self.frame.code(state)]))

    def choices_at(self, codes: Codes) -> Codes:
        return self.choices[codes].astype(np.int64)


def fits(part: Problem) -> bool:
    """Whether a part can be solved exactly."""
    return calls_within(framed(part), MOST) is not None


def calls_within(frame: Frame, effort: Effort, together: Iterable[str] | None = None) -> Sequence[Calls] | None:
    """The calls to weigh against each other in every state; None where that is too much work, or too many states.

    together: the only sources that may be started with others; left out, all.
    """
    if 1 << len(frame.offers) + len(frame.datasets) > effort.states:
        return None
    return calls_of(frame, effort.work, frame.sources if together is None else together)


def solve(frame: Frame, calls: Sequence[Calls], following: Values | None = None) -> tuple[Table, Values]:
    """Decide every state. Also V[A, U], in micro-USD.

    following: what stopping costs, for each U; left out, the worth of what is then unsatisfied. A state in which some
    required dataset may still be satisfied is never a stop.
    """
    solver = _Solver(frame, lost(frame) if following is None else following)
    solver.run(calls)
    return Table(frame, solver.choices.reshape(-1)), solver.values


def lost(frame: Frame) -> Values:
    """The worth of the optional datasets in each U."""
    unsatisfied = np.arange(1 << len(frame.datasets))
    return sum(
        (worth * (unsatisfied >> bit & 1).astype(np.float64) for bit, worth in enumerate(frame.worth)),
        np.zeros(len(unsatisfied)),
    )


def choice_type(sources: int) -> np.dtype[np.unsignedinteger[Any]]:
    """The smallest type whose values are all sets of so many sources."""
    return np.dtype(np.uint8 if sources <= 8 else np.uint16 if sources <= 16 else np.uint32)


class _Solver:
    def __init__(self, frame: Frame, following: Values) -> None:
        self._frame = frame
        self._columns = 1 << len(frame.datasets)
        self.values: Values = np.where(self._may_reach_required(), np.inf, following)
        self.choices: Choices = np.zeros(self.values.shape, dtype=choice_type(len(frame.offers)))
        self._flat_values, self._flat_choices = self.values.reshape(-1), self.choices.reshape(-1)

    def _may_reach_required(self) -> Flags:
        """[A, U]: some required dataset can still be satisfied, so stopping is not allowed.

        Follows the luckiest run: every usable source whose needs are met brings all it answers.
        """
        frame, columns = self._frame, self._columns
        unsatisfied = np.arange(columns, dtype=np.int32)
        left = np.tile(unsatisfied, (1 << len(frame.offers), 1))
        for _ in range(1 + sum(need != 0 for need in frame.needs)):
            for i, (answers, needs) in enumerate(zip(frame.answers, frame.needs, strict=True)):
                asked = left.reshape(-1, 2, 1 << i, columns)[:, 1]
                np.bitwise_and(asked, ~answers, out=asked, where=asked & needs == 0)
        left &= frame.required
        reached: Flags = left != unsatisfied & frame.required
        return reached

    def run(self, calls: Sequence[Calls]) -> None:
        """Finish layer by layer: a finished one is offered to every state one call, or one set of calls, before it."""
        rows = max(1, _AT_ONCE // self._columns)
        for layer in self._layers():
            for first in range(0, len(layer), rows):
                after = layer[first : first + rows]
                self._offer(calls, after, self.values[after])

    def _layers(self) -> Iterator[Masks]:
        usable = np.arange(1 << len(self._frame.offers))
        count = np.bitwise_count(usable)
        for size in range(len(self._frame.offers)):
            yield usable[count == size]

    def _offer(self, calls: Sequence[Calls], after: Masks, values: Values) -> None:
        """Offer each of the calls, and the sets it begins, to the states from which they lead to `after`."""
        for each in calls:
            lacking = np.flatnonzero(after >> each.last & 1 == 0)
            if len(lacking):
                left, expected = after[lacking], values[lacking]
                each.bring(expected)
                self._propose(left | each.sources, expected, each)
                self._offer(each.further, left, expected)

    def _propose(self, before: Masks, expected: Values, calls: Calls) -> None:
        cells = before[:, None] * self._columns + calls.columns
        proposed = expected[:, calls.columns]
        proposed += calls.cost
        better = proposed < self._flat_values.take(cells) - EQUAL
        cells = cells[better]
        self._flat_values[cells] = proposed[better]
        self._flat_choices[cells] = calls.sources
