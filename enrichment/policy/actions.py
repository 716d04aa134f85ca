"""The actions a policy weighs: each source alone and, where time has a value, sets of sources started together.

    Frame -> tree of Calls: a set, the states in which it may be the action, the sets with one more source

A set is left out only where starting one of its sources after the others, if it is still of use then, is proved to
cost no more. This removes most sets of sources that answer the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from enrichment.policy.family_chances import Values, chances, fills_given
from enrichment.policy.state_encoding import Frame, TooLarge

Flags = npt.NDArray[np.bool_]
Columns = npt.NDArray[np.int32]
Masks = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Calls:
    """Sources that are asked together, as one action.

    price: expected micro-USD, without what sources of families are paid for a match: `bring` adds that. waiting: the
    value of waiting for them, in micro-USD. columns: those in which they are allowed. last: the source that was added
    last. further: these calls with one source more.
    """

    sources: int
    price: float
    waiting: float
    columns: Columns
    last: int
    further: Sequence[Calls]


def bring(frame: Frame, source: int, values: Values, before: Masks) -> None:
    """Turn values after the reply of a source, of rows and columns, into what is expected before it. In place.

    The source knows nothing, or fills each of its datasets independently. before: the usable sources of each row, this
    one among them.
    """
    offer, family = frame.offers[source], frame.family_bits[source]
    if not family:
        brought(values, offer.match_rate, fills_given(frame, source, before))
        return
    bit = family.bit_length() - 1
    matched = values.copy()
    halves = matched.reshape(len(values), -1, 2, 1 << bit)
    halves[:, :, 0, :] = halves[:, :, 1, :]
    for dataset, rate in frame.fills[source]:
        filled(matched, dataset, rate)
    matched += offer.price_matched
    matched -= values
    halves[:, :, 0, :] *= chances(frame, source, before)[:, None, None]
    halves[:, :, 1, :] *= offer.given(frozenset(), frozenset({offer.source})).match_rate
    values += matched


def brought(values: Values, match_rate: float, fills: tuple[tuple[int, float | Values], ...]) -> None:
    """Turn values into the expected ones over what a source may bring. In place.

    fills: (bit of a dataset, chance given a match: one number, or one for each row).
    """
    if len(fills) == 1:
        filled(values, fills[0][0], match_rate * fills[0][1])
        return
    matched = values.copy()
    for bit, rate in fills:
        filled(matched, bit, rate)
    matched -= values
    matched *= match_rate
    values += matched


def filled(values: Values, bit: int, rate: float | Values) -> None:
    """Mix in, where dataset `bit` is unsatisfied, the value of its being satisfied. In place."""
    halves = values.reshape(len(values), -1, 2, 1 << bit)
    difference = halves[:, :, 0, :] - halves[:, :, 1, :]
    difference *= rate if isinstance(rate, float) or not rate.shape else rate[:, None, None]
    halves[:, :, 1, :] += difference


def calls_of(frame: Frame, most_work: int) -> Sequence[Calls]:
    """All sets of calls to weigh. Raises TooLarge if weighing each of them in each state is more than `most_work`."""
    return _Tree(frame, most_work).grown(_CallSet.of(frame), 0)


@dataclass(frozen=True, slots=True)
class _CallSet:
    """A set of calls to which sources are added.

    useful[i, U]: the chance that source i can still fill something open in U once the others of the set have replied.
    """

    sources: int
    price: float
    seconds: float
    allowed: Flags
    useful: Values

    @staticmethod
    def of(frame: Frame) -> _CallSet:
        unsatisfied = np.arange(1 << frame.width)
        useful = np.array([(unsatisfied & answers != 0).astype(np.float64) for answers in frame.answers])
        return _CallSet(0, 0.0, 0.0, np.ones(len(unsatisfied), dtype=np.bool_), useful.reshape(-1, len(unsatisfied)))


class _Tree:
    def __init__(self, frame: Frame, most_work: int) -> None:
        self._frame, self._most_work = frame, most_work
        self._value_of_time = frame.part.value_of_time
        self._rates = [offer.match_rate_range[0] for offer in frame.offers]
        self._prices = [o.price_asked if o.family else o.expected_cost for o in frame.offers]
        self._costs = np.array(
            [o.price_asked + rate * o.price_matched for o, rate in zip(frame.offers, self._rates, strict=True)]
        )
        self._seconds = np.array([offer.seconds for offer in frame.offers])
        self._lead = self._leads()
        unsatisfied = np.arange(1 << frame.width)
        self._askable = [
            (unsatisfied & answers != 0) & (unsatisfied & needs == 0)
            for answers, needs in zip(frame.answers, frame.needs, strict=True)
        ]
        self._work = 0

    def _leads(self) -> Values:
        """How many seconds each source is slower than all others."""
        slowest, second = [0.0, 0.0, *sorted(self._seconds)][-1:-3:-1]
        leads: Values = np.where(self._seconds == slowest, slowest - second, 0.0)
        return leads

    def grown(self, so_far: _CallSet, first: int) -> list[Calls]:
        """The sets that add one source to this one, none before `first`, each with the sets that add more."""
        grown: list[Calls] = []
        for i in range(first, len(self._frame.offers)):
            more = self._with(so_far, i)
            if more.allowed.any():
                self._work += len(more.allowed) << len(self._frame.offers) - more.sources.bit_count()
                if self._work > self._most_work:
                    raise TooLarge
                further = self.grown(more, i + 1) if self._value_of_time else ()
                columns = np.flatnonzero(more.allowed).astype(np.int32)
                waiting = self._value_of_time * more.seconds
                grown.append(Calls(more.sources, more.price, waiting, columns, i, further))
        return grown

    def _with(self, so_far: _CallSet, i: int) -> _CallSet:
        allowed = so_far.allowed & self._askable[i]
        sources, useful = so_far.sources | 1 << i, so_far.useful
        if self._value_of_time and allowed.any():
            useful = so_far.useful.copy()
            brought(useful, self._rates[i], fills_given(self._frame, i, 1 << i))
            useful[i] = so_far.useful[i]
            if so_far.sources:
                allowed &= ~self._needless(sources, useful)
        return _CallSet(
            sources=sources,
            price=so_far.price + self._prices[i],
            seconds=max(so_far.seconds, float(self._seconds[i])),
            allowed=allowed,
            useful=useful,
        )

    def _needless(self, sources: int, useful: Values) -> Flags:
        """States in which a source of this set should wait for the others; also true of larger sets.

        Started with them, a source costs its price and at least its lead in waiting. Started after them, and only if it
        is still of use, it costs that chance of its price and its seconds; what it brings, and all that follows, is the
        same. More sources only lower that chance. Of families the least rates are taken: the chance is then no smaller
        than it is, and where the others have missed, a source matches, and costs, no more than before.
        """
        members = [i for i in range(len(self._frame.offers)) if sources >> i & 1]
        chance = useful[members]
        now = self._costs[members] + self._value_of_time * self._lead[members]
        later = self._costs[members] + self._value_of_time * self._seconds[members]
        needless: Flags = (now[:, None] >= chance * later[:, None]).any(axis=0)
        return needless
