"""What came of an experiment, from requests on record."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from enrichment.domain.ids import new_id
from enrichment.domain.json_values import Json
from enrichment.domain.requests import Request, RequestState
from enrichment.rules.experiment_arm import arm_of
from enrichment.rules.experiments import Experiment, Guard
from resources.store import SqlStore
from resources.warehouse.experiment_results import ArmResult, experiment_results
from tests.support.examples import MATRIX, NOON
from tests.support.new_warehouses import new_warehouse
from tests.support.warehouse_story import company

ORDER = Experiment(
    consumer="profile",
    since=NOON.date(),
    share=1.0,
    arms={"solved": "enhanced", "listed": "priority"},
    metric="cost",
    guard=Guard(least_complete=0.9),
)


def results(store: SqlStore, folder: Path, experiment: Experiment) -> dict[str, ArmResult]:
    warehouse = new_warehouse(folder / "enrichment.duckdb")
    warehouse.build(store)
    with warehouse.reading() as connection:
        rules = MATRIX.model_copy(update={"experiments": {"order": experiment}})
        return experiment_results(connection, rules, "order")


def planned(store: SqlStore, companies: int) -> None:
    """Each by the strategy of its arm; those of `listed` are never complete."""
    rules = MATRIX.model_copy(update={"experiments": {"order": ORDER}})
    for number in range(companies):
        about = company(store, f"c{number}.com")
        arm = arm_of(rules, consumer="profile", company_id=about.company_id)
        assert arm is not None
        on_record: dict[str, Json] = {"arm": {"experiment": "order", "name": arm.name, "chance": arm.chance}}
        asked = Request(new_id("req"), about.company_id, "profile", None, "enhanced", MATRIX.hash, NOON, plan=on_record)
        store.requests.open(asked)
        state: RequestState = "complete" if arm.name == "solved" else "incomplete"
        store.requests.close(replace(asked, state=state, finished_at=NOON), profiles=(), reads=())


def test_companies_are_counted_in_their_arms_and_a_guard_names_the_one_to_stop(store: SqlStore, tmp_path: Path) -> None:
    planned(store, 260)
    found = results(store, tmp_path, ORDER)
    assert found["solved"].companies + found["listed"].companies == 260
    assert found["solved"].to_stop is None
    assert [one.if_all and one.if_all.seen for one in found.values()] == [one.companies for one in found.values()]
    assert found["listed"].to_stop == "0% of its profiles are complete, below 90%"


@pytest.mark.parametrize("change", [{"since": date(2030, 1, 1)}, {"consumer": "vendor_enrichment"}])
def test_requests_of_before_and_of_other_consumers_are_not_counted(
    store: SqlStore, tmp_path: Path, change: dict[str, object]
) -> None:
    planned(store, 4)
    found = results(store, tmp_path, ORDER.model_copy(update=change))
    assert [(one.companies, one.metric, one.beside, one.to_stop) for one in found.values()] == [
        (0, None, None, None)
    ] * 2
