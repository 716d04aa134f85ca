"""All that decides how carrying a plan out goes: offers, fallback chains, caps, redundancy, analyses.

Execution
├── chains: a policy and its state each, then last resorts; side by side, or one after another under caps
├── caps, skips: what may not be asked; closing: what is bought at the end
└── then: the chains of a second stage
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from enrichment.policy.problem import Offer, Policy, Problem, State, start


@dataclass(frozen=True, slots=True)
class Chain:
    """One part of a plan: what its policy looks up until it stops, then its last resorts, in order.

    last_resorts: source -> required datasets for which it is asked while no value of them is known.
    """

    policy: Policy
    state: State
    required: frozenset[str]
    last_resorts: tuple[tuple[str, frozenset[str]], ...] = ()

    @property
    def sources(self) -> frozenset[str]:
        return self.state.usable.union(source for source, _ in self.last_resorts)


@dataclass(frozen=True, slots=True)
class RemainingCap:
    """What a cap still allows. left: micro-USD. over: the sources and analyses whose purchases it covers."""

    left: int
    over: frozenset[str]


@dataclass(frozen=True, slots=True)
class Skip:
    """A source is not asked for optional datasets once others have replied and satisfied one they share with it.

    answers: datasets for which it is asked all the same while they are required and open. met: it is satisfied already.
    """

    source: str
    if_held: frozenset[str]
    shared: frozenset[str]
    answers: frozenset[str]
    met: bool = False


@dataclass(frozen=True, slots=True)
class ClosingPurchase:
    """What is bought at the end, if it still fits: an analysis. expected, most: micro-USD."""

    name: str
    expected: int
    most: int


@dataclass(frozen=True, slots=True)
class Execution:
    """How a plan is carried out. Chains run side by side; under caps one after another, so that none blocks another.

    open: datasets not satisfied at the beginning; mentioned: those of which an unreliable value is known.
    everything: every source that can be asked is asked, useful or not. then: (what is open, sources asked) after these
    chains -> the chains of a second stage, under the same caps; only that one counts.
    """

    offers: tuple[Offer, ...]
    chains: tuple[Chain, ...]
    open: frozenset[str]
    caps: tuple[RemainingCap, ...] = ()
    skips: tuple[Skip, ...] = ()
    mentioned: frozenset[str] = frozenset()
    closing: tuple[ClosingPurchase, ...] = ()
    everything: bool = False
    then: Callable[[frozenset[str], frozenset[str]], tuple[Chain, ...]] | None = None

    def binding(self) -> tuple[RemainingCap, ...]:
        """The caps that some execution could reach."""
        most = {offer.source: offer.most for offer in self.offers} | {one.name: one.most for one in self.closing}
        return tuple(one for one in self.caps if sum(most.get(name, 0) for name in one.over) > one.left)

    def only(self, chains: tuple[Chain, ...]) -> Execution:
        """The execution of some of the chains, if the others cannot affect them."""
        sources = frozenset[str]().union(*(chain.sources for chain in chains))
        offers = tuple(offer for offer in self.offers if offer.source in sources)
        brought = frozenset[str]().union(*(offer.answers for offer in offers))
        open_ = self.open & brought.union(*(chain.state.unsatisfied for chain in chains))
        return replace(
            self,
            offers=offers,
            chains=chains,
            open=open_,
            mentioned=self.mentioned & open_,
            skips=tuple(skip for skip in self.skips if skip.source in sources),
        )


def plain_execution(policy: Policy, part: Problem, state: State, *, everything: bool = False) -> Execution:
    """The policy of one part alone: no caps, last resorts, redundancy or analyses."""
    whole = start(part)
    open_, usable = whole.unsatisfied & state.unsatisfied, whole.usable & state.usable
    here = replace(state, unsatisfied=open_, usable=usable)
    return Execution(
        offers=tuple(
            offer.given(here.missed, here.matched, usable) for offer in part.offers if offer.source in here.usable
        ),
        chains=(Chain(policy, here, part.required),),
        open=here.unsatisfied,
        everything=everything,
    )
