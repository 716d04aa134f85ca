"""Research sessions as they are watched: how soon, in how much memory, and what of it survives.

    python -m bench.research [--seed N] [--streams 500] [--disconnects 1000] [latency | streams | disconnects ...]

A sandbox and the service are started for it. Vendors answer twenty times as fast as real ones.
"""

import argparse
import asyncio
import multiprocessing
import random
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.fresh_stores import STORES, restart_postgres
from bench.money.audit import bought_twice
from bench.money.sandbox_setup import copied_rules, sandbox, set_up, unlimited_vendors
from bench.research import latency
from bench.research.disconnects import Load, soaked
from bench.research.served import Service
from bench.research.streams import streamed
from resources.store import open_store
from sandbox.companies.catalogue import Catalogue

_SCALE, _STREAMED = 20.0, 10
_PARTS = ("latency", "streams", "disconnects")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*_PARTS, []], help="all of them where none is named")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--disconnects", type=int, default=1_000)
    parser.add_argument("--sessions", type=int, default=8, help="of `disconnects`, with three readers each")
    parser.add_argument("--questions", type=int, default=20, help="of `latency`")
    options = parser.parse_args()
    print(f"seed {options.seed}")
    companies = [company.domain for company in Catalogue().companies]
    random.Random(options.seed).shuffle(companies)
    parts = options.parts or _PARTS
    if "latency" in parts:
        _latency(companies[: options.questions])
    if "streams" in parts:
        _streams(companies[:_STREAMED], options.streams)
    if "disconnects" in parts:
        _disconnects(companies[: options.sessions], options)


def _latency(companies: list[str]) -> None:
    with _served("sqlite") as (service, _, _folder):
        store = open_store(service.setup.store_url, world="sandbox")
        seen = latency.measured(service.url, companies, store)
        store.close()
    _say("first event after the POST, most", f"{max(seen.first_event) * 1000:.0f} ms", "300 ms")
    plan, model = f"{statistics.median(seen.plan):.2f}, most {max(seen.plan):.2f} s", statistics.median(seen.model)
    _say("plan after the POST, beyond the model", f"p50 {plan}; the model {model:.2f} s", "1 s")


def _streams(companies: list[str], streams: int) -> None:
    with _served("sqlite") as (service, _, _folder):
        seen = asyncio.run(streamed(service, companies, streams=streams))
    _say("open streams", f"{seen.streams}, {seen.complete} with the answer", f"{streams}")
    memory = f"{seen.start_megabytes:.0f} MB before, {seen.open_megabytes:.0f} with all of them open"
    _say("memory of the service", memory, "under 300 MB")
    memory = f"{seen.end_megabytes:.0f} MB, {seen.most_megabytes:.0f} at most while they are"
    _say("after its questions are answered", memory, "under 300 MB")
    late = f"p50 {statistics.median(seen.late):.3f}, most {max(seen.late):.3f} s of {len(seen.late)}"
    _say("event after its row", late, "1 s")


def _disconnects(companies: list[str], options: argparse.Namespace) -> None:
    with _served("postgres") as (service, sandbox_url, folder):
        load = Load(companies, 3, options.disconnects, 2, options.seed, restart=lambda: restart_postgres(folder))
        report = asyncio.run(soaked(service, sandbox_url, load))
        store = open_store(service.setup.store_url, world="sandbox")
        twice = bought_twice(store)
        store.close()
    happened = f"{report.disconnects} disconnects, {report.kills} kills, {report.restarts} restart of Postgres"
    _say("readers", happened, "1000, 2, 1")
    _say("passes that are identical", f"{report.identical} of {report.passes}; gaps {report.gaps}", "all; 0")
    _say("questions answered, once each", f"{report.answered} of {report.asked}, {report.events} events", "all")
    _say("bought twice", f"{len(twice)}", "0")
    for torn in report.torn:
        print(torn)


@contextmanager
def _served(store: str) -> Iterator[tuple[Service, str, Path]]:
    with tempfile.TemporaryDirectory() as name, STORES[store](folder := Path(name)) as new_store:
        rules = copied_rules(folder / "config", {"providers": unlimited_vendors(_SCALE)})
        with sandbox(folder / "vendors", time_scale=_SCALE, seed=1, fault_rate=0.0) as url:
            setup = set_up(folder, url=url, store_url=new_store("research"), rules=rules, time_scale=_SCALE)
            with Service(setup, multiprocessing.get_context("spawn")) as service:
                yield service, url, folder


def _say(what: str, seen: str, bar: str) -> None:
    print(f"{what:<36} {seen:<64} {bar}", flush=True)


if __name__ == "__main__":
    main()
