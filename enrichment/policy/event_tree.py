"""The event tree of an execution: which calls start now, whose replies come next, what they cost and bring.

    Node + what was spent  ->  start_calls: calls under way  ->  transitions: (Node, spent, chance)

Sources are bits of `asked`, what is open is bits of `left`: see execution_bits.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from enrichment.policy.execution_bits import Effect, ExecutionBits
from enrichment.policy.execution_model import Chain, Execution, RemainingCap
from enrichment.policy.name_bits import bits, union
from enrichment.policy.problem import Offer, State

Spent = int
"""Milliseconds waited, micro-USD spent, micro-USD taken from each cap: fields of one number, added all at once."""

MOST_OUTCOMES = 100_000
"""Of calls whose replies come together; beyond them an execution is simulated."""
_BITS = 64
_FIELD = (1 << _BITS) - 1
_DONE = -1


class ChainProgress(NamedTuple):
    """How far a chain is. stage: 0 its policy, n its last resorts from the nth on, -1 it is done.

    calls: under way, as bits; none: it decides next. due: milliseconds until they have replied.
    """

    chain: int
    stage: int = 0
    due: int = 0
    calls: int = 0


class Node(NamedTuple):
    """A point of an execution. second: it is in the second stage. left, asked: bits, as in the module's head."""

    second: bool
    left: int
    asked: int
    progress: tuple[ChainProgress, ...]


ReplyEffects = Callable[[Offer, Sequence[Effect]], Iterable[Effect] | None]
"""(source, its possible effects) -> the effects that its reply has; None: the source does not know the company."""


@dataclass(frozen=True, slots=True)
class _ChainBits:
    """A chain as bits.

    last_resorts: (bit of a source, bits of `left`): it is asked only while one of these bits is in `left`.
    """

    chain: Chain
    watched: int
    usable: int
    required: int
    last_resorts: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _SkipBits:
    """A redundancy rule as bits. source, if_held: bits of sources. rule, unless: bits of `left`."""

    source: int
    if_held: int
    rule: int
    unless: int


@dataclass(frozen=True, slots=True)
class _CapBits:
    """A cap as bits. shift: where `Spent` has what was taken from it. prices: (source, the most it may cost)."""

    left: int
    shift: int
    over: frozenset[str]
    prices: tuple[tuple[int, int], ...]

    @property
    def members(self) -> int:
        return union(source for source, _ in self.prices)

    def too_dear(self, rest: int) -> int:
        """Sources whose most exceeds what is left of the cap (micro-USD)."""
        return union([source for source, price in self.prices if price > rest])

    def rest(self, spent: Spent) -> int:
        return self.left - (spent >> self.shift & _FIELD)


