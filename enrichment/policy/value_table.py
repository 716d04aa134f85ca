"""What decisions come to on average, from any state of one part: who is asked, what stays open, how long it takes.

    decisions + states  ->  a row for each: chance that each source is asked, that each dataset stays open; seconds

Worked out backwards, the states with fewest usable sources first, and kept: what is known of one state serves all that
lead to it. Where time has no value a state falls into pieces that share no source, and rows of pieces are added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

import numpy as np
import numpy.typing as npt

from enrichment.policy.problem import Problem, State
from enrichment.policy.state_encoding import Codes, Frame

Rows = npt.NDArray[np.float32]
Chances = npt.NDArray[np.float64]

MOST_ROWS = 400_000
"""Some forty megabytes: more are never worked out at once; beyond them all is forgotten."""
BEFOREHAND = 100_000
"""States that are all worked out at once: less than a second, some ten megabytes."""
_PATIENCE = 8
"""So many times states are worked out as they are asked for."""


class Decisions(Protocol):
    """Decides for many states at once."""

    @property
    def frame(self) -> Frame: ...
    def choices_at(self, codes: Codes) -> Codes:
        """The sources to ask in each of these states, as masks; none of them ruled out or without what it needs."""
        ...


class TooManyStates(Exception):
    """More states can be reached than are worth working out."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is to be expected from a state on. spend: micro-USD. seconds: of waiting, one part after the other.

    asked: source -> chance; open: dataset -> chance that it stays unsatisfied. What has none is not in them.
    """

    spend: float
    seconds: float
    asked: Mapping[str, float]
    open: Mapping[str, float]


def of_all(prospects: Iterable[Prospect]) -> Prospect:
    """Of several parts together."""
    parts = list(prospects)
    return Prospect(
        spend=sum([one.spend for one in parts]),
        seconds=sum([one.seconds for one in parts]),
        asked={source: chance for one in parts for source, chance in one.asked.items()},
        open={dataset: chance for one in parts for dataset, chance in one.open.items()},
    )


class Prospects:
    """Rows of states. Columns: sources asked and datasets left open, in the order of the frame; seconds."""

    def __init__(self, decisions: Decisions, codes: Codes | None = None, rows: Rows | None = None) -> None:
        """codes, rows: what `kept` once gave for the same decisions."""
        self._decisions, frame = decisions, decisions.frame
        self._sources, self._datasets = len(frame.offers), len(frame.datasets)
        self._unsatisfied = (1 << self._datasets) - 1
        self._split = not frame.part.value_of_time
        self._answers = np.array(frame.answers, dtype=np.int64)
        self._links = self._answers | np.array(frame.needs, dtype=np.int64)
        self._bits = [(i, a, a | n) for i, (a, n) in enumerate(zip(frame.answers, frame.needs, strict=True))]
        self._costs = [offer.expected_cost for offer in frame.offers]
        self._seconds = [offer.seconds for offer in frame.offers]
        self._outcomes: dict[tuple[int, int], tuple[Codes, Chances]] = {}
        self._lock, self._misses = Lock(), 0
        self._forget()
        if codes is not None and rows is not None:
            self._add(codes, rows)

    def _forget(self) -> None:
        self._codes: Codes = np.zeros(0, dtype=np.int64)  # sorted
        self._places: Codes = np.zeros(0, dtype=np.int64)  # of their rows
        self._rows: Rows = np.zeros((0, self._sources + self._datasets + 1), dtype=np.float32)

    @property
    def part(self) -> Problem:
        return self._decisions.frame.part

    def of(self, state: State) -> Prospect:
        """Several threads may ask. Raises TooManyStates."""
        frame = self._decisions.frame
        row = self._row(frame.code(state)).tolist()
        asked, open_ = row[: self._sources], row[self._sources : -1]
        return Prospect(
            spend=sum([chance * cost for chance, cost in zip(asked, self._costs, strict=True)]),
            seconds=row[-1],
            asked={name: chance for name, chance in zip(frame.sources, asked, strict=True) if chance},
            open={name: chance for name, chance in zip(frame.datasets, open_, strict=True) if chance},
        )

    def _row(self, code: int) -> npt.NDArray[np.float64]:
        pieces = np.array(self._pieces_at(code), dtype=np.int64)
        with self._lock:
            if not self._known(pieces).all():
                self._make_room()
                self._work_out(pieces)
            found: npt.NDArray[np.float64] = self._rows[self._places_of(pieces)].sum(axis=0, dtype=np.float64)
        return found

    def _make_room(self) -> None:
        """Whoever asks for many states will ask for more: then all are worked out at once, if they are not too many."""
        self._misses += 1
        if self._misses == _PATIENCE:
            self.beforehand()
        elif len(self._codes) > MOST_ROWS:
            self._forget()

    def beforehand(self) -> None:
        """Work out all states, if they fall into pieces and there are not too many."""
        if self._split and (pieces := self._all_pieces()) is not None:
            self._work_out(pieces)

    def kept(self) -> tuple[Codes, Rows]:
        """All that was worked out."""
        return self._codes, self._rows[self._places]

    def _places_of(self, codes: Codes) -> Codes:
        return self._places[np.searchsorted(self._codes, codes)]

    def _known(self, codes: Codes) -> npt.NDArray[np.bool_]:
        if not len(self._codes):
            return np.zeros(len(codes), dtype=np.bool_)
        at = np.minimum(np.searchsorted(self._codes, codes), len(self._codes) - 1)
        known: npt.NDArray[np.bool_] = self._codes[at] == codes
        return known

    def _work_out(self, codes: Codes) -> None:
        """Find what leads where, from most usable sources to fewest; then add up, the other way round."""
        levels: list[list[Codes]] = [[] for _ in range(self._sources + 1)]
        self._spread(codes, levels)
        steps, count = [], len(self._codes)
        for level in reversed(range(self._sources + 1)):
            if levels[level]:
                here = np.unique(np.concatenate(levels[level]))
                step = self._step(here)
                steps.append(step)
                count += len(here)
                if count > MOST_ROWS:
                    raise TooManyStates
                self._spread(step.pieces, levels)
        for step in reversed(steps):
            self._keep(step)

    def _spread(self, codes: Codes, levels: list[list[Codes]]) -> None:
        new = np.unique(codes[~self._known(codes)])
        usable = np.bitwise_count(new >> self._datasets)
        for level in np.unique(usable):
            levels[level].append(new[usable == level])

    def _step(self, here: Codes) -> _Step:
        asked = self._decisions.choices_at(here)
        from_, codes, chances = self._replies(here, asked)
        different, inverse = np.unique(codes, return_inverse=True)
        owners, pieces = self._pieces(different)
        return _Step(here, asked, *_joined(from_, inverse, chances, owners, pieces))

    def _replies(self, here: Codes, asked: Codes) -> tuple[Codes, Codes, Chances]:
        """(position in `here`, state it may lead to, chance); in the order of `here`."""
        open_ = here & self._unsatisfied
        kinds, kind = np.unique(asked << self._datasets | open_ & self._all_answers(asked), return_inverse=True)
        order = np.argsort(kind, kind="stable")
        bounds = np.searchsorted(kind[order], np.arange(len(kinds) + 1))
        found: list[tuple[Codes, Codes, Chances]] = []
        for k, code in enumerate(kinds):
            sources = int(code) >> self._datasets
            if sources:
                members = order[bounds[k] : bounds[k + 1]]
                filled, chances = self._outcomes_of(sources, int(code) & self._unsatisfied)
                after = here[members] & ~np.int64(sources << self._datasets)
                states = after[:, None] & ~filled
                found.append((np.repeat(members, len(filled)), states.reshape(-1), np.tile(chances, len(members))))
        if not found:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0)
        from_, states, likely = (np.concatenate(column) for column in zip(*found, strict=True))
        order = np.argsort(from_, kind="stable")
        return from_[order], states[order], likely[order]

    def _all_answers(self, asked: Codes) -> Codes:
        answers = np.zeros_like(asked)
        for i in range(self._sources):
            answers |= np.where(asked >> i & 1, self._answers[i], 0)
        return answers

    def _outcomes_of(self, sources: int, open_: int) -> tuple[Codes, Chances]:
        """What these may satisfy together of what is open, and how likely that is."""
        key = sources, open_
        if key not in self._outcomes:
            reached = {0: 1.0}
            for i, offer in enumerate(self._decisions.frame.offers):
                if sources >> i & 1:
                    reached = _followed(reached, _replies_of(offer.match_rate, self._fills(i, open_)))
            self._outcomes[key] = np.array(list(reached), dtype=np.int64), np.array(list(reached.values()))
        return self._outcomes[key]

    def _fills(self, i: int, open_: int) -> list[tuple[int, float]]:
        return [(bit, rate) for bit, rate in self._decisions.frame.fills[i] if open_ >> bit & 1]

    def _keep(self, step: _Step) -> None:
        rows = np.zeros((len(step.here), self._rows.shape[1]))
        if len(step.from_):
            starts = np.flatnonzero(np.diff(step.from_, prepend=-1))
            following = self._rows[self._places_of(step.pieces)] * step.chances[:, None]
            rows[step.from_[starts]] = np.add.reduceat(following, starts, axis=0)
        for i in range(self._sources):
            rows[:, i] += step.asked >> i & 1
        stopped = step.asked == 0
        for bit in range(self._datasets):
            rows[:, self._sources + bit] += stopped & (step.here >> bit & 1 == 1)
        rows[:, -1] += self._waited(step.asked)
        self._add(step.here, rows.astype(np.float32))

    def _waited(self, asked: Codes) -> npt.NDArray[np.float64]:
        kinds, kind = np.unique(asked, return_inverse=True)
        waits = [max([s for i, s in enumerate(self._seconds) if asked_ >> i & 1], default=0.0) for asked_ in kinds]
        return np.array(waits)[kind]

    def _add(self, codes: Codes, rows: Rows) -> None:
        places = np.arange(len(self._rows), len(self._rows) + len(rows))
        self._rows = np.concatenate([self._rows, rows])
        at = np.searchsorted(self._codes, codes)
        self._codes, self._places = np.insert(self._codes, at, codes), np.insert(self._places, at, places)

    def _pieces_at(self, code: int) -> list[int]:
        """The same as `_pieces`, for one state."""
        usable, left = code >> self._datasets, code & self._unsatisfied
        useful = [(1 << i, link) for i, answers, link in self._bits if usable >> i & 1 and answers & left]
        if not self._split:
            return [sum([bit for bit, _ in useful]) << self._datasets | left]
        pieces = list[int]()
        while left:
            sources, datasets, before = 0, left & -left, 0
            while datasets != before:
                before = datasets
                for bit, link in useful:
                    if link & datasets:
                        sources, datasets = sources | bit, datasets | link & left
            pieces.append(sources << self._datasets | datasets)
            left &= ~datasets
        return pieces

    def _pieces(self, codes: Codes) -> tuple[Codes, Codes]:
        """(position in `codes`, state of one piece), without sources that are of no use."""
        usable, left = codes >> self._datasets, codes & self._unsatisfied
        for i in range(self._sources):
            usable &= ~np.where(left & self._answers[i], 0, 1 << i)
        if not self._split:
            return np.arange(len(codes)), usable << self._datasets | left
        found = list(self._split_off(usable, left))
        if not found:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        owners, pieces = (np.concatenate(column) for column in zip(*found, strict=True))
        return owners, pieces

    def _split_off(self, usable: Codes, left: Codes) -> Iterator[tuple[Codes, Codes]]:
        owners = np.flatnonzero(left)
        usable, left = usable[owners], left[owners]
        while len(owners):
            sources, datasets = self._grown(usable, left, left & -left)
            yield owners, sources << self._datasets | datasets
            usable, left = usable & ~sources, left & ~datasets
            more = np.flatnonzero(left)
            owners, usable, left = owners[more], usable[more], left[more]

    def _grown(self, usable: Codes, left: Codes, datasets: Codes) -> tuple[Codes, Codes]:
        """All that is linked to these datasets by usable sources."""
        while True:
            wider, sources = datasets.copy(), np.zeros_like(usable)
            for i in range(self._sources):
                touching = (usable >> i & 1 == 1) & (wider & self._links[i] != 0)
                wider |= np.where(touching, left & self._links[i], 0)
                sources |= np.where(touching, 1 << i, 0)
            if np.array_equal(wider, datasets):
                return sources, datasets
            datasets = wider

    def _all_pieces(self) -> Codes | None:
        """All states that are one piece; None if there are too many."""
        codes: Codes = np.arange(1, self._unsatisfied + 1)
        for i in range(self._sources):
            useful = codes[codes & self._answers[i] != 0]
            codes = np.concatenate([codes, useful | 1 << self._datasets + i])
            if len(codes) > 12 * BEFOREHAND:
                return None
        left = codes & self._unsatisfied
        _, datasets = self._grown(codes >> self._datasets, left, left & -left)
        pieces = codes[datasets == left]
        return pieces if len(pieces) <= BEFOREHAND else None


class _Step:
    """States, whom they ask, and (position, chance, piece of a state) for all that may follow."""

    def __init__(self, here: Codes, asked: Codes, from_: Codes, chances: Chances, pieces: Codes) -> None:
        self.here, self.asked, self.from_, self.chances, self.pieces = here, asked, from_, chances, pieces


def _joined(
    from_: Codes, states: Codes, chances: Chances, owners: Codes, pieces: Codes
) -> tuple[Codes, Chances, Codes]:
    """Each reply as often as its state has pieces."""
    order = np.argsort(owners, kind="stable")
    first = np.searchsorted(owners[order], np.arange(states.max(initial=-1) + 2))
    count = np.diff(first)[states] if len(states) else np.zeros(0, dtype=np.int64)
    begun = np.repeat(np.cumsum(count) - count, count)
    at = np.repeat(first[states], count) + np.arange(count.sum()) - begun
    return np.repeat(from_, count), np.repeat(chances, count), pieces[order][at]


def _replies_of(match_rate: float, fills: list[tuple[int, float]]) -> dict[int, float]:
    known = {0: match_rate}
    for bit, rate in fills:
        known = {
            filled | hit: chance * likely
            for filled, chance in known.items()
            for hit, likely in ((1 << bit, rate), (0, 1 - rate))
        }
    known[0] += 1 - match_rate
    return {filled: chance for filled, chance in known.items() if chance > 0}


def _followed(reached: dict[int, float], replies: dict[int, float]) -> dict[int, float]:
    further: dict[int, float] = {}
    for before, chance in reached.items():
        for filled, likely in replies.items():
            further[before | filled] = further.get(before | filled, 0.0) + chance * likely
    return further
