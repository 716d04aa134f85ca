"""The exact policy: the recurrence of the design, solved for every state of one part at once.

    (A usable, U unsatisfied) as bit masks  ->  V[A, U] in micro-USD, choice[A, U] as a mask of sources

States are solved in layers of equally many usable sources. What a call may bring is a chain of mixtures over axis U,
one per dataset: work grows with the datasets of a source, not with its outcomes. This is why numpy is here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from enrichment.policy.problem import Offer, Problem, State, start

Values = npt.NDArray[np.float64]
Masks = npt.NDArray[np.int64]
Choices = npt.NDArray[np.unsignedinteger[Any]]
Flags = npt.NDArray[np.bool_]

MOST_STATES = 1 << 23
MOST_SET_STATES = 300_000_000
"""With a value of time: (set of calls, what remains, unsatisfied) triples; about three seconds of work."""

EQUAL = 1e-6
"""Micro-USD. Differences below it are rounding; without it equal choices would depend on the order of additions."""


@dataclass(frozen=True, slots=True)
class Table:
    """The decision for every state of one part: `choices[usable << len(datasets) | unsatisfied]`, a mask of sources."""

    sources: tuple[str, ...]
    datasets: tuple[str, ...]
    choices: Choices

    def next(self, state: State) -> frozenset[str]:
        chosen = int(self.choices[self.row(state)])
        return frozenset(source for i, source in enumerate(self.sources) if chosen >> i & 1)

    def row(self, state: State) -> int:
        """Where this state stands in `choices`."""
        usable = sum(1 << i for i, source in enumerate(self.sources) if source in state.usable)
        unsatisfied = sum(1 << i for i, dataset in enumerate(self.datasets) if dataset in state.unsatisfied)
        return usable << len(self.datasets) | unsatisfied


def fits(part: Problem) -> bool:
    """Whether `solve` is bounded to a few seconds and some hundred megabytes for this part."""
    sources, datasets = len(part.offers), len(start(part).unsatisfied)
    if part.value_of_time and 3**sources << datasets > MOST_SET_STATES:
        return False
    return 1 << sources + datasets <= MOST_STATES


def offers_of(part: Problem) -> tuple[Offer, ...]:
    """The offers as the bits of a table count them: who answers most first, since the last are combined most often."""
    return tuple(sorted(part.offers, key=lambda offer: (-len(offer.answers), offer.source)))


def datasets_of(part: Problem) -> tuple[str, ...]:
    return tuple(sorted(start(part).unsatisfied))


def choice_type(sources: int) -> np.dtype[np.unsignedinteger[Any]]:
    """The smallest type whose values are all sets of so many sources."""
    return np.dtype(np.uint8 if sources <= 8 else np.uint16 if sources <= 16 else np.uint32)


def solve(part: Problem) -> Table:
    """Solve one part (see `problem.parts`) for every state it can be in."""
    solver = _Solver(part)
    solver.run()
    return Table(solver.sources, solver.datasets, solver.choices.reshape(-1))


def spending(part: Problem, table: Table) -> Values:
    """Micro-USD that carrying the table's decisions out is expected to cost, from every state: rows as in `choices`."""
    spender = _Spender(part, table)
    spender.run()
    return spender.values.reshape(-1)


