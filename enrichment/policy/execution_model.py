"""All that decides how carrying a plan out goes: calls, strands side by side, money, what makes a purchase needless.

Course  ->  the limits that can bind;  a Course of some of its strands
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from enrichment.policy.problem import Policy, State


@dataclass(frozen=True, slots=True)
class Call:
    """One source as it answers: micro-USD whenever asked, micro-USD more if it knows the company, the most it may take.

    brings: dataset -> chance that it satisfies it, given a match; mentions: that it has something too unreliable to.
    """

    source: str
    price_asked: int
    price_matched: int
    most: int
    match_rate: float
    brings: tuple[tuple[str, float], ...]
    mentions: tuple[tuple[str, float], ...] = ()
    seconds: float = 0.0

    @property
    def expected_cost(self) -> float:
        return self.price_asked + self.match_rate * self.price_matched

    @property
    def reach(self) -> frozenset[str]:
        """Datasets it may say something of."""
        return frozenset(dataset for dataset, _ in (*self.brings, *self.mentions))


@dataclass(frozen=True, slots=True)
class Strand:
    """One part: what its policy looks up until it stops; then its last resorts, in order.

    last_resorts: source -> required datasets for which it is asked while nobody has said anything of them.
    """

    policy: Policy
    state: State
    required: frozenset[str]
    last_resorts: tuple[tuple[str, frozenset[str]], ...] = ()

    @property
    def sources(self) -> frozenset[str]:
        return self.state.usable.union(source for source, _ in self.last_resorts)


@dataclass(frozen=True, slots=True)
class Limit:
    """Micro-USD that all purchases of some sources and analyses together may still take."""

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
class Afterwards:
    """What is bought at the end, if it still fits: an analysis. expected, most: micro-USD."""

    name: str
    expected: int
    most: int


@dataclass(frozen=True, slots=True)
class Course:
    """Strands go side by side; under limits one after another, so that none shuts out another by what it reserves.

    open: datasets not satisfied at the beginning; mentioned: those of which something unreliable is known.
    everything: whoever can be asked is asked, useful or not. then: (what is open, who was asked) after these strands
    -> the strands of a second stage, under the same limits; only that one counts.
    """

    calls: tuple[Call, ...]
    strands: tuple[Strand, ...]
    open: frozenset[str]
    limits: tuple[Limit, ...] = ()
    skips: tuple[Skip, ...] = ()
    mentioned: frozenset[str] = frozenset()
    afterwards: tuple[Afterwards, ...] = ()
    everything: bool = False
    then: Callable[[frozenset[str], frozenset[str]], tuple[Strand, ...]] | None = None

    def binding(self) -> tuple[Limit, ...]:
        """The limits that some execution could reach."""
        most = {call.source: call.most for call in self.calls} | {one.name: one.most for one in self.afterwards}
        return tuple(one for one in self.limits if sum(most.get(name, 0) for name in one.over) > one.left)

    def only(self, strands: tuple[Strand, ...]) -> Course:
        """The same for some of the strands, if the others cannot touch them."""
        sources = frozenset[str]().union(*(strand.sources for strand in strands))
        open_ = frozenset[str]().union(*(strand.state.unsatisfied for strand in strands))
        return replace(
            self,
            calls=tuple(call for call in self.calls if call.source in sources),
            strands=strands,
            open=open_,
            mentioned=self.mentioned & open_,
            skips=tuple(skip for skip in self.skips if skip.source in sources),
        )
