"""What carrying a plan out costs and brings, in money and time: under its caps, with its last resorts.

    Execution  ->  Forecast: expected cost, its quantiles, seconds, chance of each dataset and each source

The one engine for whole executions; what a policy alone spends from a state is in its table (dynamic_program.py).
Exact where an event tree of at most MOST_STEPS steps tells all, else the mean of RUNS executions simulated with the
fixed SEED. Chains that cannot affect one another are followed by themselves and cached.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import accumulate, product
from random import Random

from enrichment.policy.event_tree import EventTree, Node, ReplyEffects, Spent
from enrichment.policy.execution_bits import Effect
from enrichment.policy.execution_model import Chain, Execution
from enrichment.policy.name_bits import bits
from enrichment.policy.problem import Offer, connected

MOST_STEPS = 600_000
"""Pairs of a way to get to a node and what may happen there; beyond them a group of chains is simulated."""
RUNS = 2_000
SEED = 20_240_601
REMEMBERED = 1_024
"""Groups of chains."""

Chances = dict[Spent, float]
"""What was spent by then -> chance."""
Level = dict[Node, Chances]
ChainSteps = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Forecast:
    """What an execution is expected to cost and to bring. If it has two stages, all of it is about the second alone.

    vendors, last_resorts, analyses: expected micro-USD. costs: micro-USD in all -> chance. waits: milliseconds ->
    chance. satisfied: dataset -> chance that it will be satisfied. asked: source -> chance that the policy asks it.
    resorted: source -> chance that it is asked as a last resort. Sources without a chance are left out.
    too_dear: sources that would have been asked in some case, but a cap left too little for them.
    """

    vendors: float
    last_resorts: float
    analyses: float
    costs: Mapping[int, float]
    waits: Mapping[int, float]
    satisfied: Mapping[str, float]
    asked: Mapping[str, float]
    resorted: Mapping[str, float]
    too_dear: frozenset[str]
    exact: bool

    @cached_property
    def p50(self) -> int:
        """Median of the cost, in micro-USD."""
        return _quantile(self.costs, 0.5)

    @cached_property
    def p90(self) -> int:
        """Micro-USD that nine of ten executions do not exceed."""
        return _quantile(self.costs, 0.9)

    @property
    def seconds(self) -> float:
        """Expected seconds until the end."""
        return sum(wait * chance for wait, chance in self.waits.items()) / 1000


def forecast(execution: Execution) -> Forecast:
    """Forecast an execution; the same for equal executions, in every process."""
    execution = replace(execution, caps=execution.binding())
    certain = 0 if execution.caps else sum(one.expected for one in execution.closing)
    groups = [_remembered(group) if group.then is None else _followed(group) for group in _groups(execution)]
    return Forecast(
        vendors=sum(group.vendors for group in groups),
        last_resorts=sum(group.last_resorts for group in groups),
        analyses=certain + sum(group.analyses for group in groups),
        costs=_sums([{certain: 1.0}, *(group.costs for group in groups)]),
        waits=_slowest([group.waits for group in groups]),
        satisfied={dataset: chance for group in groups for dataset, chance in group.satisfied.items()},
        asked={source: chance for group in groups for source, chance in group.asked.items()},
        resorted={source: chance for group in groups for source, chance in group.resorted.items()},
        too_dear=frozenset[str]().union(*(group.too_dear for group in groups)),
        exact=all(group.exact for group in groups),
    )


def likeliest_end(execution: Execution) -> tuple[frozenset[str], frozenset[str]]:
    """What is open and which sources were asked at the end that is most likely."""
    tree = EventTree(replace(execution, caps=execution.binding()))
    ends = (_exactly(tree) or _simulated(tree)).ends
    left, asked = max(ends, key=lambda end: (ends[end], end))
    return tree.bits.open.names(left), tree.bits.sources.names(asked)


def steps_if_found(execution: Execution, found: frozenset[str]) -> tuple[ChainSteps, ...]:
    """The sources each chain's policy asks, step by step, if it finds these datasets wherever it may, and no others.

    Each chain by itself, unless caps make what is left for one depend on the others.
    """
    execution = replace(execution, caps=execution.binding(), then=None)
    if execution.caps:
        return _steps(execution, found)
    # Without what is bought at the end more companies share the cached steps.
    alone = (replace(execution.only((chain,)), closing=()) for chain in execution.chains)
    return tuple(_remembered_steps(one, found)[0] for one in alone)


def _steps(execution: Execution, found: frozenset[str]) -> tuple[ChainSteps, ...]:
    tree = EventTree(execution)
    steps: list[list[tuple[str, ...]]] = [[] for _ in execution.chains]

    def reply(_: Offer, effects: Sequence[Effect]) -> Iterable[Effect] | None:
        return [effect for effect in effects if effect.dataset in found] or None

    for node, _, (begun, *_) in _followed_once(tree, reply):
        for before, after in zip(node.progress, begun.progress, strict=True):
            if after.calls and not before.calls and after.stage == 0:
                steps[after.chain].append(tuple(sorted(tree.bits.sources.names(after.calls))))
    return tuple(tuple(chain) for chain in steps)


_remembered_steps = lru_cache(maxsize=REMEMBERED)(_steps)


def _groups(execution: Execution) -> list[Execution]:
    """Chains that share money, a source or a dataset stay together. Without caps, all analyses are bought."""
    if execution.caps:
        return [execution]
    execution = replace(execution, closing=())
    if execution.then is not None:
        return [execution]
    affected = [_affected(chain, execution) for chain in execution.chains]
    numbers = [str(n) for n in range(len(affected))]
    links = [frozenset(n for n in numbers if name in affected[int(n)]) for name in frozenset[str]().union(*affected)]
    together = connected(numbers, (link for link in links if len(link) > 1))
    return [execution.only(tuple(execution.chains[n] for n in sorted(map(int, group)))) for group in together]


def _affected(chain: Chain, execution: Execution) -> frozenset[str]:
    """The chain's datasets and sources, what these may bring, and the sources that may make one of them redundant."""
    offers = [offer for offer in execution.offers if offer.source in chain.sources]
    brought = (frozenset(d for d, _ in (*offer.fill_rates, *offer.mention_rates)) for offer in offers)
    others = (skip.if_held for skip in execution.skips if skip.source in chain.sources)
    return chain.state.unsatisfied.union(chain.sources, *brought, *others)


