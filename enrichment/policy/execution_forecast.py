"""What carrying a plan out is going to cost and bring: under its caps, with its last resorts, as collect does it.

    Course: strands side by side, what each call may cost and bring, limits on money  ->  Outlook

Exactly where the outcomes are few, else by simulation with a fixed seed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from random import Random

from enrichment.policy.event_tree import Event, Moment, Purses, Unfolding, bits
from enrichment.policy.execution_model import Call, Course, Strand
from enrichment.policy.problem import connected
from enrichment.policy.strand_distribution import Came, came_to

MOST_STEPS = 600_000
"""Pairs of a way to get somewhere and what may happen there; beyond them a group of strands is simulated."""
RUNS = 2_000
SEED = 20_240_601
REMEMBERED = 1_024
"""Groups of strands."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Expected micro-USD by kind, the cost that half and nine in ten executions do not exceed, expected seconds.

    satisfied: dataset -> chance that it will be; asked, resorted: source -> chance of being asked by the policy, or as
    a last resort, if it has any. too_dear: who would have been asked somewhere, had it fitted. Of the second stage
    alone, if there are two.
    """

    vendors: float
    last_resorts: float
    analyses: float
    p50: int
    p90: int
    seconds: float
    satisfied: Mapping[str, float]
    asked: Mapping[str, float]
    resorted: Mapping[str, float]
    too_dear: frozenset[str]
    exact: bool


def outlook(course: Course) -> Outlook:
    """Strands that cannot touch one another are followed by themselves."""
    course = replace(course, limits=course.binding())
    certain = 0 if course.limits else sum(one.expected for one in course.afterwards)
    groups = [_remembered(group) if group.then is None else _followed(group) for group in _groups(course)]
    spread = sorted(_sums([group.costs for group in groups]).items())
    return Outlook(
        vendors=sum(group.vendors for group in groups),
        last_resorts=sum(group.last_resorts for group in groups),
        analyses=certain + sum(group.afterwards for group in groups),
        p50=certain + _quantile(spread, 0.5),
        p90=certain + _quantile(spread, 0.9),
        seconds=_slowest([group.waits for group in groups]) / 1000,
        satisfied={dataset: chance for group in groups for dataset, chance in group.satisfied.items()},
        asked={source: chance for group in groups for source, chance in group.asked.items()},
        resorted={source: chance for group in groups for source, chance in group.resorted.items()},
        too_dear=frozenset[str]().union(*(group.too_dear for group in groups)),
        exact=all(group.exact for group in groups),
    )


def likeliest_end(course: Course) -> tuple[frozenset[str], frozenset[str]]:
    """What is open, and who was asked, in the end that is met most often."""
    return executed(replace(course, limits=course.binding())).likeliest_end()


Steps = tuple[tuple[str, ...], ...]


def unfolded(course: Course, found: frozenset[str]) -> tuple[Steps, ...]:
    """Whom the policy of each strand asks, step by step, if these datasets are found wherever they may, no others.

    Each strand by itself, unless limits make what is left for one depend on the others.
    """
    course = replace(course, limits=course.binding(), then=None)
    if course.limits:
        return _steps(course, found)
    return tuple(_remembered_steps(_alone(course, strand), found)[0] for strand in course.strands)


def _alone(course: Course, strand: Strand) -> Course:
    """Without what it buys in the end: more companies share it."""
    return replace(course.only((strand,)), afterwards=())


def _steps(course: Course, found: frozenset[str]) -> tuple[Steps, ...]:
    unfolding = Unfolding(course)
    steps: list[list[tuple[str, ...]]] = [[] for _ in course.strands]
    moment, purse = unfolding.start, 0

    def knows(_: Call, events: Sequence[Event]) -> Iterable[Event] | None:
        return [event for event in events if event.dataset in found] or None

    while unfolding.under_way(under_way := unfolding.set_off(moment, purse)[0]):
        for before, after in zip(moment.flights, under_way.flights, strict=True):
            if after.calls and not before.calls and after.stage == 0:
                steps[after.strand].append(tuple(sorted(unfolding.names(after.calls))))
        moment, spent = unfolding.reply(under_way, knows)
        purse += spent
    return tuple(tuple(strand) for strand in steps)


_remembered_steps = lru_cache(maxsize=REMEMBERED)(_steps)


def _groups(course: Course) -> list[Course]:
    """Strands that share money, a source or a dataset stay together. Without limits, all is bought afterwards."""
    if course.limits:
        return [course]
    course = replace(course, afterwards=())
    if course.then is not None:
        return [course]
    touched = [_touched(strand, course) for strand in course.strands]
    numbers = [str(n) for n in range(len(touched))]
    links = [frozenset(n for n in numbers if name in touched[int(n)]) for name in frozenset[str]().union(*touched)]
    together = connected(numbers, (link for link in links if len(link) > 1))
    return [course.only(tuple(course.strands[n] for n in sorted(map(int, group)))) for group in together]


def _touched(strand: Strand, course: Course) -> frozenset[str]:
    """Its sources, what they may say, and whoever decides whether one of them is redundant."""
    bring = (call.reach for call in course.calls if call.source in strand.sources)
    others = (skip.if_held for skip in course.skips if skip.source in strand.sources)
    return strand.state.unsatisfied.union(strand.sources, *bring, *others)


@dataclass(frozen=True, slots=True)
class Followed:
    """The executions of one group. costs: micro-USD -> chance; waits: milliseconds -> chance."""

    vendors: float
    last_resorts: float
    afterwards: float
    costs: Mapping[int, float]
    waits: Mapping[int, float]
    satisfied: Mapping[str, float]
    asked: Mapping[str, float]
    resorted: Mapping[str, float]
    too_dear: frozenset[str]
    exact: bool


def _followed(course: Course) -> Followed:
    came = came_to(course)
    return executed(course).followed() if came is None else in_pieces(course, came)


def executed(course: Course) -> _Totals:
    unfolding = Unfolding(course)
    return _exactly(unfolding) or _simulated(unfolding)


def in_pieces(course: Course, came: Came) -> Followed:
    prices = {call.source: call.expected_cost for call in course.calls}
    return Followed(
        vendors=sum(chance * prices[source] for source, chance in came.asked.items()),
        last_resorts=sum(chance * prices[source] for source, chance in came.resorted.items()),
        afterwards=0.0,
        costs=came.costs,
        waits=came.waits,
        satisfied={dataset: 1 - came.open.get(dataset, 0.0) for dataset in course.open},
        asked=came.asked,
        resorted=came.resorted,
        too_dear=frozenset(),
        exact=True,
    )


_remembered = lru_cache(maxsize=REMEMBERED)(_followed)
"""Companies in different states share groups, as long as the policy is the very same."""


class _Totals:
    """Adds up chances: of whom is asked, how it ends, what was waited and spent by then."""

    def __init__(self, unfolding: Unfolding, *, exact: bool) -> None:
        self._unfolding, self._exact = unfolding, exact
        self._vendors = self._last_resorts = 0.0
        self._asked = defaultdict[str, float](float)
        self._resorted = defaultdict[str, float](float)
        self._ends = defaultdict[tuple[int, int], float](float)
        self._purses = defaultdict[int, float](float)

    def call(self, by_policy: int, as_last: int, chance: float) -> None:
        calls = self._unfolding.calls
        for i in bits(by_policy):
            self._asked[calls[i].source] += chance
            self._vendors += chance * calls[i].expected_cost
        for i in bits(as_last):
            self._resorted[calls[i].source] += chance
            self._last_resorts += chance * calls[i].expected_cost

    def end(self, moment: Moment, purses: Purses) -> None:
        self._ends[moment.left, moment.asked] += sum(purses.values())
        for purse, chance in purses.items():
            self._purses[purse] += chance

    def likeliest_end(self) -> tuple[frozenset[str], frozenset[str]]:
        left, asked = max(self._ends, key=lambda end: (self._ends[end], end))
        return self._unfolding.open_names(left), self._unfolding.names(asked)

    def followed(self) -> Followed:
        unfolding = self._unfolding
        paid = {purse: unfolding.paid_afterwards(purse) for purse in self._purses}
        return Followed(
            vendors=self._vendors,
            last_resorts=self._last_resorts,
            afterwards=sum(chance * paid[purse] for purse, chance in self._purses.items()),
            costs=_gathered((unfolding.cost(purse) + paid[purse], chance) for purse, chance in self._purses.items()),
            waits=_gathered((unfolding.waited(purse), chance) for purse, chance in self._purses.items()),
            satisfied=self._satisfied(),
            asked={source: min(chance, 1.0) for source, chance in self._asked.items()},
            resorted={source: min(chance, 1.0) for source, chance in self._resorted.items()},
            too_dear=unfolding.too_dear(),
            exact=self._exact,
        )

    def _satisfied(self) -> dict[str, float]:
        """Exactly 0 or 1 where that is sure."""
        open_, done = defaultdict[str, float](float), defaultdict[str, float](float)
        for (mask, _), chance in self._ends.items():
            left = self._unfolding.open_names(mask)
            for dataset in self._unfolding.datasets:
                (open_ if dataset in left else done)[dataset] += chance
        return {d: min(done[d], 1.0) if open_[d] else 1.0 for d in self._unfolding.datasets}


Level = dict[Moment, Purses]


def _exactly(unfolding: Unfolding) -> _Totals | None:
    """Follow every outcome, from those on where the fewest have replied; None if there are too many."""
    totals, steps = _Totals(unfolding, exact=True), 0
    levels: list[Level] = [{} for _ in range(len(unfolding.calls) + 1)]
    levels[0][unfolding.start] = {0: 1.0}
    for replied in range(len(levels)):
        here, levels[replied] = levels[replied], {}
        while here:
            second: Level = {}
            for under_way, purses in _departures(unfolding, here, totals):
                if unfolding.under_way(under_way):
                    steps += _arrive(unfolding, under_way, purses, levels)
                elif (next_stage := unfolding.next_stage(under_way)) is not None:
                    _join(second, next_stage, purses, 0, 1.0)
                else:
                    totals.end(under_way, purses)
                if steps > MOST_STEPS:
                    return None
            here = second
    return totals


def _departures(unfolding: Unfolding, here: Level, totals: _Totals) -> Iterable[tuple[Moment, Purses]]:
    """Whose turn it is asks; with limits, whom depends on what was spent."""
    for moment, purses in here.items():
        taken: dict[int, Purses] = {}
        if unfolding.limited:
            for purse, chance in purses.items():
                taken.setdefault(unfolding.taken(purse), {})[purse] = chance
        else:
            taken[0] = purses
        for group in taken.values():
            under_way, by_policy, as_last = unfolding.set_off(moment, next(iter(group)))
            if unfolding.counts(moment):
                totals.call(by_policy, as_last, sum(group.values()))
            yield under_way, group


def _arrive(unfolding: Unfolding, under_way: Moment, purses: Purses, levels: list[Level]) -> int:
    """Let the next replies come. How many steps that took."""
    replies = unfolding.replies(under_way)
    if replies is None:
        return MOST_STEPS + 1
    for moment, spent, chance in replies:
        _join(levels[unfolding.replied(moment)], moment, purses, spent, chance)
    return len(replies) * len(purses)


def _join(level: Level, moment: Moment, purses: Purses, spent: int, likely: float) -> None:
    there = level.setdefault(moment, {})
    for purse, chance in purses.items():
        there[purse + spent] = there.get(purse + spent, 0.0) + chance * likely


def _simulated(unfolding: Unfolding) -> _Totals:
    totals, rng = _Totals(unfolding, exact=False), Random(SEED)

    def knows(call: Call, events: Sequence[Event]) -> Iterable[Event] | None:
        if rng.random() >= call.match_rate:
            return None
        return [event for event in events if rng.random() < event.chance]

    for _ in range(RUNS):
        moment: Moment | None = unfolding.start
        purse = 0
        while moment is not None:
            under_way, by_policy, as_last = unfolding.set_off(moment, purse)
            if unfolding.counts(moment):
                totals.call(by_policy, as_last, 1 / RUNS)
            if unfolding.under_way(under_way):
                moment, spent = unfolding.reply(under_way, knows)
                purse += spent
            else:
                moment = unfolding.next_stage(under_way)
        totals.end(under_way, {purse: 1 / RUNS})
    return totals


def _gathered(spread: Iterable[tuple[int, float]]) -> dict[int, float]:
    gathered = defaultdict[int, float](float)
    for value, chance in spread:
        gathered[value] += chance
    return dict(gathered)


def _sums(spreads: Sequence[Mapping[int, float]]) -> dict[int, float]:
    reached = {0: 1.0}
    for spread in spreads:
        pairs = product(reached.items(), spread.items())
        reached = _gathered((one + other, first * second) for (one, first), (other, second) in pairs)
    return reached


def _quantile(spread: Sequence[tuple[int, float]], share: float) -> int:
    reached = 0.0
    for cost, chance in spread:
        reached += chance
        if reached >= share - 1e-9:
            return cost
    return spread[-1][0]


def _slowest(spreads: Sequence[Mapping[int, float]]) -> float:
    """Expected maximum of independent times."""
    expected, before = 0.0, 0.0
    for time in sorted({time for spread in spreads for time in spread}):
        until = 1.0
        for spread in spreads:
            until *= sum(chance for other, chance in spread.items() if other <= time)
        expected += time * (until - before)
        before = until
    return expected
