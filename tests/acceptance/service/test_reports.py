"""What the views of an operator read: the table of companies, batches, spending, sources, rules."""

import csv
import json
import shutil
from decimal import Decimal
from io import StringIO
from pathlib import Path

import httpx

from enrichment.domain.companies import Company
from enrichment.domain.money import to_micro
from service.answers.source_report import is_far
from service.app import create_service
from service.server import served
from tests.acceptance.conftest import Stack
from tests.acceptance.service.test_batches import done
from tests.acceptance.service.test_keys import bearer
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.examples import FROZEN
from tests.support.one_authority import NO_AUTHORITY

WAIT = {"Prefer": "wait=60"}


def bought(client: httpx.Client, consumer: str = "profile") -> None:
    client.post("/v1/enrichments", json={"company": "tesla.com", "consumer": consumer}, headers=WAIT)


def test_an_empty_cell_costs_what_its_plan_is_quoted_and_nothing_is_bought(client: httpx.Client, stack: Stack) -> None:
    now = stack.clock.now()
    bought(client)
    stack.store.companies.add(
        [
            Company("com_new", "new-widgets.com", "New", "new-widgets.com", now),
            Company("com_bare", "bare-widgets.com", None, "bare-widgets.com", now),
            Company("com_named", "name:newwidgets", "New Widgets", None, now),
        ]
    )
    billed = stack.invoice()

    def priced(*columns: str) -> list[str]:
        """States of the cells that have a price: each is what its quote says."""
        states = []
        for row in client.get("/v1/company-table", params={"columns": columns}).json()["companies"]:
            for dataset, cell in row["cells"].items():
                if cell["state"] in {"missing", "old"}:
                    quote = client.post("/v1/quotes", json={"company": row["key"], "datasets": [dataset]}).json()
                    assert (quote["company"], quote["expected_usd"]) == (row["key"], cell["expected_usd"])
                    assert cell["chance"] is None or 0 < cell["chance"] <= 1
                    states.append(cell["state"])
        return states

    assert priced("tech_stack", "industry", "positioning_strategy") == ["missing"] * 11
    planned = json.loads(stack.command("plan", "new-widgets.com", "--datasets", "tech_stack", "--json").stdout)
    table = client.get("/v1/company-table", params={"text": "new-widgets.com", "columns": "tech_stack"}).json()
    (cell,) = (row["cells"]["tech_stack"] for row in table["companies"] if row["key"] == "new-widgets.com")
    assert to_micro(Decimal(cell["expected_usd"])) == planned["total"]["expected"]
    stack.clock.advance(days=400)
    assert sorted(priced("industry")) == ["missing"] * 3 + ["old"]
    assert stack.invoice() == billed


def test_a_filled_cell_has_its_value_and_source(client: httpx.Client) -> None:
    bought(client)
    (row,) = client.get("/v1/company-table", params={"columns": "industry"}).json()["companies"]
    assert row["cells"]["industry"]["state"] == "fresh"
    assert row["cells"]["industry"]["source"] == "brightdata_company_db"
    assert row["cells"]["industry"]["expected_usd"] is None


def test_pages_in_any_order_have_every_company_once(client: httpx.Client, stack: Stack) -> None:
    now = stack.clock.now()
    stack.store.companies.add([Company(f"com_{n}", f"c{n}.example", "Same", f"c{n}.example", now) for n in range(7)])
    for sort in ("key", "name", "added"):
        for descending in (False, True):
            seen: list[str] = []
            after: str | None = ""
            while after is not None:
                params = {"sort": sort, "descending": descending, "after": after, "limit": 3}
                page = client.get("/v1/company-table", params=params).json()
                seen, after = [*seen, *(one["key"] for one in page["companies"])], page["next_after"]
            assert seen == sorted(seen, reverse=descending)
            assert len(seen) == 7


def test_companies_are_found_by_what_is_known_of_them(client: httpx.Client, stack: Stack) -> None:
    bought(client)
    stack.store.companies.add([Company("com_new", "new.example", "New", "new.example", stack.clock.now())])
    found = {
        name: [one["key"] for one in client.get("/v1/company-table", params={name: "industry"}).json()["companies"]]
        for name in ("known", "unknown")
    }
    assert found == {"known": ["tesla.com"], "unknown": ["new.example"]}
    for filters, total in (({"known": "industry"}, 1), ({"known": "industry", "unknown": "industry"}, 0), ({}, 2)):
        assert client.get("/v1/company-table", params=filters).json()["total"] == total
    every = list(stack.rules.datasets)
    assert client.get("/v1/company-table", params={"columns": every}).json()["columns"] == every


def test_the_report_adds_up_to_what_the_ledger_has_spent(client: httpx.Client) -> None:
    bought(client)
    bought(client, "customer_enrichment")
    report = client.get("/v1/spend/report", params={"days": 3}).json()
    spent = client.get("/v1/spend").json()
    assert report["total"]["spent_usd"] == spent["spent_usd"]
    assert report["total"]["saved_usd"] == spent["saved_usd"]
    for table in ("by_day", "by_source", "by_consumer", "by_key"):
        total = sum(round(float(line["spent_usd"]) * 1_000_000) for line in report[table])
        assert total == round(float(spent["spent_usd"]) * 1_000_000)
        text = client.get("/v1/spend/report.csv", params={"table": table, "days": 3}).content.decode("utf-8-sig")
        assert [line["name"] for line in csv.DictReader(StringIO(text))] == [line["name"] for line in report[table]]
    assert len(report["by_day"]) == 3
    assert {(line["paid_by"], line["used_by"]) for line in report["paid_for"]} == {("profile", "customer_enrichment")}