def _followed(execution: Execution) -> Forecast:
    tree = EventTree(execution)
    return (_exactly(tree) or _simulated(tree)).forecast()


_remembered = lru_cache(maxsize=REMEMBERED)(_followed)
"""Companies in different states share groups, as long as their policy is the same object."""


class _ForecastTotals:
    """Adds up the chance of each call, of each end, and of what was spent and waited by then."""

    def __init__(self, tree: EventTree, *, exact: bool) -> None:
        self._tree, self._exact = tree, exact
        self._vendors = self._last_resorts = 0.0
        self._asked = defaultdict[str, float](float)
        self._resorted = defaultdict[str, float](float)
        self._spent = defaultdict[Spent, float](float)
        self.ends = defaultdict[tuple[int, int], float](float)
        """(left, asked), as bits of the tree -> chance."""

    def call(self, by_policy: int, as_last: int, left: int, chance: float) -> None:
        """Count calls that start with this chance. left: of the node in which they start."""
        for i in bits(by_policy | as_last):
            offer = self._tree.bits.offer(i, left)
            if by_policy >> i & 1:
                self._asked[offer.source] += chance
                self._vendors += chance * offer.expected_cost
            else:
                self._resorted[offer.source] += chance
                self._last_resorts += chance * offer.expected_cost

    def end(self, node: Node, chances: Chances) -> None:
        self.ends[node.left, node.asked] += sum(chances.values())
        for spent, chance in chances.items():
            self._spent[spent] += chance

    def forecast(self) -> Forecast:
        tree = self._tree
        paid = {spent: tree.paid_at_the_end(spent) for spent in self._spent}
        return Forecast(
            vendors=self._vendors,
            last_resorts=self._last_resorts,
            analyses=sum(chance * paid[spent] for spent, chance in self._spent.items()),
            costs=_gathered((tree.cost(spent) + paid[spent], chance) for spent, chance in self._spent.items()),
            waits=_gathered((tree.waited(spent), chance) for spent, chance in self._spent.items()),
            satisfied=self._satisfied(),
            asked={source: min(chance, 1.0) for source, chance in self._asked.items()},
            resorted={source: min(chance, 1.0) for source, chance in self._resorted.items()},
            too_dear=tree.too_dear(),
            exact=self._exact,
        )

    def _satisfied(self) -> dict[str, float]:
        """Dataset -> chance of being satisfied; exactly 0 or 1 if that is certain."""
        open_, done = defaultdict[str, float](float), defaultdict[str, float](float)
        for (left, _), chance in self.ends.items():
            still_open = self._tree.bits.open.names(left)
            for dataset in self._tree.bits.open.bit:
                (open_ if dataset in still_open else done)[dataset] += chance
        return {d: min(done[d], 1.0) if open_[d] else 1.0 for d in self._tree.bits.open.bit}


