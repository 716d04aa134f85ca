"""What happened outside of Dagster: shown once, by a run or by a sensor that reads only what is new."""

import asyncio
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from enrichment.domain.batches import Batch, BatchCompany, BatchEnd
from enrichment.domain.companies import Cause, Company
from enrichment.domain.ids import new_id
from enrichment.domain.purchases import Purchase
from enrichment.domain.requests import Request
from enrichment.pipeline.enrich import Ask, enrich
from enrichment_assets.automation.sensors import bought_outside
from enrichment_assets.events.materializations import report_failed
from resources.wiring import open_context
from tests.support.dagster_instance import DagsterSandbox, Tick, dagster_sandbox, definitions, key, value_of
from tests.support.examples import MATRIX
from tests.support.ledger_records import LEASE, answered, draft, sent

MANY, FEW, PRICE = 60, 5, 100
OF_EVERY_STORE = {"", "sqlite_master", "schema_version", "stamp", "change_counter"}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TESLA = Company("com_1", "tesla.com", "Tesla", "tesla.com", NOON)
BOUGHT = Purchase(
    purchase_id="pur_1",
    request_id="req_1",
    company_id="com_1",
    consumer="profile",
    strategy="priority",
    source="serp_news",
    provider="serpapi",
    variant="v",
    rules_hash="r",
    reserved_units={"search": 1},
    usd_per_unit={"search": Decimal("0.05")},
    reserved_micro_usd=50_000,
    reserved_at=NOON,
    lease_until=NOON,
    state="settled",
    units={"search": 1},
    cost_micro_usd=50_000,
    outcome="found",
)


@pytest.fixture
def rows_read() -> Iterator[Counter[str]]:
    """How many rows SQLite has returned on connections opened since, by the first table of their statement.

    Not counted is what opening any store reads: its schema and stamp.
    """
    rows: Counter[str] = Counter()
    tables: dict[int, str] = {}

    def connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.row_factory = counted

    def executed(_connection: sa.Connection, cursor: sqlite3.Cursor, statement: str, *_others: object) -> None:
        table = re.search(r"FROM (?:\(SELECT )?(\w+)", " ".join(statement.split()))
        tables[id(cursor)] = "" if table is None else table[1]

    def counted(cursor: sqlite3.Cursor, row: tuple[object, ...]) -> tuple[object, ...]:
        table = tables.get(id(cursor), "")
        rows[table] += table not in OF_EVERY_STORE
        return row

    listeners = (("connect", connected), ("before_cursor_execute", executed))
    for event, listener in listeners:
        sa.event.listen(sa.Engine, event, listener)
    yield rows
    for event, listener in listeners:
        sa.event.remove(sa.Engine, event, listener)


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterSandbox]:
    with dagster_sandbox(tmp_path, monkeypatch) as opened:
        yield opened


@pytest.mark.parametrize(
    ("purchase", "shown"),
    [
        (BOUGHT, (dg.AssetMaterialization, "raw/serp_news")),
        (replace(BOUGHT, outcome="nothing"), (dg.AssetMaterialization, "raw/serp_news")),
        (replace(BOUGHT, outcome="failed", reason="HTTP 500"), (dg.AssetObservation, "raw/serp_news")),
        (replace(BOUGHT, source="analysis:hiring", outcome="answered"), (dg.AssetMaterialization, "analysis/hiring")),
    ],
)
def test_an_answer_is_a_materialisation_and_a_bill_without_one_is_an_observation(
    purchase: Purchase, shown: tuple[type, str]
) -> None:
    [event] = bought_outside([(purchase, TESLA)])
    assert (type(event), event.asset_key) == (shown[0], key(shown[1]))
    assert event.partition == "tesla.com"
    assert event.metadata["cost_usd"].value == 0.05


def test_what_the_command_line_bought_is_shown_once(sandbox: DagsterSandbox) -> None:
    _ask_outside(sandbox, "tesla.com")
    assert sandbox.shown("raw/brightdata_company_db") == []
    assert sandbox.tick("report_bought_outside") == Tick("1 purchases were reported.", added=["tesla.com"], deleted=[])
    [shown] = sandbox.shown("raw/brightdata_company_db")
    assert shown.partition == "tesla.com"
    assert value_of(shown, "cost_usd") == 0.15
    assert sandbox.partitions() == ["tesla.com"]
    assert sandbox.tick("report_bought_outside").says == "Nothing was bought outside."
    assert len(sandbox.shown("raw/brightdata_company_db")) == 1


