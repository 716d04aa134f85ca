"""The forecast of an execution is what all its executions, played out one by one in plain sets, come to on average."""

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
from bench.planner.policy_forecast import forecast as policy_forecast
from enrichment.policy.compiled import compile_policy
from enrichment.policy.execution_forecast import Forecast, forecast, steps_if_found
from enrichment.policy.execution_model import Chain, ClosingPurchase, Execution, RemainingCap, Skip
from enrichment.policy.problem import Offer, Policy, Problem, State, parts, start

Luck = Callable[[float], bool]


@dataclass(slots=True)
class Executed:
    cost: int = 0
    analyses: int = 0
    seconds: float = 0.0
    asked: set[str] = field(default_factory=set)
    resorted: set[str] = field(default_factory=set)
    left: frozenset[str] = frozenset()


class PlainExecution:
    """One execution. Kept as plain as can be; shares nothing with what it is to check."""

    def __init__(self, execution: Execution, luck: Luck) -> None:
        self.execution, self.luck, self.played = execution, luck, Executed()
        self.offers = {call.source: call for call in execution.offers}
        self.open, self.replied, self.mentioned = set(execution.open), set[str](), set(execution.mentioned)
        self.brought: set[tuple[str, str]] = set()
        self.before = frozenset[str]()
        self.taken: dict[str, int] = {}

    def run(self) -> Executed:
        self.carry_out(self.execution.chains)
        if self.execution.then is not None:
            chains = self.execution.then(frozenset(self.open), frozenset(self.begun))
            self.before, self.played = frozenset(self.begun), Executed()
            self.carry_out(chains)
        for one in self.execution.closing:
            if self.fits(one.name, one.most):
                self.taken[one.name] = one.most
                self.played.analyses += one.expected
        self.played.left = frozenset(self.open)
        return self.played

    def carry_out(self, chains: tuple[Chain, ...]) -> None:
        clocks = [(0.0, self.chain(chain), tuple[str, ...]()) for chain in chains]
        if self.execution.caps:
            for _, chain, _ in clocks:
                for seconds, sources in chain:
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
            for due, chain, sources in clocks:
                if due > now:
                    moved.append((due, chain, sources))
                elif (step := next(chain, None)) is not None:
                    moved.append((now + step[0], chain, step[1]))
            clocks = moved

    def chain(self, chain: Chain) -> Iterator[tuple[float, tuple[str, ...]]]:
        """Yields how long until the replies come, and of which sources."""
        while True:
            usable = {s for s in chain.state.usable if s not in self.begun and self.fits(s, self.offers[s].most)}
            usable -= {skip.source for skip in self.execution.skips if self.skipped(skip, chain)}
            state = State(chain.state.unsatisfied & self.open, frozenset(usable))
            asked = [s for s in sorted(chain.policy.next(state)) if self.reserve(s)]
            if not asked:
                break
            self.played.asked.update(asked)
            yield max(self.offers[s].seconds for s in asked), tuple(asked)
        for source, serves in chain.last_resorts:
            if source not in self.begun and serves & self.open - self.mentioned and self.reserve(source):
                self.played.resorted.add(source)
                yield self.offers[source].seconds, (source,)

    @property
    def begun(self) -> set[str]:
        return self.played.asked | self.played.resorted | self.before

    def skipped(self, skip: Skip, chain: Chain) -> bool:
        shared = skip.met or any(s in skip.if_held and d in skip.shared for s, d in self.brought)
        return skip.if_held <= self.replied and shared and not chain.required & self.open & skip.answers

    def fits(self, name: str, most: int) -> bool:
        caps = (cap for cap in self.execution.caps if name in cap.over)
        return all(sum(self.taken.get(n, 0) for n in cap.over) + most <= cap.left for cap in caps)

    def reserve(self, source: str) -> bool:
        if not self.fits(source, self.offers[source].most):
            return False
        self.taken[source] = self.offers[source].most
        return True

    def land(self, sources: tuple[str, ...]) -> None:
        for source in sources:
            call = self.offers[source]
            self.taken[source] = call.price_asked
            if self.luck(call.match_rate):
                self.taken[source] += call.price_matched
                brings = [d for d, rate in call.fill_rates if self.luck(rate)]
                self.mentioned.update(d for d, rate in call.mention_rates if self.luck(rate))
                self.brought.update((source, d) for d in brings)
                self.open.difference_update(brings)
            self.played.cost += self.taken[source]
            self.replied.add(source)


