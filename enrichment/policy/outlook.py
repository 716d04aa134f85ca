"""What carrying a plan out is going to cost and bring: under its caps, with its last resorts, as collect does it.

    Course: strands side by side, what each call may cost and bring, limits on money  ->  Outlook

Exactly where the outcomes are few, else by simulation with a fixed seed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from random import Random

from enrichment.policy.course import Call, Course, Strand
from enrichment.policy.problem import connected
from enrichment.policy.unfolding import Event, Moment, Purses, Unfolding, bits

MOST_STEPS = 600_000
"""Pairs of a way to get somewhere and what may happen there; beyond them a group of strands is simulated."""
RUNS = 2_000
SEED = 20_240_601


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
    totals = [_followed(group) for group in _groups(course)]
    spread = sorted(_sums([one.costs for one in totals]).items())
    return Outlook(
        vendors=sum(one.vendors for one in totals),
        last_resorts=sum(one.last_resorts for one in totals),
        analyses=sum(one.analyses for one in totals),
        p50=_quantile(spread, 0.5),
        p90=_quantile(spread, 0.9),
        seconds=_slowest([one.waits for one in totals]) / 1000,
        satisfied={dataset: chance for one in totals for dataset, chance in one.satisfied.items()},
        asked={source: min(chance, 1.0) for one in totals for source, chance in one.asked.items()},
        resorted={source: min(chance, 1.0) for one in totals for source, chance in one.resorted.items()},
        too_dear=frozenset[str]().union(*(one.unfolding.too_dear() for one in totals)),
        exact=all(one.exact for one in totals),
    )


def likeliest_end(course: Course) -> tuple[frozenset[str], frozenset[str]]:
    """What is open, and who was asked, in the end that is met most often."""
    totals = _followed(replace(course, limits=course.binding()))
    left, asked = max(totals.ends, key=lambda end: (totals.ends[end], end))
    return totals.unfolding.open_names(left), totals.unfolding.names(asked)


Steps = tuple[tuple[str, ...], ...]


def unfolded(course: Course, found: frozenset[str]) -> tuple[Steps, ...]:
    """Whom the policy of each strand asks, step by step, if these datasets are found wherever they may, no others.

    Each strand by itself, unless limits make what is left for one depend on the others.
    """
    course = replace(course, limits=course.binding(), then=None)
    if course.limits:
        return _steps(course, found)
    return tuple(_steps(course.only((strand,)), found)[0] for strand in course.strands)


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


def _groups(course: Course) -> list[Course]:
    """Strands that share money, a source or a dataset stay together; what is paid afterwards is with the last."""
    course = replace(course, limits=course.binding())
    if course.then is not None or course.limits or len(course.strands) < 2:
        return [course]
    touched = [_touched(strand, course) for strand in course.strands]
    numbers = [str(n) for n in range(len(touched))]
    links = [frozenset(n for n in numbers if name in touched[int(n)]) for name in frozenset[str]().union(*touched)]
    together = connected(numbers, (link for link in links if len(link) > 1))
    alone = [course.only(tuple(course.strands[n] for n in sorted(map(int, group)))) for group in together]
    return [*(replace(one, afterwards=()) for one in alone[:-1]), alone[-1]]


def _touched(strand: Strand, course: Course) -> frozenset[str]:
    """Its sources, what they may say, and whoever decides whether one of them is redundant."""
    bring = (call.reach for call in course.calls if call.source in strand.sources)
    others = (skip.if_held for skip in course.skips if skip.source in strand.sources)
    return strand.state.unsatisfied.union(strand.sources, *bring, *others)


class _Totals:
    """The executions of one group: chances of whom is asked, of how it ends, of what was waited and spent by then."""

    def __init__(self, unfolding: Unfolding, *, exact: bool) -> None:
        self.exact = exact
        self.vendors = self.last_resorts = 0.0
        self.asked = defaultdict[str, float](float)
        self.resorted = defaultdict[str, float](float)
        self.ends = defaultdict[tuple[int, int], float](float)
        self.purses = defaultdict[int, float](float)
        self.unfolding = unfolding

    def call(self, by_policy: int, as_last: int, chance: float) -> None:
        calls = self.unfolding.calls
        for i in bits(by_policy):
            self.asked[calls[i].source] += chance
            self.vendors += chance * calls[i].expected_cost
        for i in bits(as_last):
            self.resorted[calls[i].source] += chance
            self.last_resorts += chance * calls[i].expected_cost

    def end(self, moment: Moment, purses: Purses) -> None:
        self.ends[moment.left, moment.asked] += sum(purses.values())
        for purse, chance in purses.items():
            self.purses[purse] += chance

    @property
    def analyses(self) -> float:
        return sum(chance * self.unfolding.paid_afterwards(purse) for purse, chance in self.purses.items())

    @property
    def costs(self) -> dict[int, float]:
        """Micro-USD, analyses included -> chance."""
        return _gathered(
            (self.unfolding.cost(p) + self.unfolding.paid_afterwards(p), c) for p, c in self.purses.items()
        )

    @property
    def waits(self) -> dict[int, float]:
        """Milliseconds -> chance."""
        return _gathered((self.unfolding.waited(purse), chance) for purse, chance in self.purses.items())

    @property
    def satisfied(self) -> dict[str, float]:
        """Exactly 0 or 1 where that is sure."""
        open_, done = defaultdict[str, float](float), defaultdict[str, float](float)
        for (mask, _), chance in self.ends.items():
            left = self.unfolding.open_names(mask)
            for dataset in self.unfolding.datasets:
                (open_ if dataset in left else done)[dataset] += chance
        return {d: min(done[d], 1.0) if open_[d] else 1.0 for d in self.unfolding.datasets}


def _followed(course: Course) -> _Totals:
    unfolding = Unfolding(course)
    return _exactly(unfolding) or _simulated(unfolding)


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
