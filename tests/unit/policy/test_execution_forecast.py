"""The outlook of a course is what all its executions, played out one by one in plain sets, come to on average."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from math import prod
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.planner.instances import small
from enrichment.policy import Offer, Policy, Problem, State, compile_policy, forecast, parts, start
from enrichment.policy.execution_forecast import Outlook, outlook, unfolded
from enrichment.policy.execution_model import Afterwards, Call, Course, Limit, Skip, Strand

Luck = Callable[[float], bool]


@dataclass(slots=True)
class Played:
    cost: int = 0
    analyses: int = 0
    seconds: float = 0.0
    asked: set[str] = field(default_factory=set)
    resorted: set[str] = field(default_factory=set)
    left: frozenset[str] = frozenset()


class Play:
    """One execution. Kept as plain as can be; shares nothing with what it is to check."""

    def __init__(self, course: Course, luck: Luck) -> None:
        self.course, self.luck, self.played = course, luck, Played()
        self.calls = {call.source: call for call in course.calls}
        self.open, self.said, self.mentioned = set(course.open), set[str](), set(course.mentioned)
        self.brought: set[tuple[str, str]] = set()
        self.before = frozenset[str]()
        self.taken: dict[str, int] = {}

    def run(self) -> Played:
        self.carry_out(self.course.strands)
        if self.course.then is not None:
            strands = self.course.then(frozenset(self.open), frozenset(self.begun))
            self.before, self.played = frozenset(self.begun), Played()
            self.carry_out(strands)
        for one in self.course.afterwards:
            if self.fits(one.name, one.most):
                self.taken[one.name] = one.most
                self.played.analyses += one.expected
        self.played.left = frozenset(self.open)
        return self.played

    def carry_out(self, strands: tuple[Strand, ...]) -> None:
        clocks = [(0.0, self.strand(strand), tuple[str, ...]()) for strand in strands]
        if self.course.limits:
            for _, strand, _ in clocks:
                for seconds, sources in strand:
                    self.played.seconds += seconds
                    self.land(sources)
        else:
            self.side_by_side(clocks)

    def side_by_side(
        self, clocks: list[tuple[float, Iterator[tuple[float, tuple[str, ...]]], tuple[str, ...]]]
    ) -> None:
        while clocks:
            now = min(due for due, _, _ in clocks)
            self.played.seconds = now
            for due, _, sources in clocks:
                if due == now:
                    self.land(sources)
            moved = []
            for due, strand, sources in clocks:
                if due > now:
                    moved.append((due, strand, sources))
                elif (step := next(strand, None)) is not None:
                    moved.append((now + step[0], strand, step[1]))
            clocks = moved

    def strand(self, strand: Strand) -> Iterator[tuple[float, tuple[str, ...]]]:
        """Yields how long until the replies come, and whose."""
        while True:
            usable = {s for s in strand.state.usable if s not in self.begun and self.fits(s, self.calls[s].most)}
            usable -= {skip.source for skip in self.course.skips if self.skipped(skip, strand)}
            state = State(strand.state.unsatisfied & self.open, frozenset(usable))
            asked = [s for s in sorted(strand.policy.next(state)) if self.reserve(s)]
            if not asked:
                break
            self.played.asked.update(asked)
            yield max(self.calls[s].seconds for s in asked), tuple(asked)
        for source, serves in strand.last_resorts:
            if source not in self.begun and serves & self.open - self.mentioned and self.reserve(source):
                self.played.resorted.add(source)
                yield self.calls[source].seconds, (source,)

    @property
    def begun(self) -> set[str]:
        return self.played.asked | self.played.resorted | self.before

    def skipped(self, skip: Skip, strand: Strand) -> bool:
        shared = skip.met or any(s in skip.if_held and d in skip.shared for s, d in self.brought)
        return skip.if_held <= self.said and shared and not strand.required & self.open & skip.answers

    def fits(self, name: str, most: int) -> bool:
        limits = (limit for limit in self.course.limits if name in limit.over)
        return all(sum(self.taken.get(n, 0) for n in limit.over) + most <= limit.left for limit in limits)

    def reserve(self, source: str) -> bool:
        if not self.fits(source, self.calls[source].most):
            return False
        self.taken[source] = self.calls[source].most
        return True

    def land(self, sources: tuple[str, ...]) -> None:
        for source in sources:
            call = self.calls[source]
            self.taken[source] = call.price_asked
            if self.luck(call.match_rate):
                self.taken[source] += call.price_matched
                brings = [d for d, rate in call.brings if self.luck(rate)]
                self.mentioned.update(d for d, rate in call.mentions if self.luck(rate))
                self.brought.update((source, d) for d in brings)
                self.open.difference_update(brings)
            self.played.cost += self.taken[source]
            self.said.add(source)


class Turns:
    """Luck as a script: what is beyond it goes well. taken: what was said, and how likely that was."""

    def __init__(self, script: list[bool]) -> None:
        self.script = script
        self.taken: list[tuple[bool, float]] = []

    def __call__(self, chance: float) -> bool:
        if chance in (0, 1):
            return chance == 1
        said = self.script[len(self.taken)] if len(self.taken) < len(self.script) else True
        self.taken.append((said, chance if said else 1 - chance))
        return said

    def next_script(self) -> list[bool]:
        """The same up to the last turn that went well, which now does not; empty after the last script."""
        script = [said for said, _ in self.taken]
        while script and not script[-1]:
            script.pop()
        return [*script[:-1], False] if script else []


def every_execution(course: Course) -> Iterator[tuple[float, Played]]:
    """(chance, execution), by trying every turn luck may take."""
    script: list[bool] = []
    while True:
        turns = Turns(script)
        played = Play(course, turns).run()
        yield prod(chance for _, chance in turns.taken), played
        script = turns.next_script()
        if not script:
            return


def assert_is_the_mean(seen: Outlook, course: Course) -> None:
    costs, asked, resorted = (
        defaultdict[int, float](float),
        defaultdict[str, float](float),
        defaultdict[str, float](float),
    )
    left, seconds, analyses = defaultdict[str, float](float), 0.0, 0.0
    for chance, played in every_execution(course):
        costs[played.cost + played.analyses] += chance
        seconds += chance * played.seconds
        analyses += chance * played.analyses
        for names, into in ((played.asked, asked), (played.resorted, resorted), (played.left, left)):
            for name in names:
                into[name] += chance
    assert sum(costs.values()) == pytest.approx(1)
    mean = sum(cost * chance for cost, chance in costs.items())
    assert seen.vendors + seen.last_resorts + seen.analyses == pytest.approx(mean)
    assert seen.analyses == pytest.approx(analyses)
    assert seen.seconds == pytest.approx(seconds)
    assert dict(seen.asked) == pytest.approx(dict(asked))
    assert dict(seen.resorted) == pytest.approx(dict(resorted))
    assert dict(seen.satisfied) == pytest.approx({d: 1 - left[d] for d in course.open})
    for share, quantile in ((0.5, seen.p50), (0.9, seen.p90)):
        assert sum(chance for cost, chance in costs.items() if cost <= quantile) >= share - 1e-9
        assert sum(chance for cost, chance in costs.items() if cost < quantile) < share + 1e-9


def course_of(problem: Problem, strategy: str, **more: object) -> Course:
    """The parts of a problem, each decided by the strategy's policy of the whole."""
    policy: Policy = compile_policy(strategy, problem)
    strands = tuple(Strand(policy, start(part), part.required) for part in parts(problem))
    usable = frozenset[str]().union(*(strand.sources for strand in strands))
    return replace(
        Course(
            calls=tuple(call_of(offer) for offer in problem.offers if offer.source in usable),
            strands=strands,
            open=start(problem).unsatisfied,
            everything=strategy == "legacy",
        ),
        **more,  # type: ignore[arg-type]  # fields of a course, by name
    )


