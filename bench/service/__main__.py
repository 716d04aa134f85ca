"""What the service takes and how long it takes: each figure beside what it is measured against, in one run.

    python -m bench.service [--seconds 8] [--cold 24] [--requests 20000] [--parts hits overload]

Two minutes; needs wrk. A sandbox, the service and a bare route are started for it; vendors answer a thousand times as
fast as real ones.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.service.processes import Running, address_in, free_port, running
from resources.clock import utc_now
from resources.secrets.client_keys import issue
from resources.settings import Settings, load_settings
from resources.store import SqlStore
from resources.wiring import open_store_of
from sandbox.companies.catalogue import Catalogue

_LOAD = Path(__file__).parent / "load.lua"
_WAIT = {"Prefer": "wait=60"}
_CONNECTIONS = 16
_MOST_CONNECTIONS = 64
_PARTS = ("rebuilt", "hits", "memory", "overload")


@dataclass(frozen=True, slots=True)
class Bench:
    """One run: where things are, and what calls the service."""

    service: Running
    bare: Running
    sandbox_url: str
    client: httpx.Client
    key: str
    store: SqlStore
    seconds: int

    def load(self, url: str, *bodies: Mapping[str, object], per_second: int | None, seconds: int) -> dict[str, Any]:
        """The load by wrk; None: as many as it gets answered."""
        connections = _CONNECTIONS if per_second is not None else _MOST_CONNECTIONS
        pause = 0 if per_second is None else connections * 1000 // per_second
        environment = os.environ | {
            "BENCH_METHOD": "POST",
            "BENCH_BODY": "\n".join(map(json.dumps, bodies)),
            "BENCH_KEY": self.key,
            "BENCH_PAUSE": str(pause),
        }
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(_LOAD), url]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
        figures: dict[str, Any] = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
        return figures

    def ask(self, **body: object) -> tuple[float, dict[str, Any]]:
        """Milliseconds, and the answer."""
        began = time.monotonic()
        answer = self.client.post("/v1/enrichments", json=body, headers=_WAIT)
        return (time.monotonic() - began) * 1000, answer.json()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=8, help="of each load")
    parser.add_argument("--cold", type=int, default=24, help="companies that are bought")
    parser.add_argument("--requests", type=int, default=20_000, help="hits between the first and last look at memory")
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=_PARTS, help="what is measured")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing, which makes the load: apt-get install wrk.")
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory() as home:
        _run(Path(home), options)


def _run(home: Path, options: argparse.Namespace) -> None:
    environment = os.environ | {"ENRICH_HOME": str(home / "home")}
    os.environ["ENRICH_HOME"] = environment["ENRICH_HOME"]
    vendors = ["enrich_cli.main", "sandbox", "--time-scale", "1000"]
    log = home / "sandbox.log"
    with (home / "sandbox.log").open("wb") as to:
        sandbox = subprocess.Popen([sys.executable, "-m", *vendors], env=environment, stdout=to, stderr=to)  # noqa: S603
    try:
        sandbox_url = address_in(log)
        settings = load_settings(sandbox=True)
        store = open_store_of(settings)
        key = issue(store, "bench", may=("enrich",), per_day=None, per_minute=None, now=utc_now()).secret
        _with_service(home, environment, settings, store, sandbox_url, f"Bearer {key}", options)
        store.close()
    finally:
        sandbox.terminate()
        sandbox.wait()


def _with_service(
    home: Path,
    environment: Mapping[str, str],
    settings: Settings,
    store: SqlStore,
    sandbox_url: str,
    key: str,
    options: argparse.Namespace,
) -> None:
    port, bare_port = free_port(), free_port()
    words = ["enrich_cli.main", "serve", "--sandbox", "--port", str(port)]
    url, bare_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{bare_port}"
    file = settings.store_url.removeprefix("sqlite:///")
    with (
        running(words, environment, log=home / "service.log", url=url, path="/readyz") as service,
        running(
            ["bench.service.bare_route", file, str(bare_port)], environment, log=home / "bare", url=bare_url, path="/"
        ) as bare,
        httpx.Client(base_url=url, headers={"Authorization": key}, timeout=90, trust_env=False) as client,
    ):
        bench = Bench(service, bare, sandbox_url, client, key, store, options.seconds)
        _say("start to ready", f"{service.ready_seconds:.2f} s", "at most 2 s")
        names = sorted(company.domain for company in Catalogue().companies if company.domain)
        random.Random(options.seed).shuffle(names)
        bought = _cold(bench, names[: options.cold])
        if "rebuilt" in options.parts:
            _rebuilt(bench, bought)
        if "hits" in options.parts:
            _hits(bench, bought)
        if "memory" in options.parts:
            _memory(bench, bought[0], options.requests)
        if "overload" in options.parts:
            _overload(bench, bought[0], names[options.cold :])


def _cold(bench: Bench, names: Sequence[str]) -> list[str]:
    """Companies that were bought."""
    whole, chains, bought = [], [], []
    for name in names:
        took, answer = bench.ask(company=name)
        purchases = bench.store.ledger.purchases(answer["id"]) if "id" in answer else []
        ends = [one.closed_at for one in purchases if one.closed_at is not None]
        if answer.get("state") == "complete" and ends:
            bought.append(name)
            whole.append(took)
            chains.append((max(ends) - min(one.reserved_at for one in purchases)).total_seconds() * 1000)
    beyond = _p95(whole) - _p95(chains)
    _say("cold, p95", f"{_p95(whole):.0f} ms, the vendors' part {_p95(chains):.0f} ms", "at most 400 ms beyond")
    _say("cold, beyond the vendors", f"{beyond:.0f} ms of {len(whole)} requests", "at most 400 ms")
    return bought


def _rebuilt(bench: Bench, names: Sequence[str]) -> None:
    took = []
    for name in names:
        milliseconds, answer = bench.ask(company=name, datasets=["industry"])
        if answer.get("cost_usd") == "0.00":
            took.append(milliseconds)
    _say("rebuilt from cached replies, p95", f"{_p95(took):.0f} ms of {len(took)} requests", "under 300 ms")


def _hits(bench: Bench, names: Sequence[str]) -> None:
    url, bodies = f"{bench.service.url}/v1/enrichments", [{"company": name} for name in names]
    body = bodies[0]
    before = bench.service.cpu_seconds()
    steady = bench.load(url, body, per_second=200, seconds=bench.seconds)
    cpu = (bench.service.cpu_seconds() - before) * 1000 / max(1, steady["requests"])
    rate = steady["requests"] / steady["seconds"]
    _say(
        "a hit, p50 and p99", f"{steady['p50']:.1f} and {steady['p99']:.1f} ms at {rate:.0f}/s", "5 and 30 ms at 200/s"
    )
    _say("a hit, CPU of the service", f"{cpu:.2f} ms; {steady['failed']} failed", "")
    most = bench.load(url, body, per_second=None, seconds=bench.seconds)
    bare = bench.load(f"{bench.bare.url}/", body, per_second=None, seconds=bench.seconds)
    many = bench.load(url, *bodies, per_second=None, seconds=bench.seconds)
    ours, theirs, spread = (one["requests"] / one["seconds"] for one in (most, bare, many))
    _say("hits at most", f"{ours:.0f}/s, a bare route {theirs:.0f}/s: {ours / theirs:.2f}", "at least 0.5")
    _say(f"of {len(names)} companies in turn", f"{spread:.0f}/s: {spread / theirs:.2f}", "at least 0.5")


def _memory(bench: Bench, name: str, requests: int) -> None:
    url, body, done = f"{bench.service.url}/v1/enrichments", {"company": name}, 0
    before, began = bench.service.megabytes(), time.monotonic()
    while done < requests and time.monotonic() - began < 4 * bench.seconds:
        done += bench.load(url, body, per_second=None, seconds=bench.seconds)["requests"]
    after = bench.service.megabytes()
    _say("memory", f"{before:.0f} MB, after {done:,} more hits {after:.0f} MB", "flat over 100,000")


def _overload(bench: Bench, hit: str, names: Sequence[str]) -> None:
    """Sends the most cold requests allowed, then ten times as many a second, beside hits of layer 1."""
    faults = f"{bench.sandbox_url}/_sandbox/faults"
    slow = {"vendor": "*", "fault": "latency", "times": 100_000, "seconds": 2.0}
    httpx.post(faults, json=slow, trust_env=False).raise_for_status()
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda name: _status(bench, name), names[:90]))
    url = f"{bench.service.url}/v1/enrichments"
    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(bench.load, url, {"company": hit}, per_second=100, seconds=3)
        refused = bench.load(url, {"company": names[95]}, per_second=640, seconds=3)
        served = beside.result()
    httpx.delete(faults, trust_env=False).raise_for_status()
    began = time.monotonic()
    while _status(bench, names[96]) == 503 and time.monotonic() - began < 60:
        time.sleep(0.05)
    taken = f"{statuses.count(202)} accepted, {statuses.count(503)} refused; then"
    rate = refused["requests"] / refused["seconds"]
    _say("overload", f"{taken} p50 {refused['p50']:.0f}, p99 {refused['p99']:.0f} ms at {rate:.0f}/s", "50 ms")
    _say(
        "hits beside it, p50 and p99", f"{served['p50']:.1f} and {served['p99']:.1f} ms; {served['failed']} failed", ""
    )
    _say("recovered", f"{time.monotonic() - began:.1f} s after it", "within 5 s")


def _status(bench: Bench, name: str) -> int:
    return bench.client.post("/v1/enrichments", json={"company": name}).status_code


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else float("nan")


def _say(what: str, seen: str, bar: str) -> None:
    print(f"{what:<36} {seen:<64} {bar}", flush=True)


if __name__ == "__main__":
    main()