def test_whatever_is_shown_by_a_run_or_a_sensor_is_an_asset_that_is_defined(sandbox: DagsterSandbox) -> None:
    sandbox.materialize("profile/customer_intelligence", company="tesla.com")
    _ask_outside(sandbox, "apple.com", consumer="customer_intelligence")
    sandbox.tick("report_bought_outside")
    defined = {spec.key for spec in definitions().resolve_all_asset_specs()}
    assert set(sandbox.instance.all_asset_keys()) - defined == set()
    assert sandbox.companies_of("analysis/intelligence_summary") == ["apple.com", "tesla.com"]


def test_a_profile_that_the_command_line_made_is_shown_once_with_its_checks(sandbox: DagsterSandbox) -> None:
    _ask_outside(sandbox, "tesla.com")
    tick = sandbox.tick("report_made_outside")
    assert tick == Tick("1 of 1 profiles made outside are shown.", added=["tesla.com"], deleted=[])
    [shown] = sandbox.shown("profile/profile")
    [made] = sandbox.store.profiles.latest_by_company("profile").values()
    assert (shown.partition, value_of(shown, "profile_id")) == ("tesla.com", made.profile_id)
    history = sandbox.instance.event_log_storage.get_asset_check_execution_history
    [found] = history(dg.AssetCheckKey(key("profile/profile"), "profile_is_complete"), limit=10)
    assert found.event is not None
    assert sandbox.tick("report_made_outside").says == "0 of 0 profiles made outside are shown."


def test_an_incomplete_profile_made_outside_is_checked_and_shown_as_failed_with_its_reason(
    sandbox: DagsterSandbox,
) -> None:
    _vendors_are_down(sandbox)
    _ask_outside(sandbox, "tesla.com")
    says = "0 of 1 profiles made outside are shown. 1 are shown as failed, as they are not good enough."
    assert sandbox.tick("report_made_outside").says == says
    assert sandbox.shown("profile/profile") == []
    [record] = _failed(sandbox, "profile/profile").values()
    [reason] = [entry.message for entry in sandbox.instance.all_logs(record) if "tesla.com" in entry.message]
    assert "no industry" in reason
    assert sandbox.tick("report_made_outside").says == "0 of 0 profiles made outside are shown."


def test_a_company_whose_calls_were_stopped_stays_as_it_was(sandbox: DagsterSandbox) -> None:
    _ask_outside(sandbox, "tesla.com", stopped=True)
    [request] = sandbox.store.requests.latest()
    assert request.state == "stopped"
    assert sandbox.tick("report_made_outside").says == "0 of 0 profiles made outside are shown."
    assert _failed(sandbox, "profile/profile") == {}


def test_what_ends_incomplete_tick_by_tick_is_one_record_for_a_batch_and_one_for_the_requests_of_a_day(
    sandbox: DagsterSandbox,
) -> None:
    _vendors_are_down(sandbox)
    for company, asked_by in [("apple.com", "batch:bat_1"), ("nike.com", "cli"), ("tesla.com", "batch:bat_1")]:
        _ask_outside(sandbox, company, asked_by)
        sandbox.tick("report_made_outside")
    failed = _failed(sandbox, "profile/profile")
    assert failed["apple.com"] == failed["tesla.com"] != failed["nike.com"]
    batch, day = (sandbox.instance.get_run_by_id(failed[company]) for company in ("tesla.com", "nike.com"))
    assert batch is not None
    assert day is not None
    assert batch.tags["batch"] == "bat_1"
    assert batch.run_config == {"ops": {"work": {"config": {"batch_id": "bat_1"}}}}
    assert "batch" not in day.tags


def test_a_company_that_failed_in_a_batch_outside_is_shown_as_failed_once_though_it_has_no_profile(
    sandbox: DagsterSandbox,
) -> None:
    batch = _fails_in_batch(sandbox, "tesla.com", "the company is ambiguous")
    tick = sandbox.tick("report_made_outside")
    says = "0 of 0 profiles made outside are shown."
    assert tick == Tick(f"{says} 1 that failed in batches are shown as failed.", added=["tesla.com"], deleted=[])
    failed = _failed(sandbox, "profile/profile")
    assert set(failed) == {"tesla.com"}
    record = sandbox.instance.get_run_by_id(failed["tesla.com"])
    assert record is not None
    assert record.tags["batch"] == batch.batch_id
    logged = sandbox.instance.all_logs(record.run_id)
    assert [one for one in logged if "tesla.com, profile/profile: the company is ambiguous" in one.message]
    assert dg.DagsterEventType.RUN_FAILURE not in {one.dagster_event_type for one in logged}
    assert sandbox.tick("report_made_outside").says == says


