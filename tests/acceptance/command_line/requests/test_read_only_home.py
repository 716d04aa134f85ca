"""A home that one may read and not write: commands that look still look, and what has to write says so."""

import asyncio
import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from enrich_cli.bootstrap import opened_store, opened_warehouse, settings_and_rules
from enrich_cli.operations.learned_reliability import learned_reliability
from enrich_cli.rendering.profile import enriched_data, enriched_view
from enrich_cli.requests.answering import enriched
from enrichment.pipeline.enrich import Ask
from enrichment.ports import StoreError
from resources.settings import load_settings
from resources.uncertain_purchases import AccountReading, read_accounts
from resources.wiring import sandbox_file
from sandbox.app import create_app
from sandbox.server import served
from tests.support.manual_clock import NOON, running_from
from tests.support.ordinary_user import only_readable

ADOBE = Ask("adobe.com", ("profile",))


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Beside a sandbox; others may enter its folder."""
    with (
        tempfile.TemporaryDirectory() as folder,
        served(create_app(Path(folder) / "vendors", time_scale=200, read_time=running_from(NOON))) as url,
    ):
        home = Path(folder) / "home"
        monkeypatch.setenv("ENRICH_HOME", str(home))
        address = sandbox_file(load_settings(sandbox=True))
        address.parent.mkdir(parents=True)
        address.write_text(json.dumps({"url": url}), encoding="utf-8")
        Path(folder).chmod(0o755)
        yield home


def accounts() -> list[AccountReading]:
    with opened_store(sandbox=True) as (settings, rules, store):
        return asyncio.run(read_accounts(settings, rules, store))


def test_what_is_known_is_shown_from_a_home_that_one_may_only_read(home: Path) -> None:
    made, _ = enriched(ADOBE, *settings_and_rules(sandbox=True), sandbox=True, confirm_above=None)
    checked, before = learned_reliability(sandbox=True).figures, accounts()
    with only_readable(home):
        looked, _ = enriched(ADOBE, *settings_and_rules(sandbox=True), sandbox=True, confirm_above="0.01")
        with pytest.raises(StoreError, match=r"^No finished profile answers this request\. The store .* is read-only"):
            enriched(
                Ask("tesla.com", ("profile",)), *settings_and_rules(sandbox=True), sandbox=True, confirm_above=None
            )
        assert learned_reliability(sandbox=True).figures == checked
        assert [one.status for one in accounts()] == [one.status for one in before]
        with opened_warehouse(load_settings(sandbox=True)) as warehouse:
            copy = warehouse.path
    assert looked.profile == made.profile
    assert (looked.request.cost_micro_usd, looked.request.served_from) == (0, "layer_1")
    assert enriched_data(looked, [])["request_id"] is None
    console = Console(width=200, file=io.StringIO(), record=True)
    console.print(enriched_view(looked, [], sandbox=True))
    assert f"`enrich trace {made.request.request_id} --sandbox`" in console.export_text()
    assert not copy.is_relative_to(home)
    assert not copy.parent.exists()
