"""Set-up of a purchase test: the shipped rules with other limits, a sandbox of its own, an empty store, a clock.

changes -> copied_rules(folder);   sandbox(folder) -> its URL;   set_up(...) -> WorkerSetup
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import yaml

from bench.money.worker import SharedClock, WorkerSetup
from resources.store import open_store
from resources.wiring import sandbox_file

SHIPPED = Path(__file__).parents[2] / "config"
EVERY = "*"
TIMEOUT_SECONDS = 20
LEASE_SECONDS = 25  # a little more than the lease of a purchase

Changes = Mapping[str, Any]


def unlimited_vendors(time_scale: float) -> dict[str, Any]:
    """Changes of providers: no rate limits, short timeouts, and their free hour or day in the sandbox's time."""
    hour, day = f"{int(3600 / time_scale)}s", f"{int(86_400 / time_scale)}s"
    return {
        EVERY: {"rate_limits": {}, "concurrency": 400, "timeout_seconds": TIMEOUT_SECONDS},
        "serpapi": {"repeat": {"window": hour}},
        "snov": {"repeat": {"window": day}},
    }


def copied_rules(to: Path, changes: Mapping[str, Changes], *, of: Path = SHIPPED) -> Path:
    """The rules of a folder, with changes by file and key; under EVERY those of all its entries."""
    shutil.copytree(of, to)
    for name, changed in changes.items():
        path = to / f"{name}.yaml"
        rules = yaml.safe_load(path.read_text(encoding="utf-8"))
        for entry in rules.values() if EVERY in changed else ():
            _merge(entry, changed[EVERY])
        _merge(rules, {key: value for key, value in changed.items() if key != EVERY})
        path.write_text(yaml.safe_dump(rules, sort_keys=False), encoding="utf-8")
    return to


def set_up(
    folder: Path, *, url: str, store_url: str, rules: Path, time_scale: float, starts: datetime | None = None
) -> WorkerSetup:
    """Makes the store, and writes the sandbox's URL where commands look for it. starts: as of SharedClock."""
    setup = WorkerSetup(store_url, folder / "home", rules, folder / "clock")
    setup.settings.home.mkdir(parents=True)
    sandbox_file(setup.settings).write_text(json.dumps({"url": url, "time_scale": time_scale}), encoding="utf-8")
    open_store(store_url, world="sandbox").close()
    SharedClock(setup.clock, starts=starts)
    return setup


@contextmanager
def sandbox(
    home: Path, *, time_scale: float, seed: int, fault_rate: float, latency_ms: int = 0, companies: int = 0
) -> Iterator[str]:
    """Yields its URL; a process of its own, ended at the end. companies: at least so many; at least 500."""
    options = {
        "home": home,
        "port": 0,
        "time-scale": time_scale,
        "seed": seed,
        "fault-rate": fault_rate,
        "latency-ms": latency_ms,
        "companies": companies,
    }
    command = [sys.executable, "-m", "sandbox", *(f"--{name}={value}" for name, value in options.items())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own program
        try:
            assert process.stdout is not None
            yield process.stdout.readline().removeprefix("sandbox:").strip()
        finally:
            process.terminate()


def pass_time(setup: WorkerSetup, url: str, seconds: float) -> None:
    """Lets time pass, for us and for the vendors."""
    SharedClock(setup.clock).move(seconds)
    httpx.post(f"{url}/_sandbox/clock", json={"skip_seconds": seconds}, timeout=600).raise_for_status()


def invoice(url: str) -> dict[str, dict[str, int]]:
    return dict(httpx.get(f"{url}/_sandbox/invoice", timeout=600).raise_for_status().json())


def invoice_lines(url: str) -> list[dict[str, Any]]:
    return list(httpx.get(f"{url}/_sandbox/invoice/lines", timeout=600).raise_for_status().json())


def catalogue(url: str) -> list[dict[str, str]]:
    """The companies the vendors know."""
    return list(httpx.get(f"{url}/_sandbox/companies", timeout=600).raise_for_status().json())


def _merge(into: dict[str, Any], changes: Changes) -> None:
    for key, value in changes.items():
        if isinstance(value, Mapping) and value and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value
