"""The vendor report in Dagster: a page beside the warehouse, and a check that names what fell, and since when."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from enrichment.domain.values import Text
from tests.support.dagster_instance import DagsterSandbox, dagster_sandbox, value_of
from tests.support.examples import NOON
from tests.support.warehouse_story import bought, company, request

FELL = "no_match_rate_has_fallen"


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterSandbox]:
    with dagster_sandbox(tmp_path, monkeypatch) as opened:
        yield opened


def knows(sandbox: DagsterSandbox, *days: bool) -> None:
    """Ten companies a day, all known to the vendor or none."""
    for day, known in enumerate(days):
        at = NOON + timedelta(days=day)
        for number in range(10):
            asked = request(sandbox.store, company(sandbox.store, f"d{day}n{number}.com", at=at), at=at)
            answers = {"industry": [Text(text="Banking")]} if known else {}
            bought(sandbox.store, asked, "brightdata_company_db", answers, at=at)


def test_a_source_that_knows_fewer_companies_fails_the_check_which_says_since_when(sandbox: DagsterSandbox) -> None:
    knows(sandbox, True, True, True, False, False)
    sandbox.publish()
    [failed] = sandbox.check("mart/answers", FELL).get_asset_check_evaluations()
    assert not failed.passed
    assert f"| brightdata_company_db | {(NOON + timedelta(days=3)).date()} | 0 of 20 |" in str(
        failed.metadata["which"].value
    )


def test_a_source_that_stays_as_it_was_passes_and_the_page_is_written(sandbox: DagsterSandbox) -> None:
    knows(sandbox, True, True)
    sandbox.publish()
    [passed] = sandbox.check("mart/answers", FELL).get_asset_check_evaluations()
    assert passed.passed
    assert sandbox.report().success
    [shown] = sandbox.shown("report/vendors")
    page = Path(value_of(shown, "page"))
    assert page.parent == sandbox.settings.warehouse_path.parent
    assert '<section id="brightdata">' in page.read_text(encoding="utf-8")
