"""Parts with too many sources to weigh all against each other: legs of sources one after another, each decided exactly.

    part -> legs, likeliest to be asked first -> Relay: a Table for each leg, the last one solved first

To stop within a leg costs what the legs behind it are expected to cost. So all that is given up is asking a source of a
later leg before, or together with, one of an earlier leg.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from random import Random
from statistics import fmean, stdev

import numpy as np

from enrichment.policy.actions import Calls
from enrichment.policy.dynamic_program import MOST, Effort, Table, calls_within, solve
from enrichment.policy.forecast import Execution, simulate
from enrichment.policy.greedy import Greedy
from enrichment.policy.problem import Problem, State, start
from enrichment.policy.state_encoding import Codes, Frame, framed

RUNS = 500
SEED = 20_240_601
_SHORTEST = 3
"""Sources in a leg. With fewer, because there are so many datasets, a relay has no advantage left."""


@dataclass(frozen=True)
class Relay:
    """The legs in turn; then, one by one, what still pays: a leg counts on those behind it, who may be gone."""

    part: Problem
    tables: tuple[Table, ...]

    def next(self, state: State) -> frozenset[str]:
        for table in self.tables:
            if asked := table.next(state):
                return asked
        return self._last.next(state)

    @cached_property
    def _last(self) -> Greedy:
        return Greedy(self.part)

    @cached_property
    def frame(self) -> Frame:
        """Legs one above the other."""
        first = self.tables[0].frame
        return Frame(self.part, tuple(offer for table in self.tables for offer in table.frame.offers), first.datasets)

    def choices_at(self, codes: Codes) -> Codes:
        datasets = len(self.frame.datasets)
        choices, below = np.zeros_like(codes), 0
        for table in self.tables:
            sources = len(table.frame.offers)
            usable = codes >> datasets + below & (1 << sources) - 1
            chosen = table.choices_at(usable << datasets | codes & (1 << datasets) - 1)
            choices = np.where(choices, choices, chosen << below)
            below += sources
        done = np.flatnonzero(choices == 0)
        choices[done] = self._last_choices(codes[done])
        return choices

    def _last_choices(self, codes: Codes) -> list[int]:
        states = (self.frame.state(code) for code in codes.tolist())
        return [self.frame.sources_in(self._last.next(state)) for state in states]


@dataclass(frozen=True, slots=True)
class _Leg:
    frame: Frame
    calls: Sequence[Calls]


def relay(part: Problem, effort: Effort = MOST) -> Relay | None:
    """None: its needs or its many datasets forbid legs; or the greedy policy is expected to cost less."""
    runs = _greedily(part)
    order, least, best = _by_likelihood(part, runs), _at_most(part, runs), None
    for sets_first in (False, True) if part.value_of_time else (False,):
        if legs := _legs(part, order, effort.share(2), sets_first=sets_first):
            tables, objective = _solved(legs)
            if objective <= least:
                best, least = Relay(part, tables), objective
    return best


def _solved(legs: Sequence[_Leg]) -> tuple[tuple[Table, ...], float]:
    tables, following = list[Table](), None
    for leg in reversed(legs):
        table, values = solve(leg.frame, leg.calls, following)
        following = values[-1].copy()
        tables.append(table)
    return tuple(reversed(tables)), float("inf") if following is None else float(following[-1])


def _greedily(part: Problem) -> list[Execution]:
    policy, rng = Greedy(part), Random(SEED)
    return [simulate(policy, part, rng) for _ in range(RUNS)]


def _at_most(part: Problem, runs: list[Execution]) -> float:
    """What the greedy policy is expected to cost, and as much more as that many runs may err by."""
    objectives = [_objective(part, run) for run in runs]
    return fmean(objectives) + 2 * stdev(objectives) / sqrt(len(runs))


def _objective(part: Problem, run: Execution) -> float:
    lost = sum(worth for dataset, worth in part.worth if dataset in run.unsatisfied)
    return run.cost + lost + part.value_of_time * run.seconds


def _by_likelihood(part: Problem, runs: list[Execution]) -> list[str]:
    """Sources as likely as the greedy policy is to ask them; before them those that need something, or are needed."""
    asked = Counter(source for run in runs for source in run.asked)
    bound = _bound(part)
    return sorted((offer.source for offer in part.offers), key=lambda s: (s not in bound, -asked[s], s))


def _bound(part: Problem) -> frozenset[str]:
    """Sources that must be in one leg: with needs, or answering what others need."""
    needed = frozenset[str]().union(*(offer.needs for offer in part.offers))
    return frozenset(offer.source for offer in part.offers if offer.needs or offer.answers & needed)


def _legs(part: Problem, sources: list[str], effort: Effort, *, sets_first: bool) -> list[_Leg] | None:
    legs = list[_Leg]()
    while sources:
        leg = _longest(part, sources, effort.share(4) if legs else effort, sets_first=sets_first)
        if leg is None or (not legs and not _bound(part).issubset(leg.frame.sources)):
            return None
        legs.append(leg)
        sources = sources[len(leg.frame.sources) :]
    return legs


def _longest(part: Problem, sources: list[str], effort: Effort, *, sets_first: bool) -> _Leg | None:
    """As many sources as there may be states, of which as many as there may be work are weighed in sets.

    sets_first: only as many sources as can all be weighed in sets.
    """
    most = min(len(sources), effort.states.bit_length() - 1 - len(start(part).unsatisfied))
    for count in range(most, min(len(sources), _SHORTEST) - 1, -1):
        frame = framed(part, sources[: count if sets_first else most])
        if (calls := calls_within(frame, effort, sources[:count])) is not None:
            return _Leg(frame, calls)
    return None
