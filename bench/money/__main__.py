"""Soak: many processes buy through the sandbox, vendors fail, processes are killed. Is the ledger the invoice?

    python -m bench.money [--seconds 60] [--requests 2000] [--seed N] [--stores sqlite postgres] [--processes 8] ...

A round asks about every company of the sandbox, a third by name, some twice at the same moment. Work of killed
processes is done by others once their leases are over; then a month passes and all is bought again. One line a store;
exit code 1 if one has an error.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from io import FileIO
from pathlib import Path

from bench.fresh_stores import STORES
from bench.money.audit import (
    bought_twice,
    caps_in_error,
    gaps,
    orphans,
    over_caps,
    purchases,
    purchases_behind,
    reconcile,
    without_reply,
)
from bench.money.fleet import Fleet, FleetResult
from bench.money.sandbox_setup import (
    LEASE_SECONDS,
    catalogue,
    copied_rules,
    invoice,
    invoice_lines,
    pass_time,
    sandbox,
    set_up,
    unlimited_vendors,
)
from bench.money.worker import SharedClock, StoreTimings, WorkerSetup, WorkItem
from enrichment.domain.purchases import Purchase
from resources.store import SqlStore, open_store

A_MONTH = 31 * 86_400
CONSUMERS = ("profile", "vendor_enrichment", "customer_enrichment")
ASKED_TWICE = 0.25
ASKED_BY_NAME = 1 / 3
REPORTS_A_REQUEST = 3  # at least so many, because kills fall into the first half of a round
CAPS = {
    "all": "350.00",
    "providers": {"apollo": "8.00"},
    "sources": {"serp_jobs": "6.00", "brightdata_technographics": "30.00"},
    "consumers": {"customer_enrichment": "150.00"},
}


@dataclass(frozen=True)
class Options:
    seconds: float
    requests: int
    most_seconds: float
    seed: int
    processes: int
    at_once: int
    fault_rate: float
    time_scale: float
    kills: int


@dataclass
class Soak:
    """What one store went through."""

    requests: int = 0
    rounds: int = 0
    killed: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    windows: list[tuple[datetime, datetime]] = field(default_factory=list)
    waits: StoreTimings = field(default_factory=StoreTimings)
    ends: dict[str, int] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    def add(self, ran: FleetResult) -> None:
        self.requests += len(ran.reports)
        self.killed += ran.killed
        self.cpu_seconds += ran.cpu_seconds
        self.waits.add(ran.waits)
        self.troubles += ran.troubles
        for report in ran.reports:
            self.ends[report.state] = self.ends.get(report.state, 0) + 1


class Span:
    """How long a soak lasts: its seconds and its requests, both; but never longer than its most seconds."""

    def __init__(self, options: Options) -> None:
        began = time.monotonic()
        self._least, self._most = began + options.seconds, began + max(options.seconds, options.most_seconds)
        self._requests = options.requests
        self.ended: float | None = None

    def over(self, before: int, since: int = 0) -> bool:
        """Requests made before, and since."""
        now, enough = time.monotonic(), before + since >= self._requests
        if self.ended is None and (now > self._most or (now > self._least and enough)):
            self.ended = now
        return self.ended is not None


def main() -> None:
    options, stores = _options()
    print(
        f"seed {options.seed}; {options.processes} processes x {options.at_once} requests; faults {options.fault_rate}"
    )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        print(
            f"here {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; fdatasync {_to_disk_ms(Path(folder)):.1f} ms"
        )
        clean = [_one_store(name, Path(folder) / name, options) for name in stores]
    sys.exit(0 if all(clean) else 1)


def _one_store(name: str, folder: Path, options: Options) -> bool:
    folder.mkdir()
    with (
        STORES[name](folder) as new_store,
        sandbox(
            folder / "books", time_scale=options.time_scale, seed=options.seed, fault_rate=options.fault_rate
        ) as url,
    ):
        changes = {"providers": unlimited_vendors(options.time_scale), "caps": CAPS}
        rules = copied_rules(folder / "config", changes)
        setup = set_up(folder, url=url, store_url=new_store("store"), rules=rules, time_scale=options.time_scale)
        soak = soaked(setup, url, options)
        store = open_store(setup.store_url, world="sandbox")
        try:
            return _judged(name, soak, store, setup, url, asked=options.requests)
        finally:
            store.close()


def soaked(setup: WorkerSetup, url: str, options: Options) -> Soak:
    """Rounds until the time is over and enough was asked; work of killed processes is done again."""
    soak, chance = Soak(), random.Random(options.seed)
    companies = catalogue(url)
    with Fleet(setup, processes=options.processes, at_once=options.at_once, seed=options.seed) as fleet:
        fleet.run(_warm_up(companies[0]["domain"], options.processes))
        span, clock = Span(options), SharedClock(setup.clock)
        while not span.over(soak.requests):
            orders, began, from_ = _round(companies, chance), time.monotonic(), clock.now()
            kills_within = REPORTS_A_REQUEST * len(orders) // 2
            enough = partial(span.over, soak.requests)
            ran = fleet.run(orders, kills=options.kills, within=kills_within, enough=enough)
            # later requests wait for dead processes, or end what those began
            seconds = min(time.monotonic(), span.ended or time.monotonic()) - began
            soak.seconds += seconds
            soak.windows.append((from_, from_ + timedelta(seconds=seconds)))
            soak.rounds += 1
            soak.add(ran)
            pass_time(setup, url, LEASE_SECONDS)
            soak.add(fleet.run(ran.lost))
            pass_time(setup, url, A_MONTH)
    return soak


def _warm_up(company: str, processes: int) -> list[WorkItem]:
    """Something for every process to do, so that all have imported and compiled what they need."""
    return [WorkItem(number, company, CONSUMERS[number % 3]) for number in range(processes * 3)]


def _round(companies: Sequence[Mapping[str, str]], chance: random.Random) -> list[WorkItem]:
    asked = []
    for company in chance.sample(companies, len(companies)):
        text = company["name" if chance.random() < ASKED_BY_NAME else "domain"]
        asked += [(text, consumer) for consumer in CONSUMERS]
        if chance.random() < ASKED_TWICE:
            asked.append(asked[-1])
    return [WorkItem(number, text, consumer) for number, (text, consumer) in enumerate(asked)]


def _judged(name: str, soak: Soak, store: SqlStore, setup: WorkerSetup, url: str, *, asked: int) -> bool:
    """Prints the line. False: something is not as it must be."""
    rows = purchases(store)
    settled = [row for row in rows if row.state == "settled"]
    in_time = sum(any(begun <= row.closed_at < over for begun, over in soak.windows) for row in settled)
    uncertain = store.ledger_queries.uncertain()
    before = gaps(store, invoice(url))
    twice = bought_twice(store, [company["name"] for company in catalogue(url)])
    over, wrong = over_caps(store, setup.rules()), caps_in_error(store)
    lost, astray = without_reply(store), orphans(store)
    left = reconcile(store, invoice_lines(url), catalogue(url), SharedClock(setup.clock).now())
    after = gaps(store, invoice(url))
    print(
        f"{name}: {soak.requests} requests {soak.ends}, {len(settled)} purchases, {len(twice)} duplicates, "
        f"{sum(over.values())} micro-USD over cap, {len(uncertain)} uncertain, invoice minus ledger "
        f"{sum(g.billed - g.settled for g in before.values())} of at most {sum(g.uncertain for g in before.values())}, "
        f"{sum(abs(g.billed - g.settled) for g in after.values())} after reconciliation, {soak.killed} killed, "
        f"{soak.rounds} rounds, {in_time / soak.seconds:.0f} purchases/s over {soak.seconds:.0f} s, "
        f"{1000 * soak.cpu_seconds / len(settled):.1f} ms CPU a purchase in the workers, "
        f"reserve {_spread(soak.waits.reserve)}, settle {_spread(soak.waits.settle)}",
        flush=True,
    )
    for why, number in Counter(_in_short(purchase) for purchase in uncertain).most_common(5):
        print(f"  {number} uncertain: {why}")
    trouble: dict[str, Sequence[object]] = {
        "ended with a traceback": soak.troubles,
        "not settled <= invoice <= settled + uncertain": [k for k, g in before.items() if not g.explained],
        "bought twice": twice,
        "over a cap": list(over.items()),
        "the caps table is wrong": list(wrong.items()),
        "paid for and lost": lost,
        "of no company, or of the wrong one": astray,
        "too few requests": [] if soak.requests >= asked else [f"{soak.requests} of {asked}"],
        "billed and of no purchase": list(left.items()),
        "still apart after reconciliation": [k for k, g in after.items() if not g.closed],
    }
    for what, which in trouble.items():
        if which:
            print(f"  {what}: {len(which)}, such as {which[0]}")
    for matter in left:
        print(f"  {matter}:", *purchases_behind(store, matter), sep="\n    ")
    return not any(trouble.values())


def _in_short(purchase: Purchase) -> str:
    return f"{purchase.provider}, {(purchase.reason or purchase.state).removeprefix(purchase.provider).strip()}"[:100]


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    ordered = [1000 * one for one in sorted(seconds)]
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    return f"p50 {p50:.1f} p99 {p99:.0f} longest {ordered[-1]:.0f} ms"


def _to_disk_ms(folder: Path) -> float:
    """How long a commit waits for the disk."""
    with (folder / "disk").open("wb", buffering=0) as file:
        return 1000 * sorted(_seconds_to_disk(file) for _ in range(51))[25]


def _seconds_to_disk(file: FileIO) -> float:
    file.write(bytes(8192))
    began = time.perf_counter()
    os.fdatasync(file.fileno())
    return time.perf_counter() - began


def _options() -> tuple[Options, list[str]]:
    parser = argparse.ArgumentParser(
        prog="python -m bench.money", description="Does the ledger equal the invoice under load, faults and kills?"
    )
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--requests", type=int, default=2000, help="a store, at the least, besides the seconds")
    parser.add_argument("--most-seconds", type=float, default=900, help="a store, though the requests be fewer")
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--at-once", type=int, default=25)
    parser.add_argument("--fault-rate", type=float, default=0.1)
    parser.add_argument("--time-scale", type=float, default=400, help="the vendors' limits are so much wider")
    parser.add_argument("--kills", type=int, default=3, help="a round")
    parser.add_argument("--stores", nargs="+", choices=sorted(STORES), default=["sqlite", "postgres"])
    given = vars(parser.parse_args())
    stores = given.pop("stores")
    return Options(**given), stores


if __name__ == "__main__":
    main()