def test_what_failed_in_a_batch_and_was_made_since_is_not_shown_as_failed(sandbox: DagsterSandbox) -> None:
    _fails_in_batch(sandbox, "tesla.com", "the store was away")
    _ask_outside(sandbox, "tesla.com")
    assert sandbox.tick("report_made_outside").says == "1 of 1 profiles made outside are shown."
    assert _failed(sandbox, "profile/profile") == {}


def test_what_is_complete_when_it_is_made_again_is_not_failed_any_more(sandbox: DagsterSandbox) -> None:
    _vendors_are_down(sandbox)
    _ask_outside(sandbox, "tesla.com")
    sandbox.tick("report_made_outside")
    sandbox.clear_faults()
    _ask_outside(sandbox, "tesla.com", strategy="legacy")
    assert sandbox.tick("report_made_outside").says == "1 of 1 profiles made outside are shown."
    assert _failed(sandbox, "profile/profile") == {}


def test_what_a_killed_run_left_incomplete_is_shown_as_failed_once_the_run_has_ended(sandbox: DagsterSandbox) -> None:
    _vendors_are_down(sandbox)
    job = definitions().resolve_job_def("refresh_companies")
    killed = sandbox.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags={"batch": "bat_1"})
    _ask_outside(sandbox, "tesla.com", asked_by=f"dagster:{killed.run_id}")
    sandbox.tick("report_made_outside")
    assert _failed(sandbox, "profile/profile") == {}
    sandbox.instance.report_run_failed(killed)
    sandbox.tick("report_made_outside")
    [record] = _failed(sandbox, "profile/profile").values()
    recorded = sandbox.instance.get_run_by_id(record)
    assert recorded is not None
    assert recorded.tags["companies_not_complete_in"] == killed.run_id


def test_a_company_that_failed_in_a_killed_run_is_shown_as_failed_once_the_run_has_ended(
    sandbox: DagsterSandbox,
) -> None:
    job = definitions().resolve_job_def("refresh_companies")
    killed = sandbox.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    batch = _fails_in_batch(sandbox, "tesla.com", "the company is ambiguous", asked_by=f"dagster:{killed.run_id}")
    nothing = "0 of 0 profiles made outside are shown."
    assert sandbox.tick("report_made_outside").says == nothing
    assert _failed(sandbox, "profile/profile") == {}
    sandbox.instance.report_run_failed(killed)
    tick = sandbox.tick("report_made_outside")
    assert tick.says == f"{nothing} 1 that failed in batches are shown as failed."
    [record] = _failed(sandbox, "profile/profile").values()
    recorded = sandbox.instance.get_run_by_id(record)
    assert recorded is not None
    assert (recorded.tags["companies_not_complete_in"], recorded.tags["batch"]) == (killed.run_id, batch.batch_id)
    assert sandbox.tick("report_made_outside").says == nothing


def test_a_company_that_a_run_has_shown_as_failed_is_not_shown_again(sandbox: DagsterSandbox) -> None:
    job = definitions().resolve_job_def("refresh_companies")
    run = sandbox.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    _fails_in_batch(sandbox, "tesla.com", "the company is ambiguous", asked_by=f"dagster:{run.run_id}")
    report_failed(sandbox.instance, {(key("profile/profile"), "tesla.com"): "it is ambiguous"}, run=run, step="work")
    sandbox.instance.report_run_failed(run)
    assert sandbox.tick("report_made_outside").says == "0 of 0 profiles made outside are shown."


def test_a_profile_that_a_run_made_is_shown_by_the_run_alone(sandbox: DagsterSandbox) -> None:
    sandbox.materialize("profile/profile", company="tesla.com")
    assert sandbox.tick("report_made_outside").says == "0 of 0 profiles made outside are shown."
    assert len(sandbox.shown("profile/profile")) == 1


