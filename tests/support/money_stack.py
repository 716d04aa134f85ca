"""A stack for real processes: rules of its own, the sandbox in a thread of the test's process, one store for all."""

import atexit
import multiprocessing
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import httpx

from bench.money.audit import BilledSubject, UnitGaps, gaps, reconcile
from bench.money.fleet import Fleet
from bench.money.sandbox_setup import (
    catalogue,
    copied_rules,
    invoice,
    invoice_lines,
    pass_time,
    set_up,
    unlimited_vendors,
)
from bench.money.worker import SharedClock, WorkerSetup, WorkItem
from enrichment.rules import Rules
from resources.store import SqlStore, open_store
from resources.wiring import policies_folder
from sandbox.app import create_app
from sandbox.companies.catalogue import Catalogue
from sandbox.companies.coverage import Coverage
from sandbox.server import served
from sandbox.vendors import VENDORS, coverage_of
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.examples import FROZEN
from tests.support.forkserver import FORKSERVER
from tests.support.manual_clock import NOON, running_from

TIME_SCALE = 20.0


@dataclass(frozen=True)
class MoneyStack:
    setup: WorkerSetup
    url: str
    store: SqlStore
    rules: Rules

    def fleet(self, *, processes: int = 1, at_once: int = 25, seed: int = 1) -> Fleet:
        return Fleet(self.setup, processes=processes, at_once=at_once, seed=seed, context=FORKSERVER)

    def started(self, work: Callable[..., None], order: WorkItem, *more: object) -> tuple[BaseProcess, Connection]:
        """A process that carries out work(setup, order, pipe, *more), and the other end of the pipe."""
        ours, theirs = multiprocessing.Pipe()
        process = FORKSERVER.Process(target=work, args=(self.setup, order, theirs, *more), daemon=True)
        process.start()
        theirs.close()
        return process, ours

    @property
    def askers(self) -> int:
        """How many requests ask the same at once: as many on Postgres would take twice the CPU."""
        return 100 if self.store.database.sqlite else 40

    def now(self) -> datetime:
        return SharedClock(self.setup.clock).now()

    def pass_time(self, seconds: float) -> None:
        pass_time(self.setup, self.url, seconds)

    def fault(self, vendor: str, kind: str, **more: Any) -> None:
        asked = {"vendor": vendor, "fault": kind, **more}
        httpx.post(f"{self.url}/_sandbox/faults", json=asked, timeout=PATIENCE_SECONDS).raise_for_status()

    def no_faults(self) -> None:
        httpx.delete(f"{self.url}/_sandbox/faults", timeout=PATIENCE_SECONDS).raise_for_status()

    def calls(self, vendor: str) -> int:
        """That it got so far, with any outcome."""
        limits = httpx.get(f"{self.url}/_sandbox/limits", timeout=PATIENCE_SECONDS).raise_for_status().json()
        return sum(key["calls"] for key in limits.get(vendor, {}).values())

    def invoice(self) -> dict[str, dict[str, int]]:
        return invoice(self.url)

    def lines(self, vendor: str) -> list[dict[str, Any]]:
        return [line for line in invoice_lines(self.url) if line["vendor"] == vendor]

    def gaps(self) -> UnitGaps:
        return gaps(self.store, self.invoice())

    def reconcile(self) -> dict[BilledSubject, int]:
        """By the lines of the invoice, those of jobs that are still running included; what is left over."""
        self.pass_time(3600)
        return reconcile(self.store, invoice_lines(self.url), catalogue(self.url), self.now())


@contextmanager
def money_stack(
    folder: Path, store_url: str, *, changes: Mapping[str, Mapping[str, Any]] | None = None, fault_rate: float = 0.0
) -> Iterator[MoneyStack]:
    """changes: of the rules, besides short timeouts and no limits on calls."""
    easy = {"providers": unlimited_vendors(TIME_SCALE), **(changes or {})}
    app = create_app(folder / "books", time_scale=TIME_SCALE, fault_rate=fault_rate, read_time=running_from(NOON))
    with served(app) as url:
        rules = copied_rules(folder / "config", easy, of=FROZEN)
        setup = set_up(folder, url=url, store_url=store_url, rules=rules, time_scale=TIME_SCALE, starts=NOON)
        policies_folder(setup.settings).symlink_to(_compiled_policies())
        store = open_store(store_url, world="sandbox")
        try:
            yield MoneyStack(setup, url, store, setup.rules())
        finally:
            store.close()


@cache
def _compiled_policies() -> Path:
    """What a process of one test compiles is read by those of the next: files have the digest of their problem."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def known_by(source: str, dataset: str, count: int) -> list[str]:
    """Domains of companies the sandbox's source knows, dataset included."""
    catalogue = Catalogue()
    coverage = Coverage(catalogue, 1, coverage_of(VENDORS))
    known = [one.domain for one in catalogue.companies if coverage.has(source, dataset, one)]
    return known[:count]


def orders(companies: Sequence[str], consumer: str, *, first: int = 0) -> list[WorkItem]:
    return [WorkItem(first + number, company, consumer) for number, company in enumerate(companies)]
