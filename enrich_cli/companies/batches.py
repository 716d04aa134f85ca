"""Batches from the command line: which companies, what they will cost, workers until the end, the profiles as a table.

file | names -> companies -> quoted() -> started() -> work_until_done()  ... stop, resume, retry, export
"""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from enrich_cli.bootstrap import opened_store
from enrich_cli.companies.column_map import asked_columns
from enrich_cli.errors import UsageError
from enrich_cli.processes.child_processes import environment_of
from enrich_cli.typed_values import names, seconds_of, usd
from enrichment.batches.progress import budget_too_small
from enrichment.batches.quote import BatchQuote, quote_batch
from enrichment.batches.worker import WorkerOptions, work
from enrichment.domain.batches import AGAIN, AGAIN_FAILED, Batch, BatchSummary
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.json_values import Json
from enrichment.identity.companies import reference_of
from enrichment.identity.domains import company_key
from enrichment.pipeline.candidates import registered_company
from enrichment.refresh.ranking import RefreshPlan
from enrichment.rules import Rules
from enrichment.rules.requirements import requirements_of
from resources.batch_export import batch_rows
from resources.clock import utc_now
from resources.company_lists.company_files import ListOptions, UnderstoodFile, keep_left_out, take, understand_file
from resources.company_lists.list_reviews import open_reviews, with_decisions
from resources.refresh import COMMAND as REFRESH_COMMAND
from resources.refresh import left_today, plan_refresh
from resources.settings import Settings
from resources.store import SqlStore
from resources.wiring import open_context

_AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class BatchWish:
    """What a person asks for. companies: names, domains or keys. max_cost in micro-USD, max_age in seconds.

    due: the companies are those that are worth a refresh.
    """

    consumers: tuple[str, ...]
    file: Path | None = None
    companies: tuple[str, ...] = ()
    due: bool = False
    options: ListOptions = field(default_factory=ListOptions)
    audience: str | None = None
    strategy: str | None = None
    max_cost: int | None = None
    max_age: int | None = None


def wish_of(
    file: Path | None,
    companies: str | None,
    due: bool,
    consumers: str,
    max_cost: str | None,
    audience: str | None,
    strategy: str | None,
    max_age: str | None,
    sheet: str | None,
    encoding: str | None,
    columns: str | None,
) -> BatchWish:
    """The batch that is wished, from what was typed. Raises UsageError."""
    return BatchWish(
        consumers=names("--for", consumers),
        file=file,
        companies=names("--companies", companies),
        due=due,
        options=ListOptions(sheet, encoding, asked_columns(columns)),
        audience=audience,
        strategy=strategy,
        max_cost=None if max_cost is None else usd("--max-cost", max_cost),
        max_age=None if max_age is None else seconds_of("--max-age", max_age),
    )


@dataclass(frozen=True, slots=True)
class QuotedBatch:
    """wish: with the companies and the budget of a refresh, where that is asked for: then refresh says why these.

    understood: what the file was understood to contain, if there is one.
    """

    quote: BatchQuote
    wish: BatchWish
    understood: UnderstoodFile | None = None
    refresh: RefreshPlan | None = None

    @property
    def is_idle(self) -> bool:
        """Whether a refresh was asked for, and nothing is worth one."""
        return self.refresh is not None and not self.refresh.picked


@dataclass(frozen=True, slots=True)
class StartedBatch:
    """left_out: the file with the rows that are not in it. waiting: rows that a person is asked about."""

    batch: Batch
    left_out: Path | None = None
    waiting: int = 0