def test_a_profile_of_a_run_that_was_killed_before_it_could_show_it_is_shown_once_the_run_has_ended(
    sandbox: DagsterSandbox,
) -> None:
    sandbox.materialize("profile/profile", company="apple.com")
    job = definitions().resolve_job_def("refresh_companies")
    killed = sandbox.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    _ask_outside(sandbox, "tesla.com", asked_by=f"dagster:{killed.run_id}")
    assert sandbox.tick("report_made_outside").says == "0 of 0 profiles made outside are shown."
    sandbox.instance.report_run_failed(killed)
    assert sandbox.tick("report_made_outside").says == "1 of 1 profiles made outside are shown."
    assert sandbox.companies_of("profile/profile") == ["apple.com", "tesla.com"]
    assert sandbox.tick("report_made_outside").says == "0 of 0 profiles made outside are shown."


def test_a_profile_made_again_outside_is_shown_and_checked_again(sandbox: DagsterSandbox) -> None:
    for strategy in ("legacy", "legacy"):
        _ask_outside(sandbox, "tesla.com", strategy=strategy)
        assert sandbox.tick("report_made_outside").says == "1 of 1 profiles made outside are shown."
    assert len(sandbox.shown("profile/profile")) == 2
    assert sandbox.evaluations("profile/profile")["profile_is_complete", "tesla.com"].passed


def test_a_cursor_of_an_earlier_version_goes_on_where_it_was(sandbox: DagsterSandbox) -> None:
    sandbox.cursors["report_made_outside"] = "0"
    _ask_outside(sandbox, "tesla.com")
    assert sandbox.tick("report_made_outside").says == "1 of 1 profiles made outside are shown."


def test_what_a_run_bought_is_shown_by_the_run_alone(sandbox: DagsterSandbox) -> None:
    sandbox.materialize("profile/profile", company="tesla.com")
    assert sandbox.tick("report_bought_outside").says == "Nothing was bought outside."
    assert len(sandbox.shown("raw/brightdata_company_db")) == 1


@pytest.mark.parametrize(("status", "reported"), [("STARTED", 0), ("FAILURE", 1)])
def test_a_run_under_way_is_left_to_show_what_it_bought_and_a_dead_one_is_not(
    sandbox: DagsterSandbox, status: str, reported: int
) -> None:
    run = sandbox.instance.create_run_for_job(
        definitions().resolve_job_def("refresh_companies"), status=dg.DagsterRunStatus[status]
    )
    _ask_outside(sandbox, "tesla.com", asked_by=f"dagster:{run.run_id}")
    sandbox.tick("report_bought_outside")
    assert len(sandbox.shown("raw/brightdata_company_db")) == reported


def test_what_is_split_off_is_shown_under_its_own_partition_and_undone_that_one_is_gone(
    sandbox: DagsterSandbox,
) -> None:
    [amazon] = sandbox.register("amazon.com")
    request = _request(sandbox, amazon, "cli")
    _bought(sandbox, amazon, request, variant="a")
    sandbox.tick("report_bought_outside")
    [purchase] = sandbox.store.ledger.purchases(request)
    widgets = Company("com_9", "name:acme-widgets", "Acme Widgets", None, NOON)
    event = sandbox.store.company_events.split(
        amazon.company_id, widgets, Cause("test", NOON, "two"), purchase_ids=[purchase.purchase_id]
    )
    sandbox.tick("register_companies")
    assert sandbox.tick("report_bought_outside").says == "1 purchases were reported."
    assert {shown.partition for shown in sandbox.shown("raw/serp_news")} == {"amazon.com", "name:acme-widgets"}
    sandbox.store.company_events.undo(event.event_id, by="test", at=NOON)
    sandbox.tick("register_companies")
    assert sandbox.partitions() == ["amazon.com"]
    assert sandbox.tick("report_bought_outside").says == "Nothing was bought outside."


def test_a_second_tick_reads_the_new_company_and_none_of_the_others(
    sandbox: DagsterSandbox, rows_read: Counter[str]
) -> None:
    sandbox.register(*(f"company{number}.com" for number in range(MANY)))
    assert len(sandbox.tick("register_companies").added) == MANY
    assert rows_read.total() >= MANY
    sandbox.register("tesla.com")
    rows_read.clear()
    assert sandbox.tick("register_companies").added == ["tesla.com"]
    assert rows_read["companies"] == 1
    assert rows_read.total() < FEW
    assert len(sandbox.partitions()) == MANY + 1


