"""Policies that do not weigh: the matrix's order one source at a time, and everything at once.

Priority    first unsatisfied dataset -> next source of its order
Everything  all usable sources, at once
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from enrichment.policy.forecast import foreseen
from enrichment.policy.problem import Offer, Policy, Problem, State, parts, relevant_offers
from enrichment.policy.state_encoding import Codes, Frame, framed
from enrichment.policy.value_table import Prospect, Prospects, of_all


class Priority:
    """Ask for the first unsatisfied dataset the next source in the matrix's order, one at a time.

    Required datasets come first, then optional ones, both in the order of `problem.order`; datasets that are only
    needed by a source come last. Worth and prices are not looked at.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._offers = {offer.source: offer for offer in relevant_offers(problem)}
        self._chains = [(dataset, self._chain(problem, dataset)) for dataset in self._sequence(problem)]

    def _sequence(self, problem: Problem) -> list[str]:
        named = [dataset for dataset, _ in problem.order]
        needed = frozenset[str]().union(*(offer.needs for offer in self._offers.values()))
        every = named + sorted((problem.wanted | needed).difference(named))
        required = [dataset for dataset in every if dataset in problem.required]
        optional = [dataset for dataset in every if dataset in problem.wanted - problem.required]
        return required + optional + sorted(needed - problem.wanted)

    def _chain(self, problem: Problem, dataset: str) -> list[Offer]:
        preferred = dict(problem.order).get(dataset, ())
        answering = [offer.source for offer in self._offers.values() if dataset in offer.answers]
        ordered = [source for source in preferred if source in answering]
        return [self._offers[source] for source in ordered + sorted(set(answering).difference(ordered))]

    @property
    def one_by_one(self) -> Mapping[str, frozenset[str]]:
        """What sources need; what is asked about one piece of a part depends on no other."""
        return {name: offer.needs for name, offer in self._offers.items()}

    def next(self, state: State) -> frozenset[str]:
        for dataset, chain in self._chains:
            if dataset not in state.unsatisfied:
                continue
            for offer in chain:
                if offer.source in state.usable and not offer.needs & state.unsatisfied:
                    return frozenset({offer.source})
        return frozenset()

    def look_ahead(self) -> None:
        """Work out the prospects of all states, unless there are too many; from then on they are looked up."""
        for part in self._parts:
            part.beforehand()

    def prospect(self, state: State) -> Prospect:
        """What carrying it out comes to from this state on."""
        return of_all(foreseen(self, part, state) for part in self._parts)

    @cached_property
    def _parts(self) -> tuple[Prospects, ...]:
        return tuple(Prospects(_OneByOne(self, framed(part))) for part in parts(self._problem))


@dataclass(frozen=True, slots=True)
class _OneByOne:
    """The decisions of a policy about one part, for many states."""

    policy: Policy
    frame: Frame

    def choices_at(self, codes: Codes) -> Codes:
        states = (self.frame.state(code) for code in codes.tolist())
        return np.array([self.frame.sources_in(self.policy.next(state)) for state in states], dtype=np.int64)


class Everything:
    """Ask every usable source that answers a wanted dataset, whether or not it is satisfied already.

    Sources that still need something wait for a next round; each is asked once, because the asked are no longer usable.
    """

    def __init__(self, problem: Problem) -> None:
        self._offers = relevant_offers(problem)

    def next(self, state: State) -> frozenset[str]:
        return frozenset(
            offer.source
            for offer in self._offers
            if offer.source in state.usable and not offer.needs & state.unsatisfied
        )
