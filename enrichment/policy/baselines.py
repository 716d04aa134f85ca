"""Policies that do not weigh: the matrix's order one source at a time, and everything at once.

Priority    first unsatisfied dataset -> next source of its order
Everything  all usable sources, at once
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from enrichment.policy.problem import Offer, Problem, State, parts, relevant_offers
from enrichment.policy.state_encoding import MOST_STATES, Frame, framed
from enrichment.policy.table import Table


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

    def next(self, state: State) -> frozenset[str]:
        for dataset, chain in self._chains:
            if dataset not in state.unsatisfied:
                continue
            for offer in chain:
                if offer.source in state.usable and not offer.needs & state.unsatisfied:
                    return frozenset({offer.source})
        return frozenset()

    @cached_property
    def exact(self) -> bool:
        """Whether `expected_spend` may be called: the states of each part are few enough for a table."""
        return all(frame.states <= MOST_STATES for frame in self._frames)

    def expected_spend(self, state: State) -> float:
        """Micro-USD that the policy alone is expected to spend from this state on, as Table.expected_spend."""
        return sum(table.expected_spend(state) for table in self._tables)

    @cached_property
    def _frames(self) -> tuple[Frame, ...]:
        """The parts, which this policy decides independently. Time has no value in them: calls never start together."""
        return tuple(framed(replace(part, value_of_time=0)) for part in parts(self._problem))

    @cached_property
    def _tables(self) -> tuple[Table, ...]:
        return tuple(self._table(frame) for frame in self._frames)

    def _table(self, frame: Frame) -> Table:
        import numpy as np  # noqa: PLC0415  a tenth of the CPU of a command that only asks `next`

        codes = np.arange(frame.states)
        choices = np.zeros(len(codes), dtype=frame.choice_code)
        for dataset, chain in reversed(self._chains):
            for offer in reversed(chain if dataset in frame.datasets else ()):
                source = frame.source_bits.of([offer.source])
                asks = source << frame.width | frame.dataset_bits.of([dataset])
                needs = frame.dataset_bits.of(offer.needs)
                choices[codes & (asks | needs) == asks] = source
        return Table(frame, choices, self._table)


class Everything:
    """Ask every usable source that answers a wanted dataset, whether or not it is satisfied already.

    Sources that still need something wait for a next round. A source that was asked is no longer usable, so each is
    asked once.
    """

    def __init__(self, problem: Problem) -> None:
        self._offers = relevant_offers(problem)

    def next(self, state: State) -> frozenset[str]:
        return frozenset(
            offer.source
            for offer in self._offers
            if offer.source in state.usable and not offer.needs & state.unsatisfied
        )