class Turns:
    """Luck as a script: what is beyond it goes well. taken: the turns it took, and how likely each was."""

    def __init__(self, script: list[bool]) -> None:
        self.script = script
        self.taken: list[tuple[bool, float]] = []

    def __call__(self, chance: float) -> bool:
        if chance in (0, 1):
            return chance == 1
        turn = self.script[len(self.taken)] if len(self.taken) < len(self.script) else True
        self.taken.append((turn, chance if turn else 1 - chance))
        return turn

    def next_script(self) -> list[bool]:
        """The same up to the last turn that went well, which now does not; empty after the last script."""
        script = [turn for turn, _ in self.taken]
        while script and not script[-1]:
            script.pop()
        return [*script[:-1], False] if script else []


def every_execution(execution: Execution) -> Iterator[tuple[float, Executed]]:
    """(chance, execution), by trying every turn luck may take."""
    script: list[bool] = []
    while True:
        turns = Turns(script)
        played = PlainExecution(execution, turns).run()
        yield prod(chance for _, chance in turns.taken), played
        script = turns.next_script()
        if not script:
            return


def assert_is_the_mean(seen: Forecast, execution: Execution) -> None:
    costs, asked, resorted = (
        defaultdict[int, float](float),
        defaultdict[str, float](float),
        defaultdict[str, float](float),
    )
    left, seconds, analyses = defaultdict[str, float](float), 0.0, 0.0
    for chance, played in every_execution(execution):
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
    assert dict(seen.satisfied) == pytest.approx({d: 1 - left[d] for d in execution.open})
    for share, quantile in ((0.5, seen.p50), (0.9, seen.p90)):
        assert sum(chance for cost, chance in costs.items() if cost <= quantile) >= share - 1e-9
        assert sum(chance for cost, chance in costs.items() if cost < quantile) < share + 1e-9


def execution_of(problem: Problem, strategy: str, **more: object) -> Execution:
    """The parts of a problem, each decided by the strategy's policy of the whole."""
    policy: Policy = compile_policy(strategy, problem)
    chains = tuple(Chain(policy, start(part), part.required) for part in parts(problem))
    usable = frozenset[str]().union(*(chain.sources for chain in chains))
    return replace(
        Execution(
            offers=tuple(
                replace(offer, most=offer.most or offer.price_asked + offer.price_matched)
                for offer in problem.offers
                if offer.source in usable
            ),
            chains=chains,
            open=start(problem).unsatisfied,
            everything=strategy == "legacy",
        ),
        **more,  # type: ignore[arg-type]  # fields of a execution, by name
    )


@st.composite
def executions(draw: st.DrawFn) -> Execution:
    """Up to four sources and four datasets in up to three parts, with all that may happen on the way."""
    rng = Random(draw(st.integers(0, 10**6)))
    problem = small(rng, sources=rng.randint(1, 4), datasets=rng.randint(2, 4), value_of_time=rng.choice((0, 0, 40)))
    strategy = rng.choice(("enhanced", "enhanced", "priority", "legacy"))
    execution = with_last_resorts(rng, execution_of(problem, strategy))
    if len(execution.offers) > 1 and strategy != "legacy" and rng.random() < 0.4:
        execution = with_a_rule(rng, execution)
    if rng.random() < 0.6:
        execution = with_caps(rng, execution)
    return in_two_stages(rng, execution) if rng.random() < 0.25 else execution


