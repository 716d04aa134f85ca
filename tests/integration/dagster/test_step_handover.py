"""Steps hand over ids; plans are executed as they were made; an error in one company costs that company alone."""

import json
import pickle
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from enrichment.context import RunContext
from enrichment_assets.batch_pipeline import (
    BatchOrder,
    BatchProgress,
    Outcome,
    StageFunction,
    advance,
    analyse_stage,
    assemble_stage,
    collect_stage,
    plan_stage,
    start,
)
from enrichment_assets.step_handover import Handover, HandoverLost, forget, hand_over, take_over
from resources.dagster_resources import EnrichmentResource
from tests.support.dagster_instance import DagsterSandbox, dagster_sandbox
from tests.support.manual_clock import NOON

COMPANIES = ("tesla.com", "apple.com", "someone@example.com")
CONFIG = Path(__file__).parents[3] / "config"


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterSandbox]:
    with dagster_sandbox(tmp_path, monkeypatch) as opened:
        yield opened


def through(sandbox: DagsterSandbox, batch: BatchProgress, stage: Any, log: list[str] | None = None) -> BatchProgress:
    return advance(batch, stage, EnrichmentResource(), ([] if log is None else log).append)


def planned(sandbox: DagsterSandbox) -> BatchProgress:
    rules = EnrichmentResource().rules()
    return through(sandbox, start(BatchOrder(COMPANIES, ("profile",)), rules, run_id="run_1"), plan_stage)


def handed_over(sandbox: DagsterSandbox, batch: BatchProgress) -> Handover:
    return hand_over(batch, batch.order.companies, sandbox.store, NOON)


def test_the_next_step_takes_over_what_the_one_before_left(sandbox: DagsterSandbox) -> None:
    batch = planned(sandbox)
    taken = take_over(handed_over(sandbox, batch), sandbox.store, EnrichmentResource().rules_of)
    assert taken == batch
    assert list(taken.going) == ["tesla.com", "apple.com"]
    assert list(taken.failed) == ["someone@example.com"]


def test_what_steps_exchange_is_plain_and_does_not_grow_with_the_companies(sandbox: DagsterSandbox) -> None:
    sandbox.register("tesla.com", "apple.com", "intel.com")
    sandbox.tick("register_companies")
    run = sandbox.materialize_all("raw/google_knowledge_graph", "analysis/hiring", config={"budget_usd": 9.0})
    for step, output in (("plan", "planned"), ("collect", "collected")):
        handed = run.output_for_node(f"enrich.{step}", output)
        assert json.loads(json.dumps(handed))["run_id"] == run.run_id
        assert len(pickle.dumps(handed)) < 1_000


def test_a_plan_is_executed_by_the_rules_it_was_made_by(
    sandbox: DagsterSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited = tmp_path / "config"
    shutil.copytree(CONFIG, edited)
    monkeypatch.setenv("ENRICH_CONFIG", str(edited))
    batch = planned(sandbox)
    handed = handed_over(sandbox, batch)
    consumers = edited / "consumers.yaml"
    dearer = re.sub(r"max_cost_usd: \S+", 'max_cost_usd: "9.50"', consumers.read_text("utf-8"))
    consumers.write_text(dearer, encoding="utf-8")
    assert EnrichmentResource().rules().hash != batch.rules.hash
    taken = take_over(handed, sandbox.store, EnrichmentResource().rules_of)
    assert taken.rules == batch.rules
    assert taken.going == batch.going


def test_a_run_that_ended_well_leaves_nothing_behind_and_one_that_failed_states_what_is_finished(
    sandbox: DagsterSandbox,
) -> None:
    well = sandbox.materialize("profile/profile", company="tesla.com")
    assert sandbox.store.run_companies.of(well.run_id) == []
    failed = planned(sandbox)
    hand_over(failed, [*failed.finished, *failed.failed], sandbox.store, NOON)
    left = {row.company: row.state for row in sandbox.store.run_companies.of("run_1")}
    assert left == {"tesla.com": "finished", "someone@example.com": "failed"}


def test_a_step_that_finds_nothing_left_states_where_to_start(sandbox: DagsterSandbox) -> None:
    batch = planned(sandbox)
    handed = handed_over(sandbox, batch)
    forget(batch, sandbox.store, NOON)
    with pytest.raises(HandoverLost, match="What run run_1 left for this step is gone: start a run from the step"):
        take_over(handed, sandbox.store, EnrichmentResource().rules_of)


def test_what_other_code_left_is_not_loaded_and_the_run_says_to_start_anew(sandbox: DagsterSandbox) -> None:
    """Code from before values carried the shape of their records, and code whose records had another shape."""
    batch = planned(sandbox)
    handed = handed_over(sandbox, batch)
    rows = sandbox.store.run_companies.of(batch.run_id)
    for before in (b"", bytes(16)):
        others = [replace(row, value=before + row.value[16:]) for row in rows]
        sandbox.store.run_companies.keep(batch.run_id, others, at=NOON)
        with pytest.raises(HandoverLost, match=r"^The code has changed since the step before this one: start the run"):
            take_over(handed, sandbox.store, EnrichmentResource().rules_of)


def test_an_unexpected_error_in_one_company_costs_that_company_alone(sandbox: DagsterSandbox) -> None:
    async def breaks_for_apple(value: Any, batch: BatchProgress, run_context: RunContext) -> Outcome:
        if value == "apple.com":
            raise ZeroDivisionError("by apples")
        return await plan_stage(value, batch, run_context)

    log: list[str] = []
    order = BatchOrder(("tesla.com", "apple.com", "microsoft.com"), ("profile",))
    batch = through(sandbox, start(order, EnrichmentResource().rules(), run_id="run_1"), breaks_for_apple, log)
    assert list(batch.going) == ["tesla.com", "microsoft.com"]
    assert batch.failed == {
        "apple.com": "an error of this program (by apples); the log of the run shows where it comes from"
    }
    assert [line for line in log if "Traceback" in line and "breaks_for_apple" in line] != []


def test_errors_at_different_stages_cost_a_company_each_and_the_others_are_finished(sandbox: DagsterSandbox) -> None:
    def breaking(stage: StageFunction, for_company: str) -> StageFunction:
        async def broken(value: Any, batch: BatchProgress, run_context: RunContext) -> Outcome:
            if value.company.domain == for_company:
                raise KeyError(f"no {for_company}")
            return await stage(value, batch, run_context)

        return broken

    order = BatchOrder(("tesla.com", "apple.com", "microsoft.com", "intel.com"), ("profile",))
    batch = through(sandbox, start(order, EnrichmentResource().rules(), run_id="run_1"), plan_stage)
    for stage, company in (
        (collect_stage, "apple.com"),
        (analyse_stage, "microsoft.com"),
        (assemble_stage, "intel.com"),
    ):
        batch = through(sandbox, batch, breaking(stage, company))
    assert list(batch.finished) == ["tesla.com"]
    assert batch.finished["tesla.com"].request.state == "complete"
    where = "the log of the run shows where it comes from"
    assert batch.failed == {
        name: f"an error of this program ('no {name}'); {where}" for name in ("apple.com", "microsoft.com", "intel.com")
    }
    known = sandbox.store.companies.by_key("microsoft.com")
    assert known is not None
    assert sandbox.store.knowledge.known(known.company_id).replies != ()  # what was paid for is kept
