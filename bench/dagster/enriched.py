"""Companies as a worker ends them, for measuring what is shown of them: real ones, and twins under other keys.

sandbox + shipped rules -> batch -> work() -> CompanyEnd ... -> twins
"""

import asyncio
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.money.sandbox_setup import catalogue, copied_rules, sandbox, unlimited_vendors
from enrichment.batches.worker import CompanyEnd, WorkerOptions, work
from enrichment.domain.batches import Batch
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.identity.domains import company_key
from enrichment.rules import Rules, load_rules
from resources.clock import utc_now
from resources.settings import Settings, load_settings
from resources.store import SqlStore
from resources.wiring import open_context, open_store_of, sandbox_file

TIME_SCALE = 1_000
SEED = 20261130


@dataclass(frozen=True)
class EnrichedBatch:
    """cpu: of the worker, in seconds, without anything of Dagster's."""

    batch: Batch
    rules: Rules
    ends: Sequence[CompanyEnd]
    cpu: float


@contextmanager
def environment(folder: Path) -> Iterator[Settings]:
    """A home with a sandbox, as the environment of this process and of those it starts."""
    folder.mkdir(parents=True, exist_ok=True)
    rules = copied_rules(folder / "config", {"providers": unlimited_vendors(TIME_SCALE)})
    os.environ |= {"ENRICH_HOME": str(folder / "home"), "ENRICH_CONFIG": str(rules), "ENRICH_WORLD": "sandbox"}
    settings = load_settings(sandbox=True)
    settings.home.mkdir(parents=True)
    with sandbox(folder / "sandbox", time_scale=TIME_SCALE, seed=SEED, fault_rate=0.0) as url:
        sandbox_file(settings).write_text(json.dumps({"url": url, "time_scale": TIME_SCALE}), encoding="utf-8")
        yield settings


def enriched(settings: Settings, url: str, consumer: str, most: int) -> EnrichedBatch:
    """Enriches at most so many companies of the sandbox, cold, by one worker in this process."""
    rules, store = load_rules(settings.enrich_config), open_store_of(settings)
    try:
        named = [(row["name"], row["domain"]) for row in catalogue(url)[:most]]
        companies = [Company(new_id("com"), company_key(n, d), n, d, utc_now()) for n, d in named]
        ids = [company.company_id for company in store.companies.add(companies)]
        batch = store.batches.create(Batch(new_id("bat"), utc_now(), (consumer,), "bench"), ids)
        ends: list[CompanyEnd] = []
        began = time.process_time()
        asyncio.run(_work(settings, rules, store, batch, ends))
        return EnrichedBatch(batch, rules, ends, time.process_time() - began)
    finally:
        store.close()


async def _work(settings: Settings, rules: Rules, store: SqlStore, batch: Batch, ends: list[CompanyEnd]) -> None:
    async with open_context(settings, rules, store=store) as context:
        await work(batch, rules=rules, context=context, options=WorkerOptions(ended=ends.append))


def twins(ends: Sequence[CompanyEnd], count: int) -> Iterator[CompanyEnd]:
    """Yields so many copies, each under a key of its own."""
    for number in range(count):
        yield _renamed(ends[number % len(ends)], f"{number // len(ends)}.")


def _renamed(end: CompanyEnd, prefix: str) -> CompanyEnd:
    key = prefix + end.company.key
    enriched = end.enriched
    if enriched is not None:
        enriched = replace(enriched, company=replace(enriched.company, key=key))
    return replace(end, company=replace(end.company, key=key), enriched=enriched)
