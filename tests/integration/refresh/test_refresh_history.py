"""What a refresh is decided by is read for all companies at once, on both stores."""

from dataclasses import replace
from datetime import timedelta

from enrichment.domain.batches import Batch, BatchCompany, BatchEnd
from enrichment.domain.ids import new_id
from enrichment.domain.requests import Request
from enrichment.domain.values import EmployeeCount, Founded, Text
from enrichment.refresh.history import Reads, Traits
from enrichment.refresh.observed_renewals import observed_renewals
from resources.store import SqlStore
from tests.support.examples import MATRIX, NOON
from tests.support.warehouse_story import DAY, bought, company, request

SOURCE = "brightdata_company_db"


def industry(words: str) -> dict[str, list[Text | EmployeeCount]]:
    return {"industry": [Text(text=words)], "employee_count": [EmployeeCount(low=1001, high=5000)]}


def test_replies_of_a_source_that_answered_again_are_looked_at_side_by_side(store: SqlStore) -> None:
    acme, other = company(store, "acme.com"), company(store, "other.com")
    for days, words in ((0, "Banking"), (7, "banking"), (30, "Insurance")):
        bought(store, request(store, acme), SOURCE, industry(words), at=NOON + days * DAY)
    another = next(source for source in MATRIX.datasets["industry"].sources if source != SOURCE)
    bought(store, request(store, acme), another, {"industry": [Text(text="Retail")]}, at=NOON + DAY)
    bought(store, request(store, other), SOURCE, industry("Banking"), at=NOON)
    bought(store, request(store, acme), SOURCE, {"founded": [Founded(year=1950)]}, at=NOON + 9 * DAY)
    renewals = [look for look in observed_renewals(store.refresh_history.renewals()) if look.dataset == "industry"]
    renewals.sort(key=lambda look: look.at)
    assert [(look.company_id, look.at, look.changed) for look in renewals] == [
        (acme.company_id, (NOON + 7 * DAY).timestamp(), False),
        (acme.company_id, (NOON + 30 * DAY).timestamp(), True),
    ]
    assert [look.seconds for look in renewals] == [7 * DAY.total_seconds(), 23 * DAY.total_seconds()]


def test_traits_and_the_newest_of_each_dataset_are_those_stated_last(store: SqlStore) -> None:
    acme = company(store, "acme.com")
    for days, words in ((0, "Banking"), (9, "Software Development")):
        bought(store, request(store, acme), SOURCE, industry(words), at=NOON + days * DAY)
    [(company_id, traits)] = store.refresh_history.traits().items()
    assert (company_id, traits.size_band) == (acme.company_id, "1001-5000")
    assert traits.industry not in (None, Traits().industry)
    companies, datasets, at = store.refresh_history.collected()
    assert sorted(zip(companies, datasets, at, strict=True)) == [
        (acme.company_id, dataset, (NOON + 9 * DAY).timestamp()) for dataset in ("employee_count", "industry")
    ]


def test_reads_are_requests_of_people_and_not_those_of_a_refresh(store: SqlStore) -> None:
    acme = company(store, "acme.com")
    refresh, asked = (Batch(new_id("bat"), NOON, ("profile",), by) for by in ("refresh_due_companies", "cli"))
    for batch in (refresh, asked):
        store.batches.create(batch, [acme.company_id])
    days = {"cli": 1, f"batch:{refresh.batch_id}": 2, f"batch:{asked.batch_id}": 3, "dagster": -40}
    for by, day in days.items():
        made = Request(new_id("req"), acme.company_id, "profile", None, "priority", MATRIX.hash, NOON + day * DAY)
        store.requests.open(replace(made, asked_by=by))
    found = store.refresh_history.reads(NOON - 30 * DAY, not_by=["refresh_due_companies"])
    assert found == [Reads(acme.company_id, "profile", 2, NOON + 3 * DAY)]


def test_a_request_is_a_refresh_s_also_where_a_run_of_dagster_asked_as_its_worker(store: SqlStore) -> None:
    acme = company(store, "acme.com")
    batch = store.batches.create(Batch(new_id("bat"), NOON, ("profile",), "refresh_due_companies"), [acme.company_id])
    until = NOON + timedelta(minutes=1)
    [claimed] = store.batches.claim(batch.batch_id, "wrk", most=9, caps=[], at=NOON, lease_until=until)
    asked = request(store, acme)
    assert store.batches.begin(claimed, "wrk", asked.request_id, need=0, caps=[], at=NOON) is not None
    assert store.refresh_history.reads(NOON - DAY, not_by=["refresh_due_companies"]) == []
    assert len(store.refresh_history.reads(NOON - DAY, not_by=["another"])) == 1


def test_an_open_refresh_counts_with_all_it_may_cost_and_a_finished_one_with_what_it_did(store: SqlStore) -> None:
    acme = company(store, "acme.com")
    batch = Batch(new_id("bat"), NOON, ("profile", "vendor_enrichment"), "refresh_due_companies", max_cost=900_000)
    store.batches.create(batch, [acme.company_id])
    store.batches.create(replace(batch, batch_id=new_id("bat"), requested_by="cli"), [acme.company_id])
    spent = store.refresh_history.spent
    assert spent(NOON, requested_by=["refresh_due_companies"]) == [(("profile", "vendor_enrichment"), 900_000)]
    until = NOON + timedelta(minutes=1)
    [claimed] = store.batches.claim(batch.batch_id, "wrk", most=9, caps=[], at=NOON, lease_until=until)
    begun = store.batches.begin(claimed, "wrk", new_id("req"), need=0, caps=[], at=NOON)
    assert isinstance(begun, BatchCompany)
    assert store.batches.finish(begun, BatchEnd("complete", 150_000), at=NOON)
    assert store.batches.end_if_done(batch.batch_id, [])
    assert spent(NOON, requested_by=["refresh_due_companies"]) == [(("profile", "vendor_enrichment"), 150_000)]
    assert spent(NOON + timedelta(seconds=1), requested_by=["refresh_due_companies"]) == []
