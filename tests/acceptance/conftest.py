"""The full stack under test: the sandbox over a socket, a store of its own, and a clock that is handed in."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from enrichment.parsing import READERS, ReaderEntry
from enrichment.pipeline.enrich import Ask, Enriched, enrich
from enrichment.rules import Rules
from resources.settings import Settings
from resources.store import SqlStore
from resources.wiring import open_context, policies_folder, sandbox_file
from sandbox.app import create_app
from sandbox.server import served
from tests.support.command_line import Finished, run_at
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.examples import FROZEN, MATRIX
from tests.support.manual_clock import NOON, running_from
from tests.support.new_stores import new_store
from tests.support.new_warehouses import begin_empty


@dataclass
class StackClock:
    """A clock that moves only when a test moves it, and the vendors' calendar with it.

    It begins at noon of a day of its own; commands that a test runs are handed the same instant.
    """

    url: str
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def advance(self, **span: float) -> None:
        step = timedelta(**span)
        self.at += step
        httpx.post(
            f"{self.url}/_sandbox/clock", json={"skip_seconds": step.total_seconds()}, timeout=PATIENCE_SECONDS
        ).raise_for_status()


@dataclass
class Stack:
    """All that a test of the full stack needs. `ask` runs one request against the sandbox."""

    url: str
    settings: Settings
    rules: Rules
    store: SqlStore
    clock: StackClock
    readers: Mapping[str, ReaderEntry] = field(default_factory=lambda: READERS)

    async def ask(self, company: str, consumer: str = "profile", **more: Any) -> Enriched:
        async with open_context(self.settings, self.rules, store=self.store, now=self.clock.now) as context:
            with_readers = replace(context, readers=self.readers)
            return await enrich(Ask(company, (consumer,), **more), rules=self.rules, context=with_readers)

    def command(self, *words: str, **environment: str) -> Finished:
        """`enrich WORDS --sandbox` over this store, at the instant of this clock."""
        home = str(self.settings.enrich_home)
        return run_at(self.clock.at, *words, "--sandbox", ENRICH_HOME=home, **environment)

    def invoice(self) -> dict[str, dict[str, int]]:
        """What the vendors bill, by provider and unit; nothing where nothing was billed."""
        billed = httpx.get(f"{self.url}/_sandbox/invoice", timeout=PATIENCE_SECONDS).raise_for_status().json()
        return {vendor: kept for vendor, units in billed.items() if (kept := {u: n for u, n in units.items() if n})}

    def fault(self, vendor: str, kind: str, *, times: int = 1000, **more: Any) -> None:
        httpx.post(
            f"{self.url}/_sandbox/faults",
            json={"vendor": vendor, "fault": kind, "times": times, **more},
            timeout=PATIENCE_SECONDS,
        ).raise_for_status()

    def clear_faults(self) -> None:
        httpx.delete(f"{self.url}/_sandbox/faults", timeout=PATIENCE_SECONDS).raise_for_status()


@pytest.fixture
def sandbox_at(tmp_path: Path) -> Iterator[str]:
    with served(create_app(tmp_path / "vendors", time_scale=200, read_time=running_from(NOON))) as url:
        yield url


@pytest.fixture(scope="session")
def compiled_policies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is compiled for one test is read by the next, in any worker: files have the digest of their problem."""
    of_this_run = tmp_path_factory.getbasetemp()
    folder = (of_this_run.parent if "PYTEST_XDIST_WORKER" in os.environ else of_this_run) / "policies"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def stack(tmp_path: Path, sandbox_at: str, compiled_policies: Path) -> Iterator[Stack]:
    settings = Settings(enrich_home=tmp_path / "home", enrich_config=FROZEN, enrich_world="sandbox")
    settings.home.mkdir(parents=True)
    policies_folder(settings).symlink_to(compiled_policies)
    sandbox_file(settings).write_text(json.dumps({"url": sandbox_at, "time_scale": 200}))
    store = new_store(settings.home / "store.sqlite")
    begin_empty(settings.warehouse_path)
    try:
        yield Stack(sandbox_at, settings, MATRIX, store, StackClock(sandbox_at))
    finally:
        store.close()