class BatchCommands:
    """What the batch commands do with one store, while it is open."""

    def __init__(self, settings: Settings, rules: Rules, store: SqlStore) -> None:
        self._settings, self._rules, self._store = settings, rules, store

    def quote(self, wish: BatchWish) -> QuotedBatch:
        """The quote of a batch; nothing is bought or written. Raises UsageError, UnknownName, UnknownStrategy."""
        self._check(wish)
        refresh: RefreshPlan | None = None
        if wish.due:
            refresh, wish = asyncio.run(self._refresh(wish))
        registered = self._registered()
        understood = self._understood(wish, registered)
        if understood is not None and not any(understood.counts.values()):
            raise UsageError(f"{understood.path} has no row below its heading: a batch needs companies.")
        companies = self._companies(wish, understood, registered)
        return QuotedBatch(asyncio.run(self._quote(companies, _batch(wish))), wish, understood, refresh)

    def start(self, quoted: QuotedBatch) -> StartedBatch:
        """Registers the companies that are new, and makes a batch of all of them.

        Within a budget those of which most are complete for a dollar come first; a refresh has an order of its own.
        """
        wish, understood = quoted.wish, quoted.understood
        left_out, waiting = None, 0
        if understood is not None:
            left_out = keep_left_out(
                understood
            )  # before anything is registered: if this file cannot be written, nothing is
            take(understood, self._store)
            waiting = open_reviews(understood, self._store, utc_now())
        companies = self._companies(wish, understood, self._registered())
        new = [replace(c, company_id=new_id("com")) for c in companies if not c.company_id]
        stored = {company.key: company for company in self._store.companies.add(new)} if new else {}
        batch = _batch(wish)
        if batch.max_cost is not None and quoted.refresh is None:
            place = {key: at for at, key in enumerate(quoted.quote.best_first)}
            companies = sorted(companies, key=lambda company: place.get(company.key, 0))
        ids = [company.company_id or stored[company.key].company_id for company in companies]
        return StartedBatch(self._store.batches.create(batch, ids), left_out, waiting)

    def summary(self, batch_id: str) -> BatchSummary:
        """Raises UsageError."""
        found = self._store.batches.summary(batch_id)
        if found is None:
            raise UsageError(f"There is no batch {batch_id} in this store: `enrich batch list` shows those there are.")
        return found

    def latest(self) -> list[BatchSummary]:
        return self._store.batches.latest()

    def stop(self, batch_id: str) -> BatchSummary:
        """Stops a batch: no worker begins another company. Raises UsageError if it has ended."""
        self.summary(batch_id)
        if not self._store.batches.stop(batch_id):
            raise UsageError(f"{batch_id} is done already: there is nothing to stop.")
        return self.summary(batch_id)

    def reopen(self, batch_id: str, *, failed: bool, max_cost: int | None) -> BatchSummary:
        """Stopped and postponed companies wait again; `failed`: failed and incomplete ones too. Raises UsageError."""
        if (too_small := budget_too_small(self.summary(batch_id), max_cost)) is not None:
            raise UsageError(too_small)
        self._store.batches.reopen(batch_id, *(AGAIN_FAILED if failed else AGAIN), max_cost=max_cost)
        return self.summary(batch_id)

    def work(self, batch_id: str, *, workers: int, watch: Callable[[BatchSummary], None]) -> BatchSummary:
        """Works until the batch is done or stopped, or Ctrl-C: then after the calls under way. watch: once a second.

        Raises UsageError, UnknownName, UnknownStrategy.
        """
        batch = self.summary(batch_id).batch
        with _more_workers(batch_id, workers - 1, self._settings) as others:
            asyncio.run(self._work(batch, others, watch))
        return self.summary(batch_id)

    def rows(self, batch_id: str) -> Iterator[dict[str, Json]]:
        """One row for each company and consumer, with a column for each dataset that the consumer asks for."""
        return batch_rows(self.summary(batch_id).batch, self._rules, self._store)

    def _check(self, wish: BatchWish) -> None:
        requirements = requirements_of(self._rules, wish.consumers)
        if [wish.file is not None, bool(wish.companies), wish.due].count(True) > 1:
            raise UsageError("Name only one of these: a file of companies, --companies, or --due.")
        if wish.file is None and not wish.companies and not wish.due:
            raise UsageError("Name a file of companies, or --companies with commas between them, or --due.")
        if wish.due and requirements.audience:
            raise UsageError("--due refreshes no profiles that are written for an audience: name other consumers.")

    def _registered(self) -> "_Registered":
        companies = self._store.companies
        return _Registered(companies.all(), companies.other_keys())

    def _understood(self, wish: BatchWish, registered: "_Registered") -> UnderstoodFile | None:
        if wish.file is None:
            return None
        vendor_ids = self._store.companies.vendor_ids()
        understood = understand_file(wish.file, wish.options, registered.companies, vendor_ids, registered.other_keys)
        return with_decisions(understood, self._store)

    def _companies(
        self, wish: BatchWish, understood: UnderstoodFile | None, registered: "_Registered"
    ) -> list[Company]:
        """The companies as the store has them; new ones with an empty company_id. Each once."""
        wanted = [self._named(text) for text in wish.companies]
        if understood is not None:
            entries = [row.entry for row in understood.rows("new", "known") if row.entry is not None]
            now = utc_now()
            wanted = [Company("", company_key(one.name, one.domain), one.name, one.domain, now) for one in entries]
        found = (registered.led_to(company.key) or company for company in wanted)
        return list({company.key: company for company in found}.values())

    def _named(self, text: str) -> Company:
        """Raises NotACompany, AmbiguousCompany."""
        reference = reference_of(text)
        return registered_company(reference, text, self._store.companies) or reference.as_company(utc_now())

    async def _refresh(self, wish: BatchWish) -> tuple[RefreshPlan, BatchWish]:
        """What is worth a refresh within the budget, which is --max-cost, or else what the day leaves."""
        most = dict.fromkeys(wish.consumers, wish.max_cost or 0)
        async with open_context(self._settings, self._rules, store=self._store) as context:
            left = left_today(self._store, self._rules, context.now(), wish.consumers)
            left = left if wish.max_cost is None else most
            plan = await asyncio.to_thread(
                plan_refresh,
                self._store,
                self._rules,
                context,
                left=left,
                override=self._settings.enrich_strategy,
            )
        keys = tuple(dict.fromkeys(profile.company.key for profile in plan.picked))
        budget = sum(left.values()) if wish.max_cost is None else wish.max_cost
        return plan, replace(wish, companies=keys, max_cost=budget)

    async def _quote(self, companies: Sequence[Company], batch: Batch) -> BatchQuote:
        async with open_context(self._settings, self._rules, store=self._store) as context:
            return await quote_batch(
                companies, batch, rules=self._rules, context=context, override=self._settings.enrich_strategy
            )

    async def _work(
        self, batch: Batch, others: Sequence["subprocess.Popen[bytes]"], watch: Callable[[BatchSummary], None]
    ) -> None:
        stopping = asyncio.Event()

        def stop() -> None:
            """A second Ctrl-C ends the process at once."""
            stopping.set()
            for process in others:
                process.send_signal(signal.SIGINT)
            for name in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(name)

        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop)
        async with open_context(self._settings, self._rules, store=self._store) as context:
            ours = replace(context, stopping=stopping.is_set)
            options = WorkerOptions(strategy_override=self._settings.enrich_strategy)
            working = asyncio.create_task(work(batch, rules=self._rules, context=ours, options=options))
            while not working.done():
                await asyncio.wait({working}, timeout=_AGAIN_SECONDS)
                watch(await asyncio.to_thread(self.summary, batch.batch_id))
            await working