def _exactly(tree: EventTree) -> _ForecastTotals | None:
    """Follow every outcome, nodes with the fewest replies first, those of a second stage last; None: too many."""
    totals, steps = _ForecastTotals(tree, exact=True), 0
    levels: list[Level] = [{} for _ in range(2 * (len(tree.offers) + 1))]
    levels[0][tree.start] = {0: 1.0}
    for number, level in enumerate(levels):
        for begun, chances in _started(tree, level, totals):
            if tree.under_way(begun):
                steps += _spread(tree, begun, chances, levels)
            elif (next_stage := tree.next_stage(begun)) is not None:
                _join(levels[tree.level(next_stage)], next_stage, chances, 0, 1.0)
            else:
                totals.end(begun, chances)
            if steps > MOST_STEPS:
                return None
        levels[number] = {}
    return totals


def _started(tree: EventTree, here: Level, totals: _ForecastTotals) -> Iterable[tuple[Node, Chances]]:
    """The nodes once their calls have started; under caps these depend on what was spent."""
    for node, chances in here.items():
        taken: dict[int, Chances] = {}
        if tree.capped:
            for spent, chance in chances.items():
                taken.setdefault(tree.taken(spent), {})[spent] = chance
        else:
            taken[0] = chances
        for alike in taken.values():
            begun, by_policy, as_last = tree.start_calls(node, next(iter(alike)))
            if tree.counts(node):
                totals.call(by_policy, as_last, begun.left, sum(alike.values()))
            yield begun, alike


def _spread(tree: EventTree, begun: Node, chances: Chances, levels: list[Level]) -> int:
    """Move on to the nodes after the next replies. Returns the number of steps, as MOST_STEPS counts them."""
    transitions = tree.transitions(begun)
    if transitions is None:
        return MOST_STEPS + 1
    for node, spent, chance in transitions:
        _join(levels[tree.level(node)], node, chances, spent, chance)
    return len(transitions) * len(chances)


def _join(level: Level, node: Node, chances: Chances, more: Spent, likely: float) -> None:
    there = level.get(node)
    if there is None:
        level[node] = {spent + more: chance * likely for spent, chance in chances.items()}
        return
    for spent, chance in chances.items():
        there[spent + more] = there.get(spent + more, 0.0) + chance * likely


def _simulated(tree: EventTree) -> _ForecastTotals:
    totals, rng = _ForecastTotals(tree, exact=False), Random(SEED)

    def reply(offer: Offer, effects: Sequence[Effect]) -> Iterable[Effect] | None:
        if rng.random() >= offer.match_rate:
            return None
        return [effect for effect in effects if rng.random() < effect.chance]

    for _ in range(RUNS):
        run = list(_followed_once(tree, reply))
        for node, _, (begun, by_policy, as_last) in run:
            if tree.counts(node):
                totals.call(by_policy, as_last, begun.left, 1 / RUNS)
        _, spent, (end, *_) = run[-1]
        totals.end(end, {spent: 1 / RUNS})
    return totals


def _followed_once(tree: EventTree, reply: ReplyEffects) -> Iterator[tuple[Node, Spent, tuple[Node, int, int]]]:
    """The nodes of one execution, what was spent by then, and what `start_calls` makes of each; the end comes last."""
    node: Node | None = tree.start
    spent = 0
    while node is not None:
        begun = tree.start_calls(node, spent)
        yield node, spent, begun
        if tree.under_way(begun[0]):
            node, more = tree.transition(begun[0], reply)
            spent += more
        else:
            node = tree.next_stage(begun[0])


def _gathered(spread: Iterable[tuple[int, float]]) -> dict[int, float]:
    gathered = defaultdict[int, float](float)
    for value, chance in spread:
        gathered[value] += chance
    return dict(gathered)


def _sums(spreads: Sequence[Mapping[int, float]]) -> dict[int, float]:
    """The distribution of the sum of independent amounts."""
    reached = {0: 1.0}
    for spread in spreads:
        pairs = product(reached.items(), spread.items())
        reached = _gathered((one + other, first * second) for (one, first), (other, second) in pairs)
    return reached


def _quantile(spread: Mapping[int, float], share: float) -> int:
    """The least amount that this share of the executions does not exceed."""
    amounts = sorted(spread)
    reached = accumulate(spread[amount] for amount in amounts)
    return next(
        (amount for amount, chance in zip(amounts, reached, strict=True) if chance >= share - 1e-9), amounts[-1]
    )


def _slowest(spreads: Sequence[Mapping[int, float]]) -> dict[int, float]:
    """The distribution of the longest of independent times."""
    longest, before = dict[int, float](), 0.0
    for time in sorted({time for spread in spreads for time in spread}):
        until = 1.0
        for spread in spreads:
            until *= sum(chance for other, chance in spread.items() if other <= time)
        longest[time], before = until - before, until
    return longest
