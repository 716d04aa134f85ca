"""Companies, batches, spend, sources and rules in the browser, as an operator goes through them."""

from collections.abc import Sequence
from io import BytesIO

import httpx
import pytest
from openpyxl import Workbook
from playwright.sync_api import Browser, Page, expect

from enrichment.domain.batches import Batch
from enrichment.domain.companies import Company
from tests.acceptance.conftest import Stack
from tests.support.browser import page_open

WAIT = {"Prefer": "wait=60"}
VIEWS = ("/companies", "/batches", "/spend", "/sources", "/sources/serp_news/without", "/rules")
EVIL = "<script>document.title='taken'</script>\u202eevil"


@pytest.fixture
def some(client: httpx.Client, stack: Stack) -> None:
    client.post("/v1/enrichments", json={"company": "tesla.com"}, headers={"Prefer": "wait=60"})
    now = stack.clock.now()
    stack.store.companies.add([Company("com_evil", "evil.example", EVIL, "evil.example", now)])


def test_rows_are_chosen_quoted_and_become_a_batch_that_ends(page: Page, stack: Stack, some: None) -> None:
    billed = stack.invoice()
    page.goto("/companies?text=tesla")
    page.get_by_label("Choose Tesla").check()
    page.get_by_role("button", name="What would it cost?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 company for profile")
    assert stack.invoice() == billed
    page.get_by_role("button", name="Start, within").click()
    page.wait_for_url("**/batches/bat_*")
    expect(page.locator("#progress .chip")).to_have_text("done")


ROWS = [("Firm", "Website", "Notes"), ("Acme", "acme-widgets.com", "x"), ("Beta", "beta-widgets.com", "y")]


def excel(rows: Sequence[Sequence[str]]) -> bytes:
    book, file = Workbook(), BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Leads"
    for row in rows:
        sheet.append(list(row))
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "sheet"),
    [("l.csv", "\n".join(map(",".join, ROWS)).encode(), []), ("l.xlsx", excel(ROWS), ["Leads"])],
    ids=["CSV", "Excel"],
)
def test_a_list_is_shown_as_understood_before_it_is_taken(
    page: Page, stack: Stack, some: None, name: str, content: bytes, sheet: list[str]
) -> None:
    page.goto("/companies")
    page.locator("input[name=list]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="What would it cost?").click()
    columns = page.get_by_role("region", name="Columns").locator("tbody tr")
    expect(columns).to_have_count(len(ROWS[0]))
    assert [row.split("\t") for row in columns.all_inner_texts()] == [
        [*sheet, "Firm", "name of the company"],
        [*sheet, "Website", "website"],
        [*sheet, "Notes", "not used"],
    ]
    expect(page.locator("main")).to_contain_text("acme-widgets.com")
    assert stack.store.companies.by_key("acme-widgets.com") is None


def test_a_batch_of_the_command_line_that_is_resumed_here_is_worked_at_here(
    page: Page, stack: Stack, some: None
) -> None:
    tesla = stack.store.companies.by_key("tesla.com")
    assert tesla is not None
    batch = Batch("bat_cli", stack.clock.now(), ("profile",), "cli", max_cost=5_000_000)
    stack.store.batches.create(batch, [tesla.company_id])
    stack.store.batches.stop("bat_cli")
    page.goto("/batches/bat_cli")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#progress .chip")).to_have_text("done")


def test_what_others_wrote_is_text_in_the_table(page: Page, some: None) -> None:
    page.goto("/companies?text=evil")
    expect(page.locator("tbody th")).to_have_text("<script>document.title='taken'</script>[U+202E]evil")
    assert "taken" not in page.title()


def test_without_javascript_everything_is_read(browser: Browser, url: str, some: None) -> None:
    with page_open(browser, url, scripts=False) as page:
        for view in VIEWS:
            page.goto(view)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            expect(page.locator(".as code").first).to_be_visible()
        page.goto("/companies")
        page.get_by_label("Name or domain").fill("evil")
        page.get_by_role("button", name="Filter").click()
        expect(page.locator("tbody tr")).to_have_count(1)


def test_spend_lists_the_days_on_which_something_happened(client: httpx.Client, some: None) -> None:
    shown = client.get("/spend", headers={"Accept": "text/html"}).text
    by_day = shown[shown.index("<h2>By day") : shown.index("<h2>By source")]
    assert by_day.count("<tr>") == 2
    assert "Nothing on the other 29 days" in by_day
    for table in ("by_day", "by_source", "by_consumer", "by_key", "budgets"):
        assert f"/v1/spend/report.csv?table={table}&amp;days=30" in shown
    for title in ("By source", "By consumer", "By key"):
        assert f'role="img" aria-label="{title}: ' in shown
    assert "customer_enrichment" not in shown


def test_spend_without_any_says_so_instead_of_drawing_nothing(client: httpx.Client) -> None:
    shown = client.get("/spend", headers={"Accept": "text/html"}).text
    assert "Nothing was spent or saved in these days" in shown
    assert "data-chart" not in shown


def test_what_is_down_is_said_once_above_all_sources(client: httpx.Client, stack: Stack, some: None) -> None:
    stack.fault("serpapi", "quota")
    client.post("/v1/enrichments", json={"company": "apple.com", "consumer": "customer_enrichment"}, headers=WAIT)
    shown = client.get("/sources", headers={"Accept": "text/html"}).text
    main = shown[shown.index("<main") : shown.index("Fill rate and quality")]
    down = sum(one.provider == "serpapi" for one in stack.rules.sources.values())
    assert main.count("it is asked again at") == 1
    assert f"{down} sources" in main
    assert "`" not in main
    observed = shown[shown.index("Fill rate and quality") :]
    assert observed.count("<td>") == sum(len(one.datasets) for one in stack.rules.sources.values())
