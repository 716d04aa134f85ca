"""Measure planning itself: one plan from warm policies, and plans for many companies from one read of a store."""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter, process_time

from bench.planner.generated_store import NOW, store_of
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known, ReplyHead
from enrichment.planning.bulk.planner import BulkInputs, Group, plan_many
from enrichment.planning.bulk.state_counts import ReplyStates, pairs_of
from enrichment.planning.plan import Plan, make_plan
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.policy.cache import PolicyCache
from enrichment.policy.compiled import compile_enhanced
from enrichment.policy.problem import Problem, start
from enrichment.rules import Rules, load_rules
from enrichment.rules.requirements import Requirements, requirements_of
from resources.policy_store import PolicyFiles
from resources.store import SqlStore, open_store

CONSUMERS = ("profile", "vendor_enrichment", "customer_enrichment")
_CONFIG = Path(__file__).parents[2] / "config"
_ACME = Company("com_1", "acme.example", "Acme", "acme.example", NOW)


@dataclass(slots=True)
class _Watch:
    """Seconds, one for each time: by the clock, and of this process's CPU."""

    times: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[None]:
        began, cpu = perf_counter(), process_time()
        yield
        self.times.append(perf_counter() - began)
        self.cpu.append(process_time() - cpu)

    def __str__(self) -> str:
        return f"{median(self.times) * 1e3:.2f} ({max(self.times) * 1e3:.1f})"


def show_plans(seed: int, count: int = 300) -> None:
    """Plans of companies of which some sources have answered that they know nothing."""
    rules, rng = load_rules(_CONFIG), Random(seed)
    memories = [_memory(rules, rng) for _ in range(count)]
    print(f"{count} plans of companies of which different sources know nothing, seed {seed}: ms, median (worst)")
    for consumer in CONSUMERS:
        requirements = requirements_of(rules, (consumer,))
        whole = _whole(rules, requirements)
        with tempfile.TemporaryDirectory() as folder:
            first, restored = _Watch(), _Watch()
            with first.running():
                _plan(rules, requirements, Known(), PolicyCache(PolicyFiles(Path(folder))))
            policies = PolicyCache(PolicyFiles(Path(folder)))
            with restored.running():
                policies.compiled("enhanced", whole)
        new, met, alone = _Watch(), _Watch(), _Watch()
        for watch in (new, met):
            for known in memories:
                with watch.running():
                    _plan(rules, requirements, known, policies)
        for known in memories:
            problem = _plan(rules, requirements, known, policies).parts[0].problem
            with alone.running():
                compile_enhanced(problem).next(start(problem))
        print(
            f"  {consumer:20} nothing compiled {first}, restored from disk {restored}, state not met before {new}, "
            f"state met before {met}; compiled for each company instead {alone}"
        )


def _plan(rules: Rules, requirements: Requirements, known: Known, policies: PolicyCache) -> Plan:
    return make_plan(
        PlanInputs(rules, requirements, _ACME, known, strategy="enhanced", now=NOW, unavailable={}, policies=policies)
    )


def _memory(rules: Rules, rng: Random) -> Known:
    at = NOW - timedelta(minutes=5)
    sources = rng.sample(sorted(rules.sources), rng.randint(0, 6))
    return Known(tuple(ReplyHead(s, s, s, s, False, at, at + timedelta(days=1), 0) for s in sources))


def show_many(seed: int, companies: int = 100_000) -> None:
    """Shows as many companies as given, after a month of use; what is read of the store is timed apart."""
    with tempfile.TemporaryDirectory() as folder:
        began, url = perf_counter(), f"sqlite:///{folder}/store.sqlite"
        making = get_context("spawn").Process(target=_make, args=(url, companies, seed, Path(folder)))
        making.start()  # in a process of its own, so that its memory and CPU are not counted as those of plans
        making.join()
        print(
            f"Plans for {companies:,} companies, store made in {perf_counter() - began:.0f} s, seed {seed}", flush=True
        )
        for consumer in CONSUMERS:
            planning = get_context("spawn").Process(target=_plan_for, args=(url, consumer, Path(folder)))
            planning.start()  # a process for each size, so that each peak of memory is its own
            planning.join()


def _make(url: str, companies: int, seed: int, policies: Path) -> None:
    """The store, and the files of policies."""
    rules = load_rules(_CONFIG)
    store_of(url, rules, companies, seed).close()
    for consumer in CONSUMERS:
        PolicyCache(PolicyFiles(policies)).compiled("enhanced", _whole(rules, requirements_of(rules, (consumer,))))


def _plan_for(url: str, consumer: str, policies: Path) -> None:
    store, rules = open_store(url, world="sandbox"), load_rules(_CONFIG)
    _show_consumer(store, rules, requirements_of(rules, (consumer,)), PolicyCache(PolicyFiles(policies)))
    store.close()


def _show_consumer(store: SqlStore, rules: Rules, requirements: Requirements, policies: PolicyCache) -> None:
    """Shows plans from a warm policy, as the files of policies keep it."""
    reading, beside, planning, looked_at = _Watch(), _Watch(), _Watch(), list[int]()
    policies.compiled("enhanced", _whole(rules, requirements))

    def known_of(ids: Sequence[str]) -> dict[str, Known]:
        looked_at.append(len(ids))
        with beside.running():
            return store.knowledge.known_many(ids)

    pairs = pairs_of(rules, requirements, NOW)
    with reading.running():
        companies = store.companies.all()
        reply_states = ReplyStates(pairs, store.knowledge.reply_states(pairs))
    with planning.running():
        groups = plan_many(
            BulkInputs(rules, requirements, NOW, {}, {}, policies),
            companies,
            reply_states,
            known_of=known_of,
            strategy_of=lambda _: "enhanced",
            kinds={},
        )
    wall, cpu = (sum(all_) - sum(read) for all_, read in ((planning.times, beside.times), (planning.cpu, beside.cpu)))
    print(
        f"  {requirements.consumer:20} read {sum(reading.times + beside.times):.1f} s, {sum(looked_at):,} of them "
        f"by themselves; beyond it {wall:.2f} s, {cpu:.2f} s of CPU: {len(groups):,} states, "
        f"{_expected(groups):,.0f} USD, {_asked(groups):,} to be asked about; "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most"
    )


def _expected(groups: Sequence[Group]) -> float:
    return sum(len(group.companies) * group.expected_micro_usd for group in groups) / 1e6


def _asked(groups: Sequence[Group]) -> int:
    return sum(len(group.companies) for group in groups if group.first)


def _whole(rules: Rules, requirements: Requirements) -> Problem:
    return _plan(rules, requirements, Known(), PolicyCache()).parts[0].whole