def test_a_second_tick_reads_the_new_purchase_and_none_that_is_left_to_a_run(
    sandbox: DagsterSandbox, rows_read: Counter[str]
) -> None:
    [tesla] = sandbox.register("tesla.com")
    run = sandbox.instance.create_run_for_job(
        definitions().resolve_job_def("refresh_companies"), status=dg.DagsterRunStatus.STARTED
    )
    request = _request(sandbox, tesla, f"dagster:{run.run_id}")
    for number in range(MANY):
        _bought(sandbox, tesla, request, variant=f"run {number}")
    assert sandbox.tick("report_bought_outside").says == "Nothing was bought outside."
    assert rows_read["purchases"] == MANY
    _bought(sandbox, tesla, _request(sandbox, tesla, "cli"), variant="cli")
    rows_read.clear()
    assert sandbox.tick("report_bought_outside").says == "1 purchases were reported."
    assert rows_read["purchases"] == 1
    assert rows_read.total() < FEW
    sandbox.instance.report_run_failed(run)
    assert sandbox.tick("report_bought_outside").says == f"{MANY} purchases were reported."
    assert sandbox.tick("report_bought_outside").says == "Nothing was bought outside."


def _request(sandbox: DagsterSandbox, company: Company, asked_by: str) -> str:
    """The id of a new request."""
    asked = Request(new_id("req"), company.company_id, "profile", None, "enhanced", "rules", NOON, asked_by)
    sandbox.store.requests.open(asked)
    return asked.request_id


def _fails_in_batch(sandbox: DagsterSandbox, name: str, reason: str, asked_by: str | None = None) -> Batch:
    """A batch in which this company fails before anything of it is made. asked_by: None: the command line."""
    [company] = sandbox.store.companies.add([Company(new_id("com"), name, None, name, NOON)])
    batches = sandbox.store.batches
    batch = batches.create(Batch(new_id("bat"), NOON, ("profile",), "cli"), [company.company_id])
    [claimed] = batches.claim(batch.batch_id, "w", most=1, caps=(), lease_until=NOON + LEASE, at=NOON)
    asked_by = asked_by or f"batch:{batch.batch_id}"
    request = Request(new_id("req"), company.company_id, "profile", None, "enhanced", "rules", NOON, asked_by)
    sandbox.store.requests.open(request)
    begun = batches.begin(claimed, "w", request.request_id, need=0, caps=(), at=NOON)
    assert isinstance(begun, BatchCompany)
    assert batches.finish(begun, BatchEnd("failed", reason=reason), at=NOON)
    return batch


def _bought(sandbox: DagsterSandbox, company: Company, request_id: str, *, variant: str) -> None:
    purchase = draft(company_id=company.company_id, variant=variant, price=PRICE)
    made = sent(sandbox.store, replace(purchase, request_id=request_id))
    sandbox.store.ledger.settle(answered(made, cost=PRICE), reply=None, facts=())


def _vendors_are_down(sandbox: DagsterSandbox) -> None:
    for vendor in ("brightdata", "serpapi"):
        sandbox.fault(vendor, "down")


def _failed(sandbox: DagsterSandbox, asset: str) -> dict[str, str]:
    """Company -> the failed run for which Dagster shows it as failed."""
    attempts = (
        sandbox.instance.event_log_storage.get_latest_asset_partition_materialization_attempts_without_materializations
    )
    runs = {company: run_id for company, (run_id, _) in attempts(key(asset)).items()}
    stored = {run_id: sandbox.instance.get_run_by_id(run_id) for run_id in runs.values()}
    failed = {run_id for run_id, run in stored.items() if run is not None and run.is_failure_or_canceled}
    return {company: run_id for company, run_id in runs.items() if run_id in failed}


def _ask_outside(
    sandbox: DagsterSandbox,
    company: str,
    asked_by: str = "cli",
    consumer: str = "profile",
    strategy: str | None = None,
    *,
    stopped: bool = False,
) -> None:
    async def ask() -> None:
        async with open_context(sandbox.settings, MATRIX, store=sandbox.store) as opened:
            context = replace(opened, stopping=lambda: stopped)
            await enrich(Ask(company, (consumer,), strategy=strategy, asked_by=asked_by), rules=MATRIX, context=context)

    asyncio.run(ask())