def with_a_rule(rng: Random, execution: Execution) -> Execution:
    """Once one or two others have replied, and satisfied something, a source is needless for what is optional."""
    skip, *held = rng.sample([call.source for call in execution.offers], rng.randint(2, min(3, len(execution.offers))))
    answers = frozenset(rng.sample(sorted(execution.open), rng.randint(0, len(execution.open))))
    return replace(execution, skips=(Skip(skip, frozenset(held), execution.open, answers, met=rng.random() < 0.3),))


def in_two_stages(rng: Random, execution: Execution) -> Execution:
    """First one dataset, in an order of its own; then all that is left, by the chains there were."""
    first = rng.choice(sorted(execution.open))
    offers = tuple(offer for offer in execution.offers if first in dict(offer.fill_rates))
    problem = Problem(offers, frozenset({first}), (), ((first, tuple(offer.source for offer in offers)),))
    finding = Chain(compile_policy("priority", problem), start(problem), frozenset({first}))

    def then(open_: frozenset[str], asked: frozenset[str]) -> tuple[Chain, ...]:
        left = (State(one.state.unsatisfied & open_, one.state.usable - asked) for one in execution.chains)
        return tuple(replace(one, state=state) for one, state in zip(execution.chains, left, strict=True))

    return replace(execution, chains=(finding,), then=then)


def with_last_resorts(rng: Random, execution: Execution) -> Execution:
    """One more source that satisfies nothing, or one of those there are that mentions more than it satisfies."""
    chains = list(execution.chains)
    required = [(n, d) for n, chain in enumerate(chains) for d in sorted(chain.required)]
    if not required or rng.random() < 0.4:
        return execution
    n, dataset = rng.choice(required)
    offers = list(execution.offers)
    if offers and rng.random() < 0.5 and dataset not in dict(offers[0].fill_rates):
        offers[0] = replace(offers[0], mention_rates=((dataset, 0.5),))
        last = offers[0].source
    else:
        offers.append(resort("x", rng.randint(0, 200), dataset, float(rng.randint(1, 9))))
        last = "x"
    chains[n] = replace(chains[n], last_resorts=((last, frozenset({dataset})),))
    mentioned = frozenset(name for name in sorted(execution.open) if rng.random() < 0.2)
    return replace(execution, offers=tuple(offers), chains=tuple(chains), mentioned=mentioned)


def resort(source: str, price: int, dataset: str, seconds: float) -> Offer:
    return Offer(source, price, 0, 0.8, (), seconds, mention_rates=((dataset, 0.7),), most=200)


def with_caps(rng: Random, execution: Execution) -> Execution:
    """Under the whole, and sometimes under some of the sources as well; and something to buy at the end."""
    most = sum(call.most for call in execution.offers) + 50
    names = [call.source for call in execution.offers]
    caps = [RemainingCap(rng.randint(0, most), frozenset((*names, "analysis:a")))]
    if rng.random() < 0.4:
        caps.append(RemainingCap(rng.randint(0, most), frozenset(rng.sample(names, rng.randint(0, len(names))))))
    return replace(execution, caps=tuple(caps), closing=(ClosingPurchase("analysis:a", 30, 50),))


@settings(max_examples=250, deadline=None, derandomize=True)
@given(executions())
def test_what_is_expected_is_what_all_executions_come_to_on_average(execution: Execution) -> None:
    seen = forecast(execution)
    assert seen.exact
    assert_is_the_mean(seen, replace(execution, caps=execution.binding()))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(executions())
