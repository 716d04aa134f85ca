"""How long it takes to decide what to refresh: what is read of the store, and what comes beyond it.

store of so many profiles -> resources.refresh.plan_refresh -> CPU seconds of the read, and beyond it, the plan in words
"""

import tempfile
from collections.abc import Callable, Iterator
from functools import wraps
from itertools import islice
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from bench.planner.generated_store import NOW
from bench.refresh.store_of_profiles import Kind, profiled_store
from enrichment.context.run_context import RunContext
from enrichment.policy.cache import PolicyCache
from enrichment.rules import load_rules
from resources.policy_store import PolicyFiles
from resources.refresh import left_today, plan_refresh
from resources.store import SqlStore

_CONFIG = Path(__file__).parents[2] / "config"
SEED = 20250101
_AT_ONCE = 10_000
MOST_BEYOND_THE_READ, MOST_WITH_NOTHING_DUE = 2.0, 1.0


class TimedReads:
    """An object like the one given, with the time that its methods, and the rows they yield, take."""

    def __init__(self, of: Any, watch: list[float]) -> None:
        self._of, self._watch = of, watch

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._of, name)
        if not callable(found):
            return TimedReads(found, self._watch)
        return _timed(found, self._watch)


def _timed(method: Callable[..., Any], watch: list[float]) -> Callable[..., Any]:
    @wraps(method)
    def timed(*args: Any, **named: Any) -> Any:
        began = process_time()
        found = method(*args, **named)
        watch.append(process_time() - began)
        return _rows(found, watch) if isinstance(found, Iterator) else found

    return timed


def _rows(rows: Iterator[Any], watch: list[float]) -> Iterator[Any]:
    while True:
        began = process_time()
        some = list(islice(rows, _AT_ONCE))
        watch.append(process_time() - began)
        if not some:
            return
        yield from some


def show_deciding(companies: int, *, consumer: str, kind: Kind) -> tuple[float, float]:
    """Seconds of CPU of the read and beyond it, printed as well. Policies are compiled before, as a tick finds them."""
    rules = load_rules(_CONFIG)
    with tempfile.TemporaryDirectory() as folder:
        url, policies = f"sqlite:///{folder}/store.sqlite", PolicyCache(PolicyFiles(Path(folder)))
        store = profiled_store(url, rules, companies, SEED, consumer=consumer, kind=kind)
        try:
            _decide(store, rules, consumer, policies, [])  # compiles the policies
            watch = list[float]()
            began, whole = perf_counter(), process_time()
            says = _decide(store, rules, consumer, policies, watch)
            seconds, whole = perf_counter() - began, process_time() - whole
        finally:
            store.close()
    read = sum(watch)
    print(f"{companies:,} companies, all {kind}, {consumer}: ", end="")
    print(f"read {read:.2f} s, beyond it {whole - read:.2f} s of CPU ({seconds:.2f} s in all)")
    print(f"    {says}", flush=True)
    return read, whole - read


def _decide(store: SqlStore, rules: Any, consumer: str, policies: PolicyCache, watch: list[float]) -> str:
    seen: Any = TimedReads(store, watch)
    context = RunContext(seen, {}, None, lambda: NOW, {}, policies=policies)
    left = left_today(seen, rules, NOW, [consumer])
    return plan_refresh(seen, rules, context, left=left).in_words()
