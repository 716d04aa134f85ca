"""Which source of the sandbox knows what: the same for the same seed, as often as the matrix states, no real person."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sandbox.app import create_app
from sandbox.companies.catalogue import Catalogue, host, plain
from sandbox.companies.coverage import Coverage, bracket, bracket_with_commas
from sandbox.companies.people import people
from sandbox.server import served
from sandbox.vendors import VENDORS, coverage_of
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.manual_clock import NOON, ManualClock, running_from

CATALOGUE = Catalogue()
DECLARED = coverage_of(VENDORS)
COVERAGE = Coverage(CATALOGUE, 1, DECLARED)


def test_the_catalogue_contains_500_companies_each_found_by_its_name_and_its_domain() -> None:
    assert len(CATALOGUE.companies) == 500
    for company in CATALOGUE.companies:
        assert CATALOGUE.by_name(company.name) == company
        assert CATALOGUE.by_domain(f"https://www.{company.domain}/about") == company
        assert CATALOGUE.in_text(f'"{company.name}" company') == company
        assert CATALOGUE.in_text(f"{company.name} {company.domain}") == company


def test_a_larger_catalogue_has_numbered_copies_each_found_by_its_name_and_its_domain() -> None:
    catalogue = Catalogue(1_200)

    assert len(catalogue.companies) == len({company.domain for company in catalogue.companies}) == 1_200
    assert catalogue.companies[:500] == CATALOGUE.companies
    for company in catalogue.companies:
        assert catalogue.by_name(company.name) == company
        assert catalogue.by_domain(f"https://www.{company.domain}/about") == company
        assert catalogue.in_text(f'"{company.name}" company') == company


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ('site:linkedin.com/in "Tesla" "head of sales"', "Tesla"),
        ("latest news about procter & gamble", "Procter & Gamble"),
        ("Tesla jobs", "Tesla"),
        ("The Pfizer Company", "Pfizer"),
        ("careers.tesla.com", "Tesla"),
    ],
)
def test_a_search_text_is_about_the_company_it_names(query: str, name: str) -> None:
    found = CATALOGUE.in_text(query)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "query", ['"Tesla Widgets" company', "Acme acme.example", "nonsuch", "", "site:tesla.com", "Target Pizza jobs"]
)
def test_a_search_text_that_names_no_company_is_about_none(query: str) -> None:
    assert CATALOGUE.in_text(query) is None


@pytest.mark.parametrize("source", DECLARED)
def test_a_source_knows_and_fills_about_as_much_as_the_matrix_states(source: str) -> None:
    rates = DECLARED[source]
    known = [company for company in CATALOGUE.companies if COVERAGE.knows(source, company)]
    assert len(known) / 500 == pytest.approx(rates.match, abs=0.05)
    for dataset, rate in rates.fill.items():
        filled = sum(COVERAGE.has(source, dataset, company) for company in known)
        assert filled / len(known) == pytest.approx(rate, abs=0.07)


def test_sources_disagree_about_headcounts_by_ten_per_cent_at_most() -> None:
    for company in CATALOGUE.companies:
        counts = {COVERAGE.headcount(source, company) for source in DECLARED}
        assert all(abs(count - company.employees) <= 0.1 * company.employees + 1 for count in counts)
    assert any(len({COVERAGE.headcount(source, one) for source in DECLARED}) > 5 for one in CATALOGUE.companies)


@pytest.mark.parametrize(
    ("domain", "industry"),
    [
        ("adobe.com", "Software"),
        ("thermofisher.com", "Health Care"),
        ("compass.com", "Real Estate"),
        ("pmi.com", "Tobacco"),
        ("whirlpoolcorp.com", "Household Products"),
        ("newmont.com", "Materials"),
        ("harley-davidson.com", "Automotive"),
        ("vishay.com", "Semiconductors"),
        ("blackrock.com", "Financial Services"),
    ],
)
def test_companies_are_in_the_industry_they_are_known_for(domain: str, industry: str) -> None:
    company = CATALOGUE.by_domain(domain)
    assert company is not None
    assert company.industry == industry


def test_the_knowledge_graph_describes_every_company_by_its_own_industry(tmp_path: Path) -> None:
    with (
        served(create_app(tmp_path, read_time=running_from(NOON))) as url,
        httpx.Client(base_url=f"{url}/google_kg", timeout=PATIENCE_SECONDS) as http,
    ):
        for company in CATALOGUE.companies[::4]:
            asked = {"query": company.domain, "key": "key"}
            for hit in http.get("/v1/entities:search", params=asked).json()["itemListElement"][:1]:
                described = hit["result"].get("detailedDescription")
                kind = CATALOGUE.industries[company.industry].google
                assert described is None or f" {kind[:1].lower()}{kind[1:]}" in described["articleBody"]


def test_names_are_written_without_the_codes_of_web_pages() -> None:
    assert [company.name for company in CATALOGUE.companies if "&#" in company.name or ";" in company.name] == []


def test_people_are_invented_and_marked_so_in_every_address() -> None:
    for company in CATALOGUE.companies:
        staff = people(1, company)
        assert len({person.email for person in staff}) == len(staff) >= 8
        assert all(person.email.endswith(f".sandbox@{company.domain}") for person in staff)
        assert all(person.slug.startswith("sandbox-") for person in staff)


@pytest.mark.parametrize(
    ("employees", "printed", "with_commas"),
    [
        (1, "1-10", "1-10 employees"),
        (1200, "1001-5000", "1,001-5,000 employees"),
        (99_999, "10001+", "10,001+ employees"),
    ],
)
def test_size_classes_are_printed_as_vendors_print_them(employees: int, printed: str, with_commas: str) -> None:
    assert bracket(employees) == printed
    assert bracket_with_commas(employees) == with_commas


def test_names_and_addresses_are_compared_without_their_dress() -> None:
    assert plain("The Procter & Gamble Co.") == plain("PROCTER AND GAMBLE") == "procter and gamble"
    assert host("https://www.Tesla.com/about?x=1") == "tesla.com"


def test_the_same_seed_gives_the_same_replies_and_another_seed_others(tmp_path: Path) -> None:
    assert _replies(tmp_path / "a", seed=1) == _replies(tmp_path / "b", seed=1)
    assert _replies(tmp_path / "a", seed=1) != _replies(tmp_path / "c", seed=2)


def test_the_sandbox_describes_itself_and_lists_its_companies(tmp_path: Path) -> None:
    with served(create_app(tmp_path, time_scale=20, seed=3, read_time=running_from(NOON))) as url:
        about = httpx.get(f"{url}/_sandbox", timeout=PATIENCE_SECONDS).json()
        assert about == {"world": "sandbox", "time_scale": 20, "seed": 3, "companies": 500, "redirects_followed": 0}
        listed = httpx.get(f"{url}/_sandbox/companies?limit=2", timeout=PATIENCE_SECONDS).json()
        assert [company["domain"] for company in listed] == ["tesla.com", "amazon.com"]


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_as_a_program_prints_its_address_and_stops_when_asked(tmp_path: Path, asked: signal.Signals) -> None:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--home", str(tmp_path / "home")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        name, _, url = process.stdout.readline().strip().partition(": ")
        assert name == "sandbox"
        reply = httpx.get(
            f"{url}/serpapi/search.json", params={"q": "Tesla", "api_key": "key"}, timeout=PATIENCE_SECONDS
        )
        assert reply.json()["knowledge_graph"]["title"] == "Tesla"
        process.send_signal(asked)
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def _replies(home: Path, *, seed: int) -> list[object]:
    """Replies of a few vendors about a few companies, without what carries the time of day."""
    with (
        served(create_app(home, seed=seed, read_time=ManualClock().seconds)) as url,
        httpx.Client(base_url=url, timeout=PATIENCE_SECONDS) as http,
    ):
        pages = [
            http.get("/serpapi/search.json", params={"q": query, "api_key": "key"}).json().get("organic_results")
            for query in ("Apple", "Intel", 'site:linkedin.com/in "Intel"')
        ]
        body = {"filter": {"name": "name", "operator": "in", "value": ["Apple", "Intel", "FedEx"]}}
        headers = {"authorization": "Bearer key"}
        hits = http.post("/brightdata/datasets/search/gd_l1vikfnt1wgvvqz95w", json=body, headers=headers).json()
        return [*pages, hits]
