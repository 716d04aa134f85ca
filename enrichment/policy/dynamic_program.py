"""The exact policy: the Bellman equation of one part, solved for every state at once.

    (A usable, U unsatisfied and families that matched) as bit masks  ->  V[A, U] in micro-USD, choice[A, U], sources
    V(A, U) = min(stop, min over calls: cost + sum over outcomes of P * V(A - calls, U - filled))

Solved in layers of equally many usable sources. What a call may bring is a chain of mixtures over axis U, one per
dataset: work grows with the datasets of a source, not with its outcomes. This is why numpy is here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from enrichment.policy.actions import Calls, Flags, Masks, bring, calls_of
from enrichment.policy.family_chances import Values
from enrichment.policy.state_encoding import MOST_STATES, Frame, TooLarge

Choices = npt.NDArray[np.unsignedinteger[Any]]

MOST_WORK = 500_000_000
"""States before each call or set of calls, over all of these: two seconds on one quiet core."""

EQUAL = 1e-6
"""Micro-USD. Differences below it are rounding; without it equal choices would depend on the order of additions."""

_AT_ONCE = 1 << 18
"""States that are gone through together: as many as stay near the processor."""


def best_choices(frame: Frame) -> Choices:
    """Decide every state. A state in which some required dataset may still be satisfied is never a stop.

    Raises TooLarge where there are too many states, or too many sets of calls to weigh in each.
    """
    if frame.states > MOST_STATES:
        raise TooLarge
    calls = calls_of(frame, MOST_WORK)
    solver = _Solver(frame)
    solver.run(calls)
    return _as_masked(frame, solver.choices)


def expected_spend(frame: Frame, choices: Choices | array[int]) -> Values:
    """Policy evaluation: the Bellman equation with each choice given, waiting and worth at 0. Micro-USD."""
    evaluation = _Evaluation(frame, np.asarray(choices))
    evaluation.run(calls_of(frame, MOST_WORK))
    return evaluation.values.reshape(-1)


def _as_masked(frame: Frame, choices: Choices) -> Choices:
    """States that differ only in useless sources get one decision, so that ties are not broken differently."""
    usable = np.arange(1 << len(frame.offers))[:, None] & _filling(frame)
    masked: Choices = np.take_along_axis(choices.reshape(usable.shape), usable, axis=0).reshape(-1)
    return masked


def _filling(frame: Frame) -> Masks:
    """For each column, the sources that may fill one of its datasets, as bits."""
    return np.array([frame.filling(column) for column in range(1 << frame.width)])


def _lost(frame: Frame) -> Values:
    """For each column, the worth of its open optional datasets, in micro-USD: what stopping there loses."""
    unsatisfied = np.arange(1 << frame.width)
    return sum(
        (worth * (unsatisfied >> bit & 1).astype(np.float64) for bit, worth in enumerate(frame.worth)),
        np.zeros(len(unsatisfied)),
    )


def _may_not_stop(frame: Frame) -> Flags:
    """[A, U]: some required dataset can still be satisfied; if it is all or nothing, all that are open can be.

    Follows the luckiest run: every usable source whose needs are met brings all it answers.
    """
    columns = 1 << frame.width
    unsatisfied = np.arange(columns, dtype=np.int32)
    left = np.tile(unsatisfied, (1 << len(frame.offers), 1))
    for _ in range(1 + sum(need != 0 for need in frame.needs)):
        for i, (answers, needs) in enumerate(zip(frame.answers, frame.needs, strict=True)):
            asked = left.reshape(-1, 2, 1 << i, columns)[:, 1]
            np.bitwise_and(asked, ~answers, out=asked, where=asked & needs == 0)
    left &= frame.required
    open_ = unsatisfied & frame.required
    reached: Flags = (left == 0) & (open_ != 0) if frame.part.all_or_nothing else left != open_
    return reached


class _Sweep(ABC):
    """Works out values of all states, those with the fewest usable sources first: `values[usable, column]`."""

    def __init__(self, frame: Frame, values: Values) -> None:
        self._frame, self.values = frame, values
        self._columns = 1 << frame.width
        self._flat_values = self.values.reshape(-1)

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
                bring(self._frame, each.last, expected, left | each.sources)
                cells = (left | each.sources)[:, None] * self._columns + each.columns
                self._take(cells, expected[:, each.columns], each)
                self._offer(each.further, left, expected)

    @abstractmethod
    def _take(self, cells: Masks, expected: Values, calls: Calls) -> None:
        """cells: numbers of the states in which these calls may be chosen. expected: their values after the calls."""


class _Solver(_Sweep):
    """Chooses the action of the least value. A state in which a required dataset can still be filled never stops."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame, np.where(_may_not_stop(frame), np.inf, _lost(frame)))
        self.choices: Choices = np.zeros(self._flat_values.shape, dtype=frame.choice_code)

    def _take(self, cells: Masks, expected: Values, calls: Calls) -> None:
        expected += calls.price + calls.waiting
        better = expected < self._flat_values.take(cells) - EQUAL
        cells = cells[better]
        self._flat_values[cells] = expected[better]
        self.choices[cells] = calls.sources


class _Evaluation(_Sweep):
    """Works out what given choices are expected to spend, in micro-USD."""

    def __init__(self, frame: Frame, choices: Choices) -> None:
        super().__init__(frame, np.zeros((1 << len(frame.offers), 1 << frame.width)))
        self._choices = choices

    def _take(self, cells: Masks, expected: Values, calls: Calls) -> None:
        chosen = self._choices.take(cells) == calls.sources
        self._flat_values[cells[chosen]] = expected[chosen] + calls.price
