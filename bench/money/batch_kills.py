"""A batch whose workers are killed at random points, all of them too, and that others go on with: is it booked right?

    python -m bench.money.batch_kills [--seeds 20] [--first-seed N] [--companies 60] [--stores sqlite postgres]

Each seed: a store and a sandbox of its own with faults, 4 workers, kill -9 after a random time, twice; then 4 workers
that end what is left, and a reconciliation. One line a seed; exit code 1 if one has an error.
"""

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.fresh_stores import STORES
from bench.money.audit import bought_twice, caps_in_error, gaps, orphans, reconcile, without_reply
from bench.money.batch_worker import started_worker
from bench.money.sandbox_setup import (
    catalogue,
    copied_rules,
    invoice,
    invoice_lines,
    pass_time,
    sandbox,
    set_up,
    unlimited_vendors,
)
from bench.money.worker import SharedClock, WorkerSetup
from enrichment.domain.batches import Batch
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.money import charge
from enrichment.domain.requests import Request
from enrichment.ports import REQUEST_LEASE
from resources.store import SqlStore, open_store

WORKERS = 4
AT_ONCE = 6
TIME_SCALE = 400.0
FAULT_RATE = 0.1
CONSUMERS = ("profile", "vendor_enrichment", "customer_enrichment")
BATCH = "bat_1"
_MOST_SECONDS = 180  # the most that the workers that end a batch may take
_KILLED_AFTER = (0.1, 4.0)  # seconds, at least and at most


@dataclass
class KilledBatch:
    """What one batch went through. errors: what is booked wrong."""

    killed: int = 0
    given_up: int = 0
    states: Counter[str] = field(default_factory=Counter)
    cost: int = 0
    budget: int = 0
    errors: list[str] = field(default_factory=list)


def main() -> None:
    options = _options()
    context: Any = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.money.batch_worker"])
    wrong = 0
    for name in options.stores:
        with tempfile.TemporaryDirectory() as folder, STORES[name](Path(folder)) as new_store:
            for seed in range(options.first_seed, options.first_seed + options.seeds):
                began, here = time.monotonic(), Path(folder) / str(seed)
                here.mkdir()
                found = killed_batch(here, new_store(f"seed_{seed}"), seed, options.companies, context)
                wrong += bool(found.errors)
                print(_line(name, seed, found, time.monotonic() - began), flush=True)
                for error in found.errors:
                    print(f"    {error}")
    print(f"{wrong} of {options.seeds * len(options.stores)} batches are booked wrong")
    sys.exit(1 if wrong else 0)


def killed_batch(folder: Path, store_url: str, seed: int, companies: int, context: Any) -> KilledBatch:
    chance, found = random.Random(seed), KilledBatch()
    with sandbox(folder / "books", time_scale=TIME_SCALE, seed=seed, fault_rate=FAULT_RATE) as url:
        rules = copied_rules(folder / "config", {"providers": unlimited_vendors(TIME_SCALE)})
        setup = set_up(folder, url=url, store_url=store_url, rules=rules, time_scale=TIME_SCALE)
        store = open_store(store_url, world="sandbox")
        try:
            _make_batch(store, url, chance, companies, found, now=SharedClock(setup.clock).now())
            for _ in range(2):
                _work_until_killed(store, setup, chance, found, context)
                pass_time(setup, url, REQUEST_LEASE.total_seconds() + 5)
            _work_to_the_end(setup, found, context)
            pass_time(setup, url, REQUEST_LEASE.total_seconds() + 5)
            store.requests.end_silent(SharedClock(setup.clock).now())
            _check(store, url, setup, found)
        finally:
            store.close()
    return found


def _make_batch(
    store: SqlStore, url: str, chance: random.Random, companies: int, found: KilledBatch, *, now: datetime
) -> None:
    rows = chance.sample(catalogue(url), companies)
    added = store.companies.add([Company(new_id("com"), row["domain"], None, row["domain"], now) for row in rows])
    found.budget = chance.choice([3_000_000, 10_000_000, 100_000_000])
    batch = Batch(BATCH, now, (chance.choice(CONSUMERS),), "bench", max_cost=found.budget)
    store.batches.create(batch, [company.company_id for company in added])


def _work_until_killed(
    store: SqlStore, setup: WorkerSetup, chance: random.Random, found: KilledBatch, context: Any
) -> None:
    """All of them, each at a moment of its own, counted from the first request that one of them begins."""
    before = len(store.requests.latest(limit=100_000))
    workers = [
        started_worker(setup, BATCH, name=new_id("wrk"), at_once=AT_ONCE, context=context) for _ in range(WORKERS)
    ]
    moments = sorted(chance.uniform(*_KILLED_AFTER) for _ in workers)
    until = time.monotonic() + _MOST_SECONDS
    while len(store.requests.latest(limit=100_000)) == before and time.monotonic() < until and _any_alive(workers):
        time.sleep(0.02)
    began = time.monotonic()
    for worker, moment in zip(workers, moments, strict=True):
        worker.join(max(0.0, began + moment - time.monotonic()))
        found.killed += worker.is_alive()
        worker.kill()
        worker.join()


def _any_alive(workers: Sequence[Any]) -> bool:
    return any(worker.is_alive() for worker in workers)


