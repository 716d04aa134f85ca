"""A month of mixed requests through the real pipeline: what memory serves, what a request costs, takes and ends with.

Zipf over the companies, each consumer in its share; a day's requests at a time, then a day passes.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from random import Random

from bench.batch.batch_run import UNLIMITED, prepared
from bench.money.sandbox_setup import pass_time
from bench.money.worker import SharedClock, WorkerSetup
from bench.planner.month import SHARES
from enrichment.context.run_context import RunContext
from enrichment.pipeline.enrich import Ask, Enriched, enrich
from enrichment.rules import Rules
from enrichment.rules.requirements import requirements_of
from resources.store import open_store
from resources.wiring import open_context

DAYS = 30
REQUESTS_A_COMPANY = 4
COMPANIES = 500
_AT_ONCE = 16
_A_DAY = 86_400.0
_ENDS = ("complete", "incomplete")


def month(folder: Path, *, companies: int | None, seed: int) -> None:
    number = companies or COMPANIES
    with prepared(folder / "month", companies=number, seed=seed, providers=UNLIMITED) as cold:
        trace = _trace(cold.domains[:number], Random(seed))
        figures = asyncio.run(_lived(cold.setup, cold.url, trace))
    print(f"month, {len(trace)} requests of {number} companies in {DAYS} days: {figures}", flush=True)


def _trace(domains: Sequence[str], rng: Random) -> list[tuple[str, str]]:
    """(company, consumer) in the order they are asked."""
    weights = [1 / rank for rank in range(1, len(domains) + 1)]
    asked = rng.choices(domains, weights, k=REQUESTS_A_COMPANY * len(domains))
    return list(zip(asked, rng.choices(list(SHARES), list(SHARES.values()), k=len(asked)), strict=True))


class _Figures:
    """cost: micro-USD. reads: datasets that requests got; remembered: those that they did not buy.

    could_be: those that the best policy would not buy: a dataset is bought by the request that reads it first, and by
    none while the source that is valid longest may still be. Buying ahead would hide a purchase, not save it.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._bought = dict[tuple[str, str], datetime]()
        self.ends: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.cost = self.reads = self.remembered = self.could_be = 0

    def note(self, ended: Enriched, seconds: float) -> None:
        self.ends[ended.request.state] += 1
        self.seconds.append(seconds)
        self.cost += ended.request.cost_micro_usd
        for profile in ended.profiles:
            for name, field in profile.document["datasets"].items():
                if field["values"] and not field.get("extra"):
                    self.reads += 1
                    self.could_be += self._is_known(ended, profile.consumer, name)
                    self.remembered += field["values"][0]["paid_by"] != ended.request.request_id

    def _is_known(self, ended: Enriched, consumer: str, dataset: str) -> bool:
        """Whether an earlier request had to buy it, and need not have been the last one to."""
        at, key = ended.request.asked_at, (ended.company.company_id, dataset)
        since = self._bought.get(key)
        if since is not None and (at - since).total_seconds() <= self._longest(consumer, dataset):
            return True
        self._bought[key] = at
        return False

    def _longest(self, consumer: str, dataset: str) -> float:
        """Seconds for which a value may be valid; an analysis of unchanged evidence: for ever."""
        rules, entry = self._rules, self._rules.datasets[dataset]
        if entry.analysis is not None:
            return math.inf
        limit = requirements_of(rules, (consumer,)).age_limit(dataset)
        valid = max(rules.valid_seconds(source, dataset) for source in entry.sources)
        return valid if limit is None else min(valid, limit)

    def __str__(self) -> str:
        ordered, total = sorted(self.seconds), self.ends.total()
        ended = sum(self.ends[state] for state in _ENDS) / total
        return (
            f"{self.remembered / self.reads:.3f} of the datasets from memory, at most "
            f"{self.could_be / self.reads:.3f} could be; {self.cost / total / 1e6:.4f} USD a "
            f"request; complete or incomplete {ended:.4f} {dict(self.ends)}; seconds a request "
            f"p50 {ordered[total // 2]:.2f}, p95 {ordered[int(0.95 * total)]:.2f}"
        )


async def _lived(setup: WorkerSetup, url: str, trace: list[tuple[str, str]]) -> _Figures:
    rules, store = setup.rules(), open_store(setup.store_url, world="sandbox")
    figures = _Figures(rules)
    async with open_context(setup.settings, rules, store=store, now=SharedClock(setup.clock).now) as context:
        for day in range(DAYS):
            asked = trace[day * len(trace) // DAYS : (day + 1) * len(trace) // DAYS]
            slots = asyncio.Semaphore(_AT_ONCE)
            await asyncio.gather(*(_one(one, slots, rules, context, figures) for one in asked))
            await asyncio.to_thread(pass_time, setup, url, _A_DAY)
    store.close()
    return figures


async def _one(
    asked: tuple[str, str], slots: asyncio.Semaphore, rules: Rules, context: RunContext, figures: _Figures
) -> None:
    company, consumer = asked
    async with slots:
        began = asyncio.get_running_loop().time()
        ended = await enrich(Ask(company, (consumer,), asked_by="bench"), rules=rules, context=context)
        figures.note(ended, asyncio.get_running_loop().time() - began)