def call_of(offer: Offer) -> Call:
    most = offer.price_asked + offer.price_matched
    return Call(
        offer.source,
        offer.price_asked,
        offer.price_matched,
        most,
        offer.match_rate,
        offer.fill_rates,
        (),
        offer.seconds,
    )


@st.composite
def courses(draw: st.DrawFn) -> Course:
    """Up to four sources and four datasets in up to three parts, with all that may happen on the way."""
    rng = Random(draw(st.integers(0, 10**6)))
    problem = small(rng, sources=rng.randint(1, 4), datasets=rng.randint(2, 4), value_of_time=rng.choice((0, 0, 40)))
    strategy = rng.choice(("enhanced", "enhanced", "priority", "legacy"))
    course = with_last_resorts(rng, course_of(problem, strategy))
    if len(course.calls) > 1 and strategy != "legacy" and rng.random() < 0.4:
        course = with_a_rule(rng, course)
    if rng.random() < 0.6:
        course = with_limits(rng, course)
    return in_two_stages(rng, course) if rng.random() < 0.25 else course


def with_a_rule(rng: Random, course: Course) -> Course:
    """Once one or two others have replied, and satisfied something, a source is needless for what is optional."""
    skip, *held = rng.sample([call.source for call in course.calls], rng.randint(2, min(3, len(course.calls))))
    answers = frozenset(rng.sample(sorted(course.open), rng.randint(0, len(course.open))))
    return replace(course, skips=(Skip(skip, frozenset(held), course.open, answers, met=rng.random() < 0.3),))