def _work_to_the_end(setup: WorkerSetup, found: KilledBatch, context: Any) -> None:
    workers = [
        started_worker(setup, BATCH, name=new_id("wrk"), at_once=AT_ONCE, context=context) for _ in range(WORKERS)
    ]
    until = time.monotonic() + _MOST_SECONDS
    for worker in workers:
        worker.join(max(0.0, until - time.monotonic()))
        if worker.exitcode != 0:
            found.errors.append(f"a worker did not end well: {worker.exitcode}")
            worker.kill()
            worker.join()


def _check(store: SqlStore, url: str, setup: WorkerSetup, found: KilledBatch) -> None:
    rules, rows = setup.rules(), list(store.batches.companies(BATCH))
    requests = store.requests.latest(limit=100_000)
    found.states = Counter(row.state for row in rows)
    found.given_up = sum(request.state == "failed" for request in requests)
    _check_costs(store, found, "before it is reconciled")
    by_id = {request.request_id: request for request in requests}
    for row in rows:
        last = by_id.get(row.request_id or "")
        if row.state in ("waiting", "under_way"):
            found.errors.append(f"{row.key} is {row.state} at the end")
        if (row.state == "complete") != (row.reason is None):
            found.errors.append(f"{row.key} is {row.state}: {row.reason}")
        if row.state != "postponed" and (last is None or (last.state == "complete") != (row.state == "complete")):
            found.errors.append(f"{row.key} is {row.state}, its last request {last and last.state}")
    found.errors += [f"{r.request_id} is {r.state}" for r in requests if r.state == "running"]
    found.errors += [f"{r.request_id} failed without a reason" for r in requests if r.state == "failed" and not r.error]
    found.errors += [f"bought twice: {pair}" for pair in bought_twice(store)]
    found.errors += [f"without its reply: {one}" for one in without_reply(store)]
    found.errors += [f"an orphan: {one}" for one in orphans(store)]
    found.errors += [
        f"not explained: {key} {gap}" for key, gap in gaps(store, invoice(url)).items() if not gap.explained
    ]
    billed = sum(charge(units, _prices(rules, vendor)) for vendor, units in invoice(url).items() if any(units.values()))
    if billed > found.budget:
        found.errors.append(f"billed {billed} of {found.budget} micro-USD")
    left = reconcile(store, invoice_lines(url), catalogue(url), SharedClock(setup.clock).now())
    found.errors += [f"left over: {subject} {units}" for subject, units in left.items()]
    found.errors += [f"not closed: {key} {gap}" for key, gap in gaps(store, invoice(url)).items() if not gap.closed]
    _check_costs(store, found, "after it is reconciled")


def _check_costs(store: SqlStore, found: KilledBatch, when: str) -> None:
    requests = store.requests.latest(limit=100_000)
    paid = {request.request_id: _paid(store, request) for request in requests}
    for request in requests:
        if request.cost_micro_usd != paid[request.request_id]:
            booked = f"booked at {request.cost_micro_usd}, its purchases cost {paid[request.request_id]}"
            found.errors.append(f"{when}: {request.request_id} ({request.state}) is {booked}")
    of_company: Counter[str] = Counter()
    for request in requests:
        of_company[request.company_id] += paid[request.request_id]
    for row in store.batches.companies(BATCH):
        if row.cost != of_company[row.company_id]:
            found.errors.append(f"{when}: {row.key} is booked at {row.cost}, it cost {of_company[row.company_id]}")
    errors = caps_in_error(store)
    taken, _ = errors.pop(f"batch:{BATCH}", (0, 0))  # which the audit adds up for no batch
    found.cost = sum(paid.values())
    if not found.cost <= taken <= found.budget:
        found.errors.append(f"{when}: {taken} of {found.budget} are taken, {found.cost} spent")
    found.errors += [f"{when}: cap {name} {both}" for name, both in errors.items()]


def _paid(store: SqlStore, request: Request) -> int:
    return sum(purchase.cost_micro_usd for purchase in store.ledger.purchases(request.request_id))


def _prices(rules: Any, vendor: str) -> Mapping[str, Any]:
    provider = rules.providers[vendor]
    prices = dict(provider.usd_per_unit())
    for model in provider.models.values():
        prices |= {"input_token": model.input_token.usd, "output_token": model.output_token.usd}
    return prices


def _line(store: str, seed: int, found: KilledBatch, seconds: float) -> str:
    states = ", ".join(f"{count} {state}" for state, count in sorted(found.states.items()))
    verdict = "right" if not found.errors else f"{len(found.errors)} ERRORS"
    return (
        f"{store:<9} seed {seed:<4} {found.killed} killed, {found.given_up:>3} requests given up; {states}; "
        f"{found.cost / 1_000_000:.2f} of {found.budget / 1_000_000:.0f} USD; {seconds:.0f} s: {verdict}"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.money.batch_kills", description="Batches that are killed.")
    parser.add_argument("--seeds", type=int, default=20, help="of each store")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--companies", type=int, default=60)
    parser.add_argument("--stores", nargs="+", choices=sorted(STORES), default=["sqlite", "postgres"])
    return parser.parse_args()


if __name__ == "__main__":
    main()
