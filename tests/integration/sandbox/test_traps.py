"""What the sandbox's vendors show in a company's place: as often as stated, never on the tour, in their formats."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.app import create_app
from sandbox.companies.catalogue import TOUR, Catalogue, CatalogueCompany
from sandbox.companies.coverage import Coverage
from sandbox.companies.traps import SHARES, Trap, hides_the_site, traps_of
from sandbox.server import served
from sandbox.vendors import VENDORS, coverage_of
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.manual_clock import NOON, running_from

SEED = 1
CATALOGUE = Catalogue()
COVERAGE = Coverage(CATALOGUE, SEED, coverage_of(VENDORS))
GRAPH, SEARCH = "google_knowledge_graph", "serp_organic"


@pytest.fixture(scope="module")
def vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    home: Path = tmp_path_factory.mktemp("sandbox")
    app = create_app(home, seed=SEED, read_time=running_from(NOON))
    with served(app) as url, httpx.Client(base_url=url, timeout=PATIENCE_SECONDS) as http:
        yield http


@pytest.mark.parametrize("source", SHARES)
def test_each_trap_is_there_about_as_often_as_stated_and_never_on_the_tour(source: str) -> None:
    assert traps_of(SEED, source, CATALOGUE.companies[0]) == frozenset()
    assert CATALOGUE.companies[0].domain == TOUR
    for trap, share in SHARES[source].items():
        found = sum(trap in traps_of(SEED, source, company) for company in CATALOGUE.companies)
        assert found / 500 == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_companys_website_is_shown_plainly_by_a_source(seed: int) -> None:
    coverage = Coverage(CATALOGUE, seed, coverage_of(VENDORS))
    others = [source for source, rates in coverage.sources.items() if source != SEARCH and "domain" in rates.fill]
    assert {GRAPH, "brightdata_company_db"} <= set(others)
    for company in CATALOGUE.companies:
        plainly = [s for s in others if coverage.has(s, "domain", company) and not hides_the_site(seed, s, company)]
        assert plainly or coverage.has(SEARCH, "domain", company)


def test_a_namesake_comes_before_the_company_with_a_better_score(vendors: httpx.Client) -> None:
    company = _with_trap(GRAPH, "namesake")
    hits = _entities(vendors, company)
    names = [hit["result"]["name"] for hit in hits]
    own = names.index(company.name)
    assert own > 0
    assert hits[0]["resultScore"] > hits[own]["resultScore"]
    assert names[0].startswith(company.name.split()[0])
    assert f".{company.domain}" not in hits[0]["result"]["url"]


def test_another_organisation_has_the_very_name(vendors: httpx.Client) -> None:
    company = _with_trap(GRAPH, "same_name")
    alike = [hit["result"] for hit in _entities(vendors, company) if hit["result"]["name"] == company.name]
    assert len({one.get("url") for one in alike}) == 2


def test_a_panels_website_may_be_a_page_on_a_platform(vendors: httpx.Client) -> None:
    company = _with_trap(SEARCH, "platform_page", "company_name", "employee_count")
    website = _search(vendors, company)["knowledge_graph"]["website"]
    assert company.domain not in website


def test_a_panel_may_be_a_subsidiarys_and_names_its_parent(vendors: httpx.Client) -> None:
    company = _with_trap(SEARCH, "subsidiary", "company_name", "employee_count")
    panel = _search(vendors, company)["knowledge_graph"]
    assert panel["parent_organization"] == company.name != panel["title"]


def test_the_first_hit_may_not_be_the_official_site(vendors: httpx.Client) -> None:
    company = _with_trap(SEARCH, "first_hits", "domain")
    links = [row["link"] for row in _search(vendors, company)["organic_results"]]
    assert links.index(f"https://www.{company.domain}/") > 0


def _with_trap(source: str, trap: Trap, *datasets: str) -> CatalogueCompany:
    """The first company with this trap of which the source has these datasets."""
    return next(
        company
        for company in CATALOGUE.companies
        if trap in traps_of(SEED, source, company)
        and COVERAGE.knows(source, company)
        and all(COVERAGE.has(source, dataset, company) for dataset in datasets)
    )


def _entities(vendors: httpx.Client, company: CatalogueCompany) -> list[dict[str, Any]]:
    reply = vendors.get("/google_kg/v1/entities:search", params={"query": company.name, "key": "key"})
    hits: list[dict[str, Any]] = reply.raise_for_status().json()["itemListElement"]
    return hits


def _search(vendors: httpx.Client, company: CatalogueCompany) -> dict[str, Any]:
    asked = {"engine": "google", "q": f'"{company.name}" company', "api_key": "key"}
    body: dict[str, Any] = vendors.get("/serpapi/search.json", params=asked).raise_for_status().json()
    return body
