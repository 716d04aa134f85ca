"""Every CSV that a view offers: a spreadsheet shows what others wrote, and runs none of it."""

import csv
from io import StringIO

import httpx
import pytest

from enrichment.domain.companies import Company
from service.answers.spending_report import TABLES
from tests.acceptance.conftest import Stack
from tests.acceptance.page.test_safety import HTML
from tests.acceptance.service.test_batches import done
from tests.acceptance.service.test_keys import bearer

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", '=HYPERLINK("https://evil.example")')
STARTS = ("=", "+", "-", "@", "\t", "\r")


def cells(client: httpx.Client, path: str, headers: dict[str, str]) -> list[dict[str, str]]:
    answer = client.get(path, headers=headers).raise_for_status()
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert rows
    assert not any(cell.startswith(STARTS) for row in rows for cell in (*row, *row.values()))
    return rows


@pytest.fixture
def key(stack: Stack) -> dict[str, str]:
    return bearer(stack, "crm", ["enrich", "admin"])


def test_names_and_values_of_a_batch_that_would_be_formulas_are_text(
    client: httpx.Client, stack: Stack, key: dict[str, str]
) -> None:
    now = stack.clock.now()
    companies = {f"f{number}-widgets.com": name for number, name in enumerate(FORMULAS)}
    stack.store.companies.add([Company(f"com_{at}", at, name, at, now) for at, name in companies.items()])
    for at, name in companies.items():
        said = {"dataset": "industry", "right": name, "because": name}
        client.post(f"/v1/companies/{at}/verdicts", json=said, headers=key).raise_for_status()
    made = client.post("/v1/batches", json={"companies": list(companies), "max_cost_usd": "2"}, headers=key).json()
    done(client, made["id"], key)
    rows = {row["company"]: row for row in cells(client, f"/v1/batches/{made['id']}/export.csv", key)}
    assert set(rows) == set(companies)
    assert {at: rows[at]["name"] for at in companies} == {at: f"'{name}" for at, name in companies.items()}
    assert rows["f0-widgets.com"]["industry"] == "'=1+1"


@pytest.mark.parametrize("table", TABLES)
def test_each_table_of_spending_is_text(client: httpx.Client, key: dict[str, str], table: str) -> None:
    for consumer in ("profile", "vendor_enrichment"):
        body = {"company": "tesla.com", "consumer": consumer}
        client.post("/v1/enrichments", json=body, headers={**key, "Prefer": "wait=60"}).raise_for_status()
    cells(client, f"/v1/spend/report.csv?table={table}", key)


def test_every_csv_of_a_view_is_one_of_these(client: httpx.Client) -> None:
    made = client.post("/v1/batches", json={"companies": ["a.example"], "max_cost_usd": "0"}).json()
    shown = {}
    for view in ("/", "/companies", "/batches", f"/batches/{made['id']}", "/spend", "/sources", "/rules"):
        text = client.get(view, headers=HTML).raise_for_status().text
        shown[view] = {
            part.split('"')[0].partition("&")[0] for part in text.split('href="')[1:] if ".csv" in part.split('"')[0]
        }
    assert {view: found for view, found in shown.items() if found} == {
        f"/batches/{made['id']}": {f"/v1/batches/{made['id']}/export.csv"},
        "/spend": {f"/v1/spend/report.csv?table={table}" for table in TABLES},
    }