def test_half_cost_no_more_than_nine_in_ten_and_none_more_than_its_caps(execution: Execution) -> None:
    seen = forecast(execution)
    most = sum(call.most for call in execution.offers) + sum(one.most for one in execution.closing)
    everywhere = (cap.left for cap in execution.caps if len(cap.over) > len(execution.offers))
    bound = min([most, *everywhere])
    assert 0 <= seen.p50 <= seen.p90 <= bound
    assert seen.vendors + seen.last_resorts + seen.analyses <= bound + 1e-6


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_without_caps_and_last_resorts_it_is_the_forecast_of_the_policy(seed: int) -> None:
    rng = Random(seed)
    problem = small(rng, sources=rng.randint(2, 6), datasets=rng.randint(2, 5), value_of_time=rng.choice((0, 30)))
    seen = forecast(execution_of(problem, "enhanced"))
    made = policy_forecast(compile_policy("enhanced", problem), problem)
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
    execution = execution_of(
        problem, "legacy", caps=(RemainingCap(25_000, frozenset(o.source for o in problem.offers)),)
    )
    seen = forecast(execution)
    assert not seen.exact
    assert seen == forecast(execution)
    rng, runs = Random(5), 2_000
    costs = sorted(PlainExecution(execution, lambda chance: rng.random() < chance).run().cost for _ in range(runs))
    assert seen.vendors == pytest.approx(sum(costs) / runs, rel=0.01)
    assert seen.p50 == pytest.approx(costs[runs // 2], rel=0.02)
    assert seen.p50 <= seen.p90 <= 25_000


def test_sources_that_would_have_been_asked_had_they_fitted_are_known_by_name() -> None:
    offers = (Offer("cheap", 50, 0, 0.5, (("d", 1.0),)), Offer("dear", 100, 0, 1.0, (("d", 1.0),)))
    problem = Problem(offers, frozenset({"d"}), ())
    everywhere = frozenset({"cheap", "dear"})
    assert forecast(execution_of(problem, "enhanced", caps=(RemainingCap(100, everywhere),))).too_dear == {"dear"}
    assert forecast(execution_of(problem, "enhanced", caps=(RemainingCap(150, everywhere),))).too_dear == frozenset()


def test_a_chain_of_two_is_what_one_computes_by_hand() -> None:
    offers = (
        Offer("db", 100, 0, 0.9, (("industry", 0.8),), seconds=2.0),
        Offer("web", 150, 0, 0.9, (("industry", 0.7),), seconds=3.0),
    )
    seen = forecast(execution_of(Problem(offers, frozenset({"industry"}), ()), "enhanced"))
    assert (seen.p50, seen.p90) == (100, 250)
    assert seen.vendors == pytest.approx(0.72 * 100 + 0.28 * 250)
    assert seen.seconds == pytest.approx(0.72 * 2 + 0.28 * 5)
    assert dict(seen.asked) == pytest.approx({"db": 1.0, "web": 0.28})
    assert dict(seen.satisfied) == pytest.approx({"industry": 1 - 0.28 * 0.37})


def test_a_chain_follows_what_is_found() -> None:
    offers = (
        Offer("first", 10, 0, 0.9, (("a", 0.9),)),
        Offer("second", 30, 0, 0.9, (("a", 0.9),)),
        Offer("after_a", 20, 0, 0.9, (("b", 0.9),), needs=frozenset({"a"})),
    )
    execution = execution_of(Problem(offers, frozenset({"a", "b"}), ()), "enhanced")
    assert steps_if_found(execution, frozenset()) == ((("first",), ("second",)),)
    assert steps_if_found(execution, frozenset({"a"})) == ((("first",), ("after_a",)),)


def test_under_limits_strands_go_in_turn_so_that_a_reserve_shuts_no_chain_out() -> None:
    """Either may take 100 and costs 10: in turn both fit under 110; side by side the second would not."""
    offers = tuple(
        Offer(name, 10, 0, 1.0, ((dataset, 1.0),), 5.0, most=100) for name, dataset in (("s", "a"), ("t", "b"))
    )
    execution = execution_of(Problem(offers, frozenset({"a", "b"}), ()), "enhanced")
    seen = forecast(replace(execution, caps=(RemainingCap(110, frozenset({"s", "t"})),)))
    assert dict(seen.satisfied) == {"a": 1.0, "b": 1.0}
    assert (seen.vendors, seen.seconds) == (20, 10.0)
    assert forecast(execution).seconds == 5.0