def test_what_a_keys_batch_bought_is_that_keys_and_a_refused_call_is_a_purchase_too(
    client: httpx.Client, stack: Stack
) -> None:
    headers = bearer(stack, "crm", ["enrich"])
    stack.fault("brightdata", "down", times=1)
    batch = client.post("/v1/batches", json={"companies": ["tesla.com"], "max_cost_usd": "2"}, headers=headers).json()
    done(client, batch["id"], headers)
    client.post("/v1/enrichments", json={"company": "apple.com"}, headers=headers | WAIT)
    report = client.get("/v1/spend/report", headers=headers).json()
    assert [line["name"] for line in report["by_key"]] == ["key:crm"]
    assert report["by_key"][0]["spent_usd"] == report["total"]["spent_usd"] != "0.00"
    assert report["total"]["purchases"] == client.get("/v1/purchases", headers=headers).json()["in_all"]
    text = client.get("/v1/spend/report.csv", params={"table": "budgets"}, headers=headers).content.decode("utf-8-sig")
    assert "key:crm" in [line["cap"] for line in csv.DictReader(StringIO(text))]


def test_a_source_shows_what_was_observed_beside_its_rule(client: httpx.Client, stack: Stack) -> None:
    bought(client)
    stack.store.provider_health.record_answer("apollo")
    by_name = {one["source"]: one for one in client.get("/v1/sources/report").json()["sources"]}
    asked = by_name["brightdata_company_db"]
    assert (asked["asked"], asked["match_observed"], asked["state"]) == (1, 1.0, "asked")
    assert asked["match_rate"] == stack.rules.sources["brightdata_company_db"].match_rate
    assert by_name["apollo_contacts"]["match_observed"] is None


def test_a_rule_that_is_far_from_what_was_observed_is_marked_and_one_call_marks_nothing() -> None:
    seen = [(0.75, 8, 100), (0.75, 0, 5), (0.75, 70, 100), (0.97, 0, 1), (0.75, 0, 0)]
    assert [is_far(*one) for one in seen] == [True, True, False, False, False]


def test_past_requests_are_replayed_without_a_source_and_nothing_is_bought(client: httpx.Client, stack: Stack) -> None:
    bought(client)
    billed = stack.invoice()
    view = client.get("/v1/sources/brightdata_company_db/without").json()
    assert view["requests"] == 1
    assert view["with_it"]["cost_usd"] == view["paid_usd"]
    assert view["without_it"] != view["with_it"]
    assert stack.invoice() == billed


def test_the_rules_state_what_is_required_by_which_consumer(client: httpx.Client, stack: Stack) -> None:
    view = client.get("/v1/rules").json()
    industry = next(one for one in view["datasets"] if one["dataset"] == "industry")
    assert industry["sources"] == list(stack.rules.datasets["industry"].sources)
    assert "profile" in industry["required_by"]
    assert (view["hash"], view["problems"], view["effects"]) == (stack.rules.hash, [], [])


def test_a_batch_is_quoted_before_it_is_made_and_exported_as_a_table(client: httpx.Client, stack: Stack) -> None:
    body = {"companies": ["tesla.com"], "max_cost_usd": "1"}
    quote = client.post("/v1/batches/quote", json=body).json()
    assert (quote["companies"], quote["satisfied"], quote["within_budget"]) == (1, 0, 1)
    unlimited = client.post("/v1/batches/quote", json={"companies": ["tesla.com"]}).json()
    assert unlimited == quote | {"within_budget": None}
    assert stack.store.companies.count() == 0
    made = client.post("/v1/batches", json=body).json()
    text = client.get(f"/v1/batches/{made['id']}/export.csv").content.decode("utf-8-sig")
    assert [row["company"] for row in csv.DictReader(StringIO(text))] == ["tesla.com"]


def test_an_edit_names_the_sources_that_come_in_and_those_that_fall_out(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "config" / "datasets.yaml"
    shutil.copytree(FROZEN, file.parent)
    settings = stack.settings.model_copy(update={"enrich_config": file.parent})
    sound = file.read_text(encoding="utf-8")
    edited = sound.replace("brightdata_company_db, ", "").replace(", brightdata_company_db]", "]")
    with (
        served(create_service(settings, now=stack.clock.now)) as url,
        httpx.Client(base_url=url, timeout=PATIENCE_SECONDS, trust_env=False, verify=NO_AUTHORITY) as client,
    ):
        client.get("/v1/rules")
        file.write_text(edited, encoding="utf-8")
        view = client.get("/v1/rules").json()
    assert view["problems"] == []
    effect = next(one for one in view["effects"] if one["consumer"] == "profile")
    assert "brightdata_company_db" in effect["dropped"]
    assert not {*effect["dropped"]} & {*effect["added"]}
    assert effect["filled_now"] <= effect["filled_before"]
