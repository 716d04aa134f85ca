"""The ledger alone: processes x threads reserve, send and settle on one store, as fast as they can.

    python -m bench.ledger [--purchases 3000] [--processes 8] [--threads 25] [--seed N] [--stores sqlite postgres]

Every purchase is reserved against four caps and settled with a reply of about 2 kB and three facts; fsync is on.
One line a store: what all of them do together, and then one thread in a process of its own.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path

from bench.fresh_stores import STORES
from enrichment.domain.ids import new_id
from enrichment.domain.knowledge import Fact, Reply
from enrichment.domain.purchases import Cap, Purchase
from enrichment.domain.values import Text
from enrichment.ports import Reserved
from resources.store import SqlStore, open_store

SEED = 20_250_101
PRICE, BILLED = 50_000, 40_000
SOURCES = ("serp_news", "serp_jobs", "serp_organic", "snov_contacts", "apollo_contacts", "brightdata_company_db")
NO_LIMIT = 10**15
_WARM_UP = 20


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured: times in seconds; longest: of all single calls of the store."""

    purchases: int
    seconds: float
    p50: float
    p99: float
    longest: float

    @property
    def a_second(self) -> float:
        return self.purchases / self.seconds

    def __str__(self) -> str:
        return (
            f"{self.a_second:.0f} purchases/s; reserve and settle p50 {self.p50 * 1000:.1f} ms, "
            f"p99 {self.p99 * 1000:.1f} ms; longest wait {self.longest:.2f} s"
        )


@dataclass(frozen=True, slots=True)
class Took:
    """One purchase: seconds each call took, in the order of its life."""

    reserve: float
    send: float
    settle: float


def measure(url: str, *, purchases: int, processes: int, threads: int, seed: int = SEED) -> Figures:
    """Made by `processes` x `threads`, in a store at this URL, which is made if there is none."""
    open_store(url, world="sandbox").close()
    context = get_context("spawn")
    ready, results = context.Barrier(processes + 1), context.SimpleQueue()
    each = purchases // processes
    workers = [
        context.Process(target=_work, args=(url, each, threads, seed + number, ready, results))
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    ready.wait()
    began = time.perf_counter()
    took: list[Took] = [one for _ in workers for one in results.get()]
    seconds = time.perf_counter() - began
    ready.wait()
    for worker in workers:
        worker.join()
    return _figures(took, seconds)


def _figures(took: Sequence[Took], seconds: float) -> Figures:
    both = sorted(one.reserve + one.settle for one in took)
    return Figures(
        purchases=len(took),
        seconds=seconds,
        p50=both[len(both) // 2],
        p99=both[len(both) * 99 // 100],
        longest=max(max(one.reserve, one.send, one.settle) for one in took),
    )


def _work(
    url: str, purchases: int, threads: int, seed: int, ready: Barrier, results: "SimpleQueue[list[Took]]"
) -> None:
    store, chance = open_store(url, world="sandbox", create=False), random.Random(seed)
    drafts = [_draft(chance) for _ in range(purchases)]
    for warming in (_draft(chance) for _ in range(_WARM_UP)):
        _buy(store, warming, _reply(warming, chance))
    replies = [_reply(draft, chance) for draft in drafts]
    ready.wait()
    with ThreadPoolExecutor(threads) as pool:
        took = list(pool.map(lambda pair: _buy(store, *pair), zip(drafts, replies, strict=True)))
    results.put(took)
    ready.wait()  # its end would take time from the processes that still buy
    store.close()


def _buy(store: SqlStore, draft: Purchase, reply: Reply) -> Took:
    marks = [time.perf_counter()]
    reserved = store.ledger.reserve(draft, _caps(draft), at_once=NO_LIMIT)
    marks.append(time.perf_counter())
    assert isinstance(reserved, Reserved)
    assert store.ledger.send(draft, at=draft.reserved_at)
    marks.append(time.perf_counter())
    store.ledger.settle(_billed(draft), reply=reply, facts=[_fact(reply, number) for number in range(3)])
    marks.append(time.perf_counter())
    return Took(*(later - earlier for earlier, later in pairwise(marks)))


def _draft(chance: random.Random) -> Purchase:
    now, source = datetime.now(UTC), chance.choice(SOURCES)
    return Purchase(
        purchase_id=new_id("pur"),
        request_id=f"req_{chance.randrange(10**6)}",
        company_id=f"com_{chance.randrange(10**12)}",
        consumer="profile",
        strategy="enhanced",
        source=source,
        provider=source.partition("_")[0],
        variant="",
        rules_hash="rules",
        reserved_units={"search": 1},
        usd_per_unit={"search": Decimal("0.05")},
        reserved_micro_usd=PRICE,
        reserved_at=now,
        lease_until=now + timedelta(hours=1),
    )


def _caps(draft: Purchase) -> list[Cap]:
    day = draft.reserved_at.date().isoformat()
    of = (f"consumer:{draft.consumer}", "day", f"provider:{draft.provider}", f"source:{draft.source}")
    return [Cap(f"{name}:{day}", NO_LIMIT) for name in of]


def _billed(draft: Purchase) -> Purchase:
    return replace(
        draft,
        units={"search": 1},
        cost_micro_usd=BILLED,
        closed_at=draft.reserved_at,
        latency_seconds=1.0,
        calls=1,
        outcome="found",
    )


def _reply(draft: Purchase, chance: random.Random) -> Reply:
    """About 2 kB of JSON."""
    results = [{"title": f"{chance.random()} of {chance.random()}", "snippet": "invented " * 12} for _ in range(12)]
    return Reply(
        reply_id=new_id("rep"),
        company_id=draft.company_id,
        source=draft.source,
        variant=draft.variant,
        purchase_id=draft.purchase_id,
        request_id=draft.request_id,
        found=True,
        payload={"search": {"organic_results": results}},
        collected_at=draft.reserved_at,
        expires_at=draft.reserved_at + timedelta(days=7),
    )


def _fact(reply: Reply, number: int) -> Fact:
    return Fact(
        company_id=reply.company_id,
        dataset="industry",
        value=Text(text=f"Industry {number}"),
        quality=0.9,
        reliability=0.95,
        source=reply.source,
        reply_id=reply.reply_id,
        purchase_id=reply.purchase_id,
        evidence=f"search.organic_results[{number}].title",
        collected_at=reply.collected_at,
        holds_until=reply.expires_at,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--purchases", type=int, default=3_000)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--threads", type=int, default=25)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--stores", nargs="+", choices=STORES, default=list(STORES))
    options = parser.parse_args()
    crowd = f"{options.processes} processes x {options.threads}"
    print(
        f"ledger alone, fsync on, seed {options.seed}, {options.purchases} purchases by {crowd}, then 300 by one thread"
    )
    for name in options.stores:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, STORES[name](Path(folder)) as made:
            many = measure(
                made("many"),
                purchases=options.purchases,
                processes=options.processes,
                threads=options.threads,
                seed=options.seed,
            )
            one = measure(made("one"), purchases=300, processes=1, threads=1, seed=options.seed)
            print(f"{name}: {many}; by one thread p50 {one.p50 * 1000:.1f} ms, p99 {one.p99 * 1000:.1f} ms")


if __name__ == "__main__":
    main()
