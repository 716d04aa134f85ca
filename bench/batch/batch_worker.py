"""One worker of a batch, in a process of its own, and what it took.

    python -m bench.batch.batch_worker SETUP BATCH [--calls FILE]     -> WorkerFigures as JSON, on standard output

CPU and time are of the batch alone, from the first claim to the end: imports, rules and connections come before.
"""

import argparse
import asyncio
import json
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bench.batch.recorded_calls import CallRecorder
from bench.money.worker import SharedClock, WorkerSetup
from enrichment.batches.worker import CompanyEnd, WorkerOptions, work
from resources.providers.late_clients import LateModel, LateProvider
from resources.store import open_store
from resources.wiring import endpoints_of, open_context


@dataclass
class WorkerFigures:
    """Seconds, MB, micro-USD. states: how its companies ended. qualities: consumer -> of each profile, to a hundredth.

    latencies: of each request, in hundredths of a second. waited: requests that missed a vendor, whose companies were
    taken up again later.
    """

    cpu: float = 0.0
    seconds: float = 0.0
    peak_mb: float = 0.0
    calls: int = 0
    at_once: int = 0
    purchases: int = 0
    cost: int = 0
    states: dict[str, int] = field(default_factory=Counter)
    waited: int = 0
    qualities: dict[str, dict[str, int]] = field(default_factory=dict)
    latencies: dict[str, int] = field(default_factory=Counter)

    def note(self, ended: CompanyEnd) -> None:
        if ended.end.state == "waiting":
            self.waited += 1
        else:
            self.states[ended.end.state] += 1
        self.cost += ended.end.cost
        if ended.enriched is None:
            return
        self.purchases += len(ended.enriched.purchases)
        request = ended.enriched.request
        if request.finished_at is not None:
            self.latencies[f"{(request.finished_at - request.asked_at).total_seconds():.2f}"] += 1
        for profile in ended.enriched.profiles:
            counts = self.qualities.setdefault(profile.consumer, Counter())
            counts[f"{profile.quality:.2f}"] += 1


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.batch.batch_worker")
    parser.add_argument("setup", type=json.loads)
    parser.add_argument("batch")
    parser.add_argument("--calls", type=Path)
    options = parser.parse_args()
    store_url, *paths = options.setup
    setup = WorkerSetup(store_url, *(Path(path) for path in paths))
    figures = asyncio.run(_worked(setup, options.batch, options.calls))
    json.dump(vars(figures), sys.stdout)


async def _worked(setup: WorkerSetup, batch_id: str, calls: Path | None) -> WorkerFigures:
    rules, store, figures, recorder = (
        setup.rules(),
        open_store(setup.store_url, world="sandbox"),
        WorkerFigures(),
        CallRecorder(),
    )
    endpoints, _ = endpoints_of(setup.settings, rules)
    async with open_context(setup.settings, rules, store=store, now=SharedClock(setup.clock).now) as context:
        for late in (*context.providers.values(), context.model):
            assert isinstance(late, LateProvider | LateModel)
            recorder.listen_to(late.client, endpoints[late.name].base_url)
        batch = store.batches.by_id(batch_id)
        assert batch is not None
        began, cpu = time.perf_counter(), time.process_time()
        await work(batch, rules=rules, context=context, options=WorkerOptions(ended=figures.note))
        figures.seconds, figures.cpu = time.perf_counter() - began, time.process_time() - cpu
    store.close()
    figures.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures.calls, figures.at_once = recorder.calls, recorder.at_once
    if calls is not None:
        recorder.written(calls)
    return figures


if __name__ == "__main__":
    main()
