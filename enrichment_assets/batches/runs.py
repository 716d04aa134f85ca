"""One run as a worker of a batch: it quotes, works until nothing is left for it, and shows each company as it ends.

batch -> quote in the log -> work() -> every few seconds a lot of ends in Dagster -> counts, a warning, or a failed run
Asked to stop, it carries out the calls under way and hands back the rest; the run is then cancelled, the batch is not.
"""

import asyncio
import signal
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

import dagster as dg

from enrichment.batches.begin_order import begin_best_first, companies_left
from enrichment.batches.quote import quote_batch
from enrichment.batches.worker import CompanyEnd, WorkerOptions, ask_of, work
from enrichment.context.run_context import RunContext
from enrichment.domain.batches import Batch, BatchCompanyState, BatchSummary
from enrichment.domain.companies import Company
from enrichment.domain.money import in_usd
from enrichment.pipeline.dry_run import profile_or_plans
from enrichment.rules import Rules
from enrichment_assets.batches.company_events import BatchEvents
from enrichment_assets.batches.lists import PartitionList
from enrichment_assets.events.materializations import note
from enrichment_assets.events.metadata import (
    Metadata,
    companies_markdown,
    nothing_to_buy,
    plan_markdown,
    quote_in_words,
)
from enrichment_assets.run_config import ASKED_BY, BATCH_TAG
from resources.dagster_resources.enrichment import EnrichmentResource
from resources.store import SqlStore

_LOT_SECONDS = 2.0
_NOT_COMPLETE: tuple[BatchCompanyState, ...] = ("failed", "incomplete", "postponed", "stopped", "waiting", "under_way")
_NO_REASON: Mapping[str, str] = defaultdict(str, waiting="not begun", under_way="at work elsewhere")
_FEW = 10  # companies named in a message


@dataclass(frozen=True, slots=True)
class OrderedBatch:
    """A batch that a run is to work on. refused: what was ordered and is no company -> why.

    max_cost: of one company, in micro-USD; None: as the consumers say. analyses: to be made beside those of the
    consumers. sources: to be shown as seen where they are fresh. listed: the list that the batch is made of.
    """

    batch: Batch
    refused: Mapping[str, str] = field(default_factory=dict)
    max_cost: int | None = None
    analyses: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    listed: PartitionList | None = None


def run_batch(
    context: dg.OpExecutionContext, enrichment: EnrichmentResource, ordered: OrderedBatch, rules: Rules
) -> Metadata:
    """Works on the batch, and returns what the run ends with.

    Raises dg.Failure if every company failed, DagsterExecutionInterruptedError if the run was terminated; UnknownName,
    UnknownStrategy, SettingsError, StoreError.
    """
    batch = ordered.batch
    context.instance.add_run_tags(context.run_id, {BATCH_TAG: batch.batch_id})
    with enrichment.store() as store, _told_to_stop() as stopping:
        waiting = companies_left(batch, store)
        events = BatchEvents(context, enrichment, batch, rules, total=len(waiting), sources=ordered.sources)
        worker = _WorkerOfRun(context, enrichment, ordered, rules, events)
        left = _left(batch, store)
        quoted = enrichment.run_in_context(lambda run_context: worker.quote(waiting, left, run_context), rules)
        if ordered.listed is not None:
            note(context, "\n".join(ordered.listed.says), ordered.listed.metadata())
        note(context, f"{batch.batch_id}: {quoted['quote']}", quoted)
        enrichment.run_in_context(lambda run_context: worker.work(replace(run_context, stopping=stopping)), rules)
        if stopping():
            _note_stopped(context, batch, store)
            raise dg.DagsterExecutionInterruptedError
        return _end(context, ordered, quoted, store)