class EventTree:
    """Which nodes an execution may reach, and with what chance, cost and time."""

    def __init__(self, execution: Execution) -> None:
        self.bits = ExecutionBits(execution)
        self.offers = self.bits.offers
        self.capped = bool(execution.caps)
        self._execution = execution
        self._seconds = [round(1000 * offer.seconds) for offer in self.offers]
        self._caps = [self._cap(cap, _BITS * n) for n, cap in enumerate(execution.caps, 2)]
        numbers = range(len(self.offers))
        self._money = [sum(1 << one.shift for one in self._caps if one.members >> i & 1) for i in numbers]
        self._skips = [self._skip(n) for n in range(len(execution.skips))]
        self._must_reply = union(skip.if_held for skip in self._skips)
        self._too_dear = 0
        self._useless: dict[int, int] = {}
        self._chains: list[_ChainBits] = []
        self._second: dict[tuple[int, int], tuple[ChainProgress, ...]] = {}
        self._looked_up: dict[tuple[int, int, int], int] = {}
        self._outcomes: dict[tuple[int, int, bool], list[tuple[int, Spent, float]] | None] = {}
        self.start = Node(False, self.bits.everything_left(), 0, self._begun(execution.chains))

    def _cap(self, cap: RemainingCap, shift: int) -> _CapBits:
        prices = tuple((1 << i, offer.most) for i, offer in enumerate(self.offers) if offer.source in cap.over)
        return _CapBits(cap.left, shift, cap.over, prices)

    def _skip(self, number: int) -> _SkipBits:
        skip = self._execution.skips[number]
        return _SkipBits(
            source=self.bits.sources.of([skip.source]),
            if_held=self.bits.sources.of(skip.if_held),
            rule=self.bits.rules[number],
            unless=self.bits.open.of(skip.answers),
        )

    def _begun(self, chains: Sequence[Chain]) -> tuple[ChainProgress, ...]:
        first = len(self._chains)
        self._chains += [self._chain(chain) for chain in chains]
        return tuple(ChainProgress(number) for number in range(first, len(self._chains)))

    def _chain(self, chain: Chain) -> _ChainBits:
        return _ChainBits(
            chain=chain,
            watched=self.bits.open.of(chain.state.unsatisfied) | self.bits.answers_open,
            usable=self.bits.sources.of(chain.state.usable),
            required=self.bits.open.of(chain.required),
            last_resorts=tuple(
                (self.bits.sources.bit[s], self.bits.without_value(served)) for s, served in chain.last_resorts
            ),
        )

    def counts(self, node: Node) -> bool:
        """Whether this node is in the last stage: only that stage is counted."""
        return node.second or self._execution.then is None

    def start_calls(self, node: Node, spent: Spent) -> tuple[Node, int, int]:
        """Let each chain with no call under way ask. Returns the node and the new calls: by policies, last resorts.

        Under caps one chain at a time, so that nothing is reserved when it decides.
        """
        second, left, asked, progress = node
        by_policy = as_last = 0
        replied = asked & ~_under_way(progress)
        rest = [cap.rest(spent) for cap in self._caps]
        after = list(progress)
        for n, one in enumerate(progress):
            if self._caps and by_policy | as_last:
                break
            if one.calls or one.stage == _DONE:
                continue
            began = after[n] = self._next(one, left, asked, replied, rest)
            asked |= began.calls
            if began.stage:
                as_last |= began.calls
            else:
                by_policy |= began.calls
        return Node(second, left, asked, tuple(after)), by_policy, as_last

    def _next(self, one: ChainProgress, left: int, asked: int, replied: int, rest: list[int]) -> ChainProgress:
        chain = self._chains[one.chain]
        dear = union(cap.too_dear(money) for cap, money in zip(self._caps, rest, strict=True)) if rest else 0
        if one.stage == 0:
            usable = chain.usable & ~asked
            if self._skips:
                usable &= ~self._redundant(chain, left, replied)
            calls = self._fitting(self._look_up(one.chain, left & chain.watched, usable & ~dear), rest)
            if usable & dear:
                self._note_dear(one.chain, left & chain.watched, usable, dear, to_the_end=not calls)
            if calls:
                return ChainProgress(one.chain, 0, self._slowest(calls), calls)
        for n in range(max(1, one.stage), len(chain.last_resorts) + 1):
            source, serves = chain.last_resorts[n - 1]
            if source & ~asked and left & serves:
                if not source & dear:
                    return ChainProgress(one.chain, n + 1, self._slowest(source), source)
                self._too_dear |= source
        return ChainProgress(one.chain, _DONE)

    def _note_dear(self, number: int, left: int, usable: int, dear: int, *, to_the_end: bool) -> None:
        """Note the sources that the policy would have asked, had they fitted under the caps.

        to_the_end: note also those that it would have asked after these had failed.
        """
        while wanted := self._look_up(number, left, usable):
            self._too_dear |= wanted & dear
            usable &= ~wanted if to_the_end else 0

    def _look_up(self, number: int, left: int, usable: int) -> int:
        key = number, left, usable
        if key not in self._looked_up:
            chain, (missed, matched) = self._chains[number].chain, self.bits.answered(left)
            before = chain.state
            state = State(
                self.bits.open.names(left),
                self.bits.sources.names(usable),
                before.missed | missed,
                before.matched | matched,
            )
            self._looked_up[key] = self.bits.sources.of(chain.policy.next(state)) & usable
        return self._looked_up[key]

    def _redundant(self, chain: _ChainBits, left: int, replied: int) -> int:
        return union(
            skip.source
            for skip in self._skips
            if not left & skip.rule and not skip.if_held & ~replied and not left & chain.required & skip.unless
        )

    def _fitting(self, calls: int, rest: list[int]) -> int:
        """Calls that fit together when they are reserved one after the other; each of them fits alone."""
        if not self._caps or calls.bit_count() < 2:
            return calls
        fitting, left = 0, list(rest)
        for i in bits(calls):
            if not any(one.too_dear(money) >> i & 1 for one, money in zip(self._caps, left, strict=True)):
                fitting |= 1 << i
                left = [
                    money - self.offers[i].most if one.members >> i & 1 else money
                    for one, money in zip(self._caps, left, strict=True)
                ]
        return fitting

    def _slowest(self, calls: int) -> int:
        return max([self._seconds[i] for i in bits(calls)])

    def under_way(self, node: Node) -> bool:
        return any(one.calls for one in node.progress)

    def level(self, node: Node) -> int:
        """How far the node is: its replies, of sources of no more use too, and its stage. What follows is further."""
        replied = (node.asked & ~_under_way(node.progress)).bit_count()
        return replied + (len(self.offers) + 1 if node.second else 0)

    def transitions(self, node: Node) -> list[tuple[Node, Spent, float]] | None:
        """The nodes that the next replies may lead to, what they spend, and their chance. None: too many."""
        due, calls, progress = _next_replies(node.progress)
        counts = self.counts(node)
        key = calls, node.left & union([self.bits.reach[i] | self.bits.telling(i) for i in bits(calls)]), counts
        if key not in self._outcomes:
            self._outcomes[key] = self._all_outcomes(*key)
        outcomes = self._outcomes[key]
        if outcomes is None:
            return None
        waited = due if counts else 0
        return [(self._after(node, progress, gone), spent + waited, chance) for gone, spent, chance in outcomes]

    def transition(self, node: Node, reply: ReplyEffects) -> tuple[Node, Spent]:
        """The node that these next replies lead to, and what they spend."""
        due, calls, progress = _next_replies(node.progress)
        counts = self.counts(node)
        gone, spent = 0, due if counts else 0
        for i in bits(calls):
            offer, effects_of = self.bits.as_answered(i, node.left & ~gone)
            possible = [effect for effect in effects_of if effect.gone & node.left]
            effects = None if (replied := reply(offer, possible)) is None else list(replied)
            gone |= union(effect.gone if effect in (effects or ()) else effect.gone_without for effect in possible)
            gone |= self.bits.gone_by(i, matched=effects is not None)
            price = offer.price_asked + (0 if effects is None else offer.price_matched)
            spent += self._spent(i, price, counts)
        return self._after(node, progress, gone), spent

    def _after(self, node: Node, progress: tuple[ChainProgress, ...], gone: int) -> Node:
        left, asked = node.left & ~gone, node.asked
        if not self._execution.everything and self.counts(node):
            asked |= self._of_no_use(left)
        return Node(node.second, left, asked, progress)

    def _of_no_use(self, left: int) -> int:
        """Mask out sources that can change nothing any more, so that equivalent states share one node."""
        if left not in self._useless:
            mute = union(1 << i for i, reach in enumerate(self.bits.reach) if not reach & left)
            self._useless[left] = mute & ~self._must_reply
        return self._useless[left]

    def _all_outcomes(self, calls: int, left: int, counts: bool) -> list[tuple[int, Spent, float]] | None:
        reached: dict[tuple[int, Spent], float] = {(0, 0): 1.0}
        for i in bits(calls):
            outcomes: dict[int, list[tuple[int, Spent, float]]] = {}
            further = defaultdict[tuple[int, Spent], float](float)
            for (gone, spent), before in reached.items():
                answers = gone & self.bits.kin[i]
                if answers not in outcomes:
                    found = self.bits.outcomes_of(i, left & ~answers)
                    outcomes[answers] = [(more, self._spent(i, price, counts), chance) for more, price, chance in found]
                for more, price, chance in outcomes[answers]:
                    further[gone | more, spent + price] += before * chance
            reached = further
            if len(reached) > MOST_OUTCOMES:
                return None
        return [(gone, spent, chance) for (gone, spent), chance in reached.items()]

    def _spent(self, i: int, price: int, counts: bool) -> Spent:
        return price * (self._money[i] + (1 << _BITS if counts else 0))

    def next_stage(self, node: Node) -> Node | None:
        """The first node of the second stage; None: this was the last stage."""
        if node.second or self._execution.then is None:
            return None
        key = node.left, node.asked
        if key not in self._second:
            self._second[key] = self._begun(
                self._execution.then(self.bits.open.names(node.left), self.bits.sources.names(node.asked))
            )
        return Node(True, node.left, node.asked, self._second[key])

    def too_dear(self) -> frozenset[str]:
        """Sources that would have been asked in an execution followed so far, had they fitted."""
        return self.bits.sources.names(self._too_dear)

    def cost(self, spent: Spent) -> int:
        """The micro-USD in what was spent."""
        return spent >> _BITS & _FIELD

    def taken(self, spent: Spent) -> int:
        """The part of what was spent that was taken from caps; equal if the same was taken from each."""
        return spent >> 2 * _BITS

    def waited(self, spent: Spent) -> int:
        """The milliseconds in what was spent."""
        return spent & _FIELD

    def paid_at_the_end(self, spent: Spent) -> int:
        """Expected micro-USD of what is bought at the end, side by side, as far as the caps allow."""
        rest = [cap.rest(spent) for cap in self._caps]
        cost = 0
        for one in self._execution.closing:
            under = [n for n, cap in enumerate(self._caps) if one.name in cap.over]
            if all(one.most <= rest[n] for n in under):
                cost += one.expected
                for n in under:
                    rest[n] -= one.most
        return cost


def _next_replies(progress: tuple[ChainProgress, ...]) -> tuple[int, int, tuple[ChainProgress, ...]]:
    """Milliseconds until the next replies, the calls that they answer, and the progress after them."""
    due = min([one.due for one in progress if one.calls])
    calls, after = 0, list[ChainProgress]()
    for one in progress:
        if one.calls and one.due == due:
            calls |= one.calls
            after.append(ChainProgress(one.chain, one.stage))
        else:
            after.append(one._replace(due=one.due - due) if one.calls else one)
    return due, calls, tuple(after)


def _under_way(progress: tuple[ChainProgress, ...]) -> int:
    return union([one.calls for one in progress])
