"""A cold batch on a store of its own, by workers in processes of their own.

prepared(folder, ...) -> ColdBatch;   ColdBatch.work(workers) -> WorkerFigures of each
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.batch.batch_worker import WorkerFigures
from bench.fresh_stores import STORES
from bench.money.sandbox_setup import EVERY, catalogue, copied_rules, sandbox, set_up
from bench.money.worker import SharedClock, WorkerSetup
from enrichment.domain.batches import Batch
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from resources.store import open_store

CONSUMERS = ("profile", "vendor_enrichment", "customer_enrichment")
NO_WAITING = 2_000.0
"""Time scale of the sandbox: a job of minutes is ready at once."""
UNLIMITED: Mapping[str, Any] = {EVERY: {"rate_limits": {}, "concurrency": 400}}


@dataclass(frozen=True)
class ColdBatch:
    """url: of the sandbox. domains: of the companies its vendors may know."""

    setup: WorkerSetup
    url: str
    domains: Sequence[str]

    def started(self, consumers: Sequence[str], domains: Sequence[str], *, strategy: str | None = None) -> Batch:
        """Makes a batch of companies of which nothing is known."""
        store, now = open_store(self.setup.store_url, world="sandbox"), SharedClock(self.setup.clock).now()
        try:
            wanted = [Company(new_id("com"), domain, None, domain, now) for domain in domains]
            added = store.companies.add(wanted)
            batch = Batch(new_id("bat"), now, tuple(consumers), "bench", strategy=strategy)
            return store.batches.create(batch, [company.company_id for company in added])
        finally:
            store.close()

    def work(self, batch: Batch, workers: int = 1, *, calls: Path | None = None) -> list[WorkerFigures]:
        """Works on a batch to its end. calls: where the calls of the first worker are written."""
        command = [sys.executable, "-m", "bench.batch.batch_worker", _as_json(self.setup), batch.batch_id]
        others = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(workers - 1)]  # noqa: S603 - our own
        recording = [] if calls is None else ["--calls", str(calls)]
        first = subprocess.Popen([*command, *recording], stdout=subprocess.PIPE)  # noqa: S603 - our own program
        return [_figures(process) for process in (first, *others)]


@contextmanager
def prepared(
    folder: Path,
    *,
    companies: int,
    seed: int,
    store: str = "sqlite",
    time_scale: float = NO_WAITING,
    providers: Mapping[str, Any] = UNLIMITED,
) -> Iterator[ColdBatch]:
    """providers: changes of the rules. The cap of the day leaves enough for all."""
    folder.mkdir(parents=True)
    changes = {"providers": providers, "caps": {"all": str(100 * companies)}}
    with ExitStack() as stack:
        books = folder / "books"
        url = stack.enter_context(sandbox(books, time_scale=time_scale, seed=seed, fault_rate=0.0, companies=companies))
        new_store = stack.enter_context(STORES[store](folder))
        rules = copied_rules(folder / "config", changes)
        setup = set_up(folder, url=url, store_url=new_store("store"), rules=rules, time_scale=time_scale)
        yield ColdBatch(setup, url, [company["domain"] for company in catalogue(url)])


def _as_json(setup: WorkerSetup) -> str:
    return json.dumps([str(value) for value in vars(setup).values()])


def _figures(process: "subprocess.Popen[bytes]") -> WorkerFigures:
    output, _ = process.communicate()
    if process.returncode:
        raise AssertionError(f"a worker ended with code {process.returncode}")
    return WorkerFigures(**json.loads(output))
