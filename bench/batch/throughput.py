"""CPU of a purchase and calls a second: one worker beside a bare script that makes the same calls; several workers.

Vendors answer at once: the sandbox, in a process of its own, which takes CPU from all of them alike.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.batch.batch_run import CONSUMERS, prepared
from bench.batch.batch_worker import WorkerFigures

COMPANIES = 2_000


def beside_a_bare_script(folder: Path, *, companies: int | None, seed: int) -> None:
    number, calls = companies or COMPANIES, folder / "calls.json"
    with prepared(folder / "sqlite", companies=number, seed=seed) as cold:
        (ours,) = cold.work(cold.started(CONSUMERS, cold.domains[:number]), calls=calls)
        print(f"throughput, {number} companies, {'+'.join(CONSUMERS)}, SQLite", flush=True)
        print(f"  worker           {_line([ours])}", flush=True)
        for transport in ("httpx", "aiohttp"):
            bare = _bare(calls, transport, ours.at_once)
            rate, cpu = bare["calls"] / bare["seconds"], 1000 * bare["cpu"] / bare["calls"]
            ratio = (ours.calls / ours.seconds) / rate
            print(
                f"  bare, {transport:10} {cpu:.2f} ms CPU a call, {rate:.0f} calls/s; "
                f"the worker makes {ratio:.2f} times as many",
                flush=True,
            )


def several_workers(folder: Path, *, companies: int | None, seed: int) -> None:
    number = companies or COMPANIES // 4
    for store in ("sqlite", "postgres"):
        for workers in (1, 2, 4):
            with prepared(folder / f"{store}{workers}", companies=number, seed=seed, store=store) as cold:
                figures = cold.work(cold.started(CONSUMERS, cold.domains[:number]), workers)
            print(f"workers, {number} companies, {store}, {workers}: {_line(figures)}", flush=True)


def _line(figures: Sequence[WorkerFigures]) -> str:
    purchases, calls = sum(one.purchases for one in figures), sum(one.calls for one in figures)
    cpu, seconds = sum(one.cpu for one in figures), max(one.seconds for one in figures)
    return (
        f"{1000 * cpu / purchases:.2f} ms CPU a purchase, {1000 * cpu / calls:.2f} a call, "
        f"{calls / seconds:.0f} calls/s, {purchases} purchases, {seconds:.1f} s, "
        f"{max(one.peak_mb for one in figures):.0f} MB, {max(one.at_once for one in figures)} calls at once at most"
    )


def _bare(calls: Path, transport: str, at_once: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.batch.bare_script", str(calls)]
    command += ["--transport", transport, "--at-once", str(at_once)]
    figures: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)  # noqa: S603
    return figures