def in_two_stages(rng: Random, course: Course) -> Course:
    """First one dataset, in an order of its own; then all that is left, by the strands there were."""
    first = rng.choice(sorted(course.open))
    offers = tuple(
        Offer(call.source, call.price_asked, call.price_matched, call.match_rate, call.brings, call.seconds)
        for call in course.calls
        if first in dict(call.brings)
    )
    problem = Problem(offers, frozenset({first}), (), ((first, tuple(offer.source for offer in offers)),))
    finding = Strand(compile_policy("priority", problem), start(problem), frozenset({first}))

    def then(open_: frozenset[str], asked: frozenset[str]) -> tuple[Strand, ...]:
        left = (State(one.state.unsatisfied & open_, one.state.usable - asked) for one in course.strands)
        return tuple(replace(one, state=state) for one, state in zip(course.strands, left, strict=True))

    return replace(course, strands=(finding,), then=then)


def with_last_resorts(rng: Random, course: Course) -> Course:
    """One more source that satisfies nothing, or one of those there are that mentions more than it satisfies."""
    strands = list(course.strands)
    required = [(n, d) for n, strand in enumerate(strands) for d in sorted(strand.required)]
    if not required or rng.random() < 0.4:
        return course
    n, dataset = rng.choice(required)
    calls = list(course.calls)
    if calls and rng.random() < 0.5 and dataset not in dict(calls[0].brings):
        calls[0] = replace(calls[0], mentions=((dataset, 0.5),))
        last = calls[0].source
    else:
        calls.append(Call("x", rng.randint(0, 200), 0, 200, 0.8, (), ((dataset, 0.7),), rng.randint(1, 9)))
        last = "x"
    strands[n] = replace(strands[n], last_resorts=((last, frozenset({dataset})),))
    mentioned = frozenset(name for name in sorted(course.open) if rng.random() < 0.2)
    return replace(course, calls=tuple(calls), strands=tuple(strands), mentioned=mentioned)


def with_limits(rng: Random, course: Course) -> Course:
    """Under the whole, and sometimes under some of the sources as well; and something to buy at the end."""
    most = sum(call.most for call in course.calls) + 50
    names = [call.source for call in course.calls]
    limits = [Limit(rng.randint(0, most), frozenset((*names, "analysis:a")))]
    if rng.random() < 0.4:
        limits.append(Limit(rng.randint(0, most), frozenset(rng.sample(names, rng.randint(0, len(names))))))
    return replace(course, limits=tuple(limits), afterwards=(Afterwards("analysis:a", 30, 50),))


@settings(max_examples=250, deadline=None, derandomize=True)
@given(courses())
def test_what_is_expected_is_what_all_executions_come_to_on_average(course: Course) -> None:
    seen = outlook(course)
    assert seen.exact
    assert_is_the_mean(seen, replace(course, limits=course.binding()))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(courses())