class _WorkerOfRun:
    """The part of a run that happens in its event loop."""

    def __init__(
        self,
        context: dg.OpExecutionContext,
        enrichment: EnrichmentResource,
        ordered: OrderedBatch,
        rules: Rules,
        events: BatchEvents,
    ) -> None:
        self._batch, self._rules, self._events = ordered.batch, rules, events
        self._is_list = ordered.listed is not None
        self._ended: list[CompanyEnd] = []
        self._options = WorkerOptions(
            strategy_override=enrichment.settings().enrich_strategy,
            asked_by=f"{ASKED_BY}{context.run_id}",
            max_cost=ordered.max_cost,
            analyses=ordered.analyses,
            ended=self._ended.append,
        )

    async def quote(self, companies: Sequence[Company], left: int | None, context: RunContext) -> Metadata:
        """What they will cost, in a sentence; of a single one, its plan too. left: of the budget, in micro-USD.

        Of a list within a budget, those of which most are complete for a dollar are begun first.
        """
        override, batch = self._options.strategy_override, replace(self._batch, max_cost=left)
        quoted = await quote_batch(companies, batch, rules=self._rules, context=context, override=override)
        if self._is_list and left is not None:
            await begin_best_first(batch, companies, quoted, context.store)
        quote = {"quote": quote_in_words(quoted)}
        return quote | (await self._plan(companies[0], context) if len(companies) == 1 else {})

    async def _plan(self, company: Company, context: RunContext) -> Metadata:
        """The plan; for a company whose domain is not known, how to find it, then the rest."""
        ask = ask_of(self._batch, company, self._options)
        served, plans = await profile_or_plans(ask, rules=self._rules, context=context, company=company)
        shown = nothing_to_buy(served) if served is not None else "\n\n".join(map(plan_markdown, plans))
        return {"plan": dg.MetadataValue.md(shown)}

    async def work(self, context: RunContext) -> None:
        """Works until nothing of the batch is left for this run, and all of it is shown."""
        over = asyncio.Event()
        showing = asyncio.create_task(self._show_lots(over))
        try:
            await work(self._batch, rules=self._rules, context=context, options=self._options)
        finally:
            over.set()
            await showing

    async def _show_lots(self, over: asyncio.Event) -> None:
        """Shows lots in a thread: Dagster takes long to write events, and leases are renewed meanwhile."""
        while not over.is_set() or self._ended:
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), _LOT_SECONDS)
            lot, self._ended[:] = list(self._ended), []
            if lot:
                await asyncio.to_thread(self._events.show, lot)


@contextmanager
def _told_to_stop() -> Iterator[Callable[[], bool]]:
    """Whether the run was terminated: Dagster sends its process a signal. Elsewhere than in the main thread: never."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    stopped = threading.Event()
    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    for name in before:
        signal.signal(name, lambda *_: stopped.set())
    try:
        yield stopped.is_set
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _left(batch: Batch, store: SqlStore) -> int | None:
    """What is left of the batch's budget, in micro-USD; None: it has none."""
    summary = store.batches.summary(batch.batch_id)
    if summary is None or summary.batch.max_cost is None:
        return None
    return max(0, summary.batch.max_cost - summary.taken)


def _end(context: dg.OpExecutionContext, ordered: OrderedBatch, quoted: Metadata, store: SqlStore) -> Metadata:
    """A sentence in the log, a warning where not all are complete. Raises dg.Failure where all failed."""
    batch = ordered.batch
    summary = store.batches.summary(batch.batch_id)
    assert summary is not None  # noqa: S101  a batch is never deleted
    others = store.batches.companies(batch.batch_id, *_NOT_COMPLETE)
    why = {**ordered.refused, **{one.key: f"{one.state}: {one.reason or _NO_REASON[one.state]}" for one in others}}
    failed = summary.count("failed") + len(ordered.refused)
    ended = summary.count("complete", "incomplete")
    companies = dg.MetadataValue.md(companies_markdown(why))
    if failed and failed == summary.total + len(ordered.refused):
        named = "; ".join(f"{company}: {reason}" for company, reason in list(why.items())[:_FEW])
        raise dg.Failure(f"All {failed} companies failed: {named}", {"not_complete": companies}, allow_retries=False)
    if why:
        context.log.warning(_warning(summary, len(ordered.refused)))
    listed = {} if ordered.listed is None else ordered.listed.metadata()
    counts = _counts(summary, failed) | quoted | listed | ({"not_complete": companies} if why else {})
    note(context, f"{ended} companies finished for {in_usd(summary.taken)} USD, {failed} failed", counts)
    return counts


def _note_stopped(context: dg.OpExecutionContext, batch: Batch, store: SqlStore) -> None:
    summary = store.batches.summary(batch.batch_id)
    assert summary is not None  # noqa: S101  a batch is never deleted
    counts = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in summary.companies.items())
    context.log.warning(
        f"{batch.batch_id} was stopped: {counts}. Re-execute this run, launch one with this batch_id, or type "
        f"`enrich batch resume {batch.batch_id}`, to go on."
    )
    note(context, f"{batch.batch_id} was stopped", _counts(summary, summary.count("failed")))


def _counts(summary: BatchSummary, failed: int) -> Metadata:
    """Counts by state, those that there are; money in USD."""
    budget = summary.batch.max_cost
    counts = {str(state): count for state, count in summary.companies.items()} | {"failed": failed}
    return {
        "batch": summary.batch.batch_id,
        **{state: count for state, count in counts.items() if count},
        "cost_usd": summary.taken / 1_000_000,
        "budget_usd": "none" if budget is None else budget / 1_000_000,
    }


def _warning(summary: BatchSummary, refused: int) -> str:
    counts = [f"{summary.count(state)} {state.replace('_', ' ')}" for state in _NOT_COMPLETE if summary.count(state)]
    counts += [f"{refused} no company"] if refused else []
    reasons = "; ".join(f"{count} {reason}" for reason, count in summary.reasons)
    why = f" Commonest reasons: {reasons}." if reasons else ""
    return f"{summary.batch.batch_id}: {summary.count('complete')} complete, {', '.join(counts)}.{why}"