class _Solver:
    def __init__(self, part: Problem) -> None:
        self.offers = offers_of(part)
        self.sources = tuple(offer.source for offer in self.offers)
        self.datasets = datasets_of(part)
        self.value_of_time = part.value_of_time
        self.unsatisfied: Masks = np.arange(1 << len(self.datasets))
        self.required = self._mask(part.required)
        self.answers = [self._mask(offer.answers) for offer in self.offers]
        self.askable = [self._askable(offer) for offer in self.offers]
        self.fills = [self._fills(offer) for offer in self.offers]
        shape = (1 << len(self.sources), 1 << len(self.datasets))
        self.values: Values = np.where(self._may_reach_required(), np.inf, self._lost(dict(part.worth)))
        self.choices: Choices = np.zeros(shape, dtype=choice_type(len(self.sources)))

    def _mask(self, names: frozenset[str]) -> int:
        return sum(1 << i for i, dataset in enumerate(self.datasets) if dataset in names)

    def _fills(self, offer: Offer) -> list[tuple[int, float]]:
        rates = dict(offer.fill_rates)
        return [(i, rates[dataset]) for i, dataset in enumerate(self.datasets) if dataset in offer.answers]

    def _askable(self, offer: Offer) -> Flags:
        """Where it answers something unsatisfied and all it needs is satisfied."""
        answers, needs = self._mask(offer.answers), self._mask(offer.needs)
        askable: Flags = (self.unsatisfied & answers != 0) & (self.unsatisfied & needs == 0)
        return askable

    def _lost(self, worth: dict[str, int]) -> Values:
        lost = np.zeros(len(self.unsatisfied))
        for i, dataset in enumerate(self.datasets):
            lost += worth.get(dataset, 0) * (self.unsatisfied >> i & 1)
        return lost

    def _may_reach_required(self) -> Flags:
        """[A, U]: some required dataset can still be satisfied, so stopping is not allowed.

        Follows the luckiest run: every usable source whose needs are met brings all it answers.
        """
        columns = len(self.unsatisfied)
        left = np.tile(self.unsatisfied.astype(np.int32), (1 << len(self.sources), 1))
        needs = [self._mask(offer.needs) for offer in self.offers]
        for _ in range(1 + sum(need != 0 for need in needs)):
            for i, (answers, need) in enumerate(zip(self.answers, needs, strict=True)):
                asked = left.reshape(-1, 2, 1 << i, columns)[:, 1]
                np.bitwise_and(asked, ~answers, out=asked, where=asked & need == 0)
        reached: Flags = left & self.required != self.unsatisfied & self.required
        return reached

    def run(self) -> None:
        """Finish layer by layer: a finished one is offered to every state one call, or one set of calls, before it."""
        together = len(self.sources) if self.value_of_time else 1
        for layer in self._layers():
            anywhere = np.ones(len(self.unsatisfied), dtype=np.bool_)
            self._extend(layer, self.values[layer], _Calls(0, 0.0, 0.0, anywhere, 0), together)

    def _layers(self) -> Iterator[Masks]:
        usable = np.arange(1 << len(self.sources))
        count = sum((usable >> i & 1 for i in range(len(self.sources))), np.zeros_like(usable))
        for size in range(len(self.sources)):
            yield usable[count == size]

    def _extend(self, after: Masks, values: Values, calls: _Calls, together: int) -> None:
        """Offer `calls` and each further source to the states from which they lead to `after`."""
        for i in range(calls.further, len(self.sources)):
            lacking = after >> i & 1 == 0
            if not lacking.any():
                continue
            more = calls.add(i, self.offers[i], self.askable[i])
            expected = self._outcome(values[lacking], i)
            self._propose(after[lacking] | more.sources, expected, more)
            if together > 1:
                self._extend(after[lacking], expected, more, together - 1)

    def _outcome(self, values: Values, i: int) -> Values:
        """Expected value over what source `i` may bring: nothing, or each of its datasets independently."""
        match_rate = self.offers[i].match_rate
        if len(self.fills[i]) == 1:
            bit, rate = self.fills[i][0]
            return _filled(values.copy(), bit, match_rate * rate)
        matched = values.copy()
        for bit, rate in self.fills[i]:
            _filled(matched, bit, rate)
        matched -= values
        matched *= match_rate
        matched += values
        return matched

    def _propose(self, before: Masks, expected: Values, calls: _Calls) -> None:
        columns = np.flatnonzero(calls.askable)
        cells = before[:, None] * len(self.unsatisfied) + columns
        proposed = expected[:, columns]
        proposed += calls.cost + self.value_of_time * calls.seconds
        better = proposed < self.values.take(cells) - EQUAL
        cells = cells[better]
        self.values.reshape(-1)[cells] = proposed[better]
        self.choices.reshape(-1)[cells] = calls.sources


class _Spender(_Solver):
    """Follows decisions instead of making them: `values` is what is spent."""

    def __init__(self, part: Problem, table: Table) -> None:
        super().__init__(part)
        self.choices = table.choices.reshape(self.choices.shape)
        self.values = np.zeros(self.choices.shape)

    def _propose(self, before: Masks, expected: Values, calls: _Calls) -> None:
        decided = self.choices[before] == calls.sources
        rows, columns = np.nonzero(decided)
        self.values[before[rows], columns] = expected[rows, columns] + calls.cost


def _filled(values: Values, bit: int, rate: float) -> Values:
    """Mix in, where dataset `bit` is unsatisfied, the value of its being satisfied. Changes `values` in place."""
    halves = values.reshape(len(values), -1, 2, 1 << bit)
    halves[:, :, 1, :] += rate * (halves[:, :, 0, :] - halves[:, :, 1, :])
    return values


@dataclass(frozen=True, slots=True)
class _Calls:
    """Calls started together."""

    sources: int
    cost: float
    seconds: float
    askable: Flags
    further: int
    """Sources from this index on may be added; so that each set is met once."""

    def add(self, i: int, offer: Offer, askable: Flags) -> _Calls:
        return _Calls(
            sources=self.sources | 1 << i,
            cost=self.cost + offer.expected_cost,
            seconds=max(self.seconds, offer.seconds),
            askable=self.askable & askable,
            further=i + 1,
        )