def test_half_cost_no_more_than_nine_in_ten_and_none_more_than_its_limits(course: Course) -> None:
    seen = outlook(course)
    most = sum(call.most for call in course.calls) + sum(one.most for one in course.afterwards)
    everywhere = (limit.left for limit in course.limits if len(limit.over) > len(course.calls))
    bound = min([most, *everywhere])
    assert 0 <= seen.p50 <= seen.p90 <= bound
    assert seen.vendors + seen.last_resorts + seen.analyses <= bound + 1e-6


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_without_caps_and_last_resorts_it_is_the_forecast_of_the_policy(seed: int) -> None:
    rng = Random(seed)
    problem = small(rng, sources=rng.randint(2, 6), datasets=rng.randint(2, 5), value_of_time=rng.choice((0, 30)))
    seen = outlook(course_of(problem, "enhanced"))
    made = forecast(compile_policy("enhanced", problem), problem)
    assert seen.vendors == pytest.approx(made.expected_cost)
    assert (seen.p50, seen.p90) == (made.p50_cost, made.p90_cost)
    assert seen.seconds == pytest.approx(made.expected_seconds)
    assert {d: seen.satisfied[d] for d, _ in made.satisfied_chance} == pytest.approx(dict(made.satisfied_chance))


def test_too_many_outcomes_are_simulated_with_a_fixed_seed_and_come_close() -> None:
    """Twenty sources asked at once, each of which may bring two of ten datasets, at prices that are all different."""
    offers = tuple(
        Offer(f"s{n:02}", 1000 + 7**n % 997, 500 + 11**n % 499, 0.6, ((f"d{n % 10}", 0.5), (f"d{(n + 3) % 10}", 0.5)))
        for n in range(20)
    )
    problem = Problem(offers, frozenset(f"d{n}" for n in range(10)), ())
    course = course_of(problem, "legacy", limits=(Limit(25_000, frozenset(o.source for o in problem.offers)),))
    seen = outlook(course)
    assert not seen.exact
    assert seen == outlook(course)
    rng, runs = Random(5), 2_000
    costs = sorted(Play(course, lambda chance: rng.random() < chance).run().cost for _ in range(runs))
    assert seen.vendors == pytest.approx(sum(costs) / runs, rel=0.01)
    assert seen.p50 == pytest.approx(costs[runs // 2], rel=0.02)
    assert seen.p50 <= seen.p90 <= 25_000


def test_who_would_have_been_asked_had_it_fitted_is_known_by_name() -> None:
    offers = (Offer("cheap", 50, 0, 0.5, (("d", 1.0),)), Offer("dear", 100, 0, 1.0, (("d", 1.0),)))
    problem = Problem(offers, frozenset({"d"}), ())
    everywhere = frozenset({"cheap", "dear"})
    assert outlook(course_of(problem, "enhanced", limits=(Limit(100, everywhere),))).too_dear == {"dear"}
    assert outlook(course_of(problem, "enhanced", limits=(Limit(150, everywhere),))).too_dear == frozenset()


def test_a_chain_unfolds_along_what_is_found() -> None:
    offers = (
        Offer("first", 10, 0, 0.9, (("a", 0.9),)),
        Offer("second", 30, 0, 0.9, (("a", 0.9),)),
        Offer("after_a", 20, 0, 0.9, (("b", 0.9),), needs=frozenset({"a"})),
    )
    course = course_of(Problem(offers, frozenset({"a", "b"}), ()), "enhanced")
    assert unfolded(course, frozenset()) == ((("first",), ("second",)),)
    assert unfolded(course, frozenset({"a"})) == ((("first",), ("after_a",)),)


def test_under_limits_strands_go_in_turn_so_that_a_reserve_shuts_nobody_out() -> None:
    """Either may take 100 and costs 10: in turn both fit under 110; side by side the second would not."""
    calls = tuple(Call(name, 10, 0, 100, 1.0, ((dataset, 1.0),), (), 5.0) for name, dataset in (("s", "a"), ("t", "b")))
    offers = tuple(Offer(call.source, 10, 0, 1.0, call.brings, 5.0) for call in calls)
    course = course_of(Problem(offers, frozenset({"a", "b"}), ()), "enhanced")
    seen = outlook(replace(course, calls=calls, limits=(Limit(110, frozenset({"s", "t"})),)))
    assert dict(seen.satisfied) == {"a": 1.0, "b": 1.0}
    assert (seen.vendors, seen.seconds) == (20, 10.0)
    assert outlook(replace(course, calls=calls)).seconds == 5.0