class _Registered:
    """All companies of the store by one read, and what leads to them."""

    def __init__(self, companies: Sequence[Company], other_keys: Mapping[str, Sequence[str]]) -> None:
        self.companies, self.other_keys = companies, other_keys
        self._by_key = {company.key: company for company in companies}
        self._by_id = {company.company_id: company for company in companies} if other_keys else {}

    def led_to(self, key: str) -> Company | None:
        """The company with this key, else by an alias that leads to no other company."""
        led = self.other_keys.get(key, ())
        return self._by_key.get(key) or (self._by_id.get(led[0]) if len(led) == 1 else None)


@contextmanager
def opened_batches(*, sandbox: bool) -> Iterator[BatchCommands]:
    """Raises SettingsError, RulesError, StoreError."""
    with opened_store(sandbox=sandbox) as (settings, rules, store):
        yield BatchCommands(settings, rules, store)


def _batch(wish: BatchWish) -> Batch:
    return Batch(
        batch_id=new_id("bat"),
        created_at=utc_now(),
        consumers=wish.consumers,
        requested_by=REFRESH_COMMAND if wish.due else "cli",
        strategy=wish.strategy,
        audience=wish.audience,
        max_cost=wish.max_cost,
        max_age=wish.max_age,
    )


@contextmanager
def _more_workers(batch_id: str, count: int, settings: Settings) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Starts so many processes of `enrich batch work`; at the end of the block they are waited for."""
    command = [sys.executable, "-m", "enrich_cli.main", "batch", "work", batch_id, "--quiet"]
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                subprocess.Popen(command, env=environment_of(settings), start_new_session=True)  # noqa: S603  our own
            )
            for _ in range(count)
        ]
