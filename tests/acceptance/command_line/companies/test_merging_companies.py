"""`enrich companies show, merge, split, undo, events`: shown first, done when confirmed, and taken back."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from enrich_cli.errors import UsageError
from enrich_cli.main import app
from enrichment.domain.companies import Alias, Company, CompanyRelation
from enrichment.identity.domains import AmbiguousCompany
from enrichment.ports import StoreError
from resources.settings import load_settings
from resources.store import SqlStore
from resources.wiring import open_store_of
from tests.acceptance.command_line.test_command_line import one_sentence
from tests.acceptance.conftest import Stack
from tests.support.ledger_records import bought, draft
from tests.support.manual_clock import NOON

WIDGETS = Company("com_1", "name:acme-widgets", "Acme Widgets", None, NOON)
AMAZON = Company("com_2", "amazon.com", "Amazon", "amazon.com", NOON)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqlStore]:
    """Two companies; one has a reply with a fact, and an alias."""
    monkeypatch.setenv("ENRICH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    opened = open_store_of(load_settings(sandbox=True))
    opened.companies.add([WIDGETS, AMAZON])
    bought(opened, draft(company_id="com_1"), "Machinery")
    opened.companies.add_aliases([Alias("name:acme-tools", "com_1", "former_name", "Acme Tools", "serp_organic", NOON)])
    yield opened
    opened.close()


def enrich(*words: str) -> str:
    """What it prints. Raises what it ends with, if that is no success."""
    done = CliRunner().invoke(app, ["companies", *words, "--sandbox"])
    if isinstance(done.exception, SystemExit) and done.exit_code:
        raise typer.Exit(done.exit_code)
    if done.exception is not None:
        raise done.exception
    return done.output


def data(*words: str) -> Any:
    return json.loads(enrich(*words, "--json"))


def test_a_company_is_shown_with_what_leads_to_it_its_source_and_since_when(store: SqlStore) -> None:
    store.companies.rekey("com_1", key="acme.example", name=None, domain="acme.example")
    shown = enrich("show", "Acme Tools")
    assert [word for word in ("acme.example", "Acme Widgets", "com_1") if word not in shown] == []
    former_name, former_key = (line for line in shown.splitlines() if "name:acme-" in line)
    assert "former name" in former_name
    assert [word in former_name for word in ("Acme Tools", "serp_organic", f"{NOON:%Y-%m-%d}")] == [True] * 3
    assert "former key" in former_key
    assert "not known" in former_key
    assert data("show", "acme.example")["aliases"][0] == {
        "alias": "name:acme-tools",
        "kind": "former_name",
        "name": "Acme Tools",
        "source": "serp_organic",
        "learned_at": NOON.isoformat(),
    }


def test_a_merge_is_shown_first_and_done_with_yes(store: SqlStore) -> None:
    done = CliRunner().invoke(app, ["companies", "merge", "Acme Widgets", "amazon.com", "--sandbox"])
    assert isinstance(done.exception, UsageError)
    assert "Nothing was changed: give --yes" in str(done.exception)
    assert "To merge name:acme-widgets -> amazon.com: 1 alias, 1 purchase, 1 reply, 1 fact" in done.output
    assert store.companies.by_key("name:acme-widgets") == WIDGETS
    said = enrich("merge", "Acme Widgets", "amazon.com", "--reason", "one shop", "--yes")
    assert "Merged name:acme-widgets -> amazon.com" in said
    assert "name:acme-widgets leads to amazon.com from then on" in said
    assert store.companies.by_key("name:acme-widgets") == AMAZON
    [event] = data("events", "amazon.com")["events"]
    assert (event["kind"], event["by"], event["reason"]) == ("merge", "enrich companies merge", "one shop")
    assert datetime.fromisoformat(event["at"]).tzinfo is not None
    assert event["moved"]["facts"] == 1
    assert event["event_id"] in said


def test_a_merge_is_taken_back_with_its_event(store: SqlStore) -> None:
    made = data("merge", "Acme Widgets", "Amazon", "--yes")
    assert (made["done"], made["from"]["key"], made["to"]["key"]) == (True, "name:acme-widgets", "amazon.com")
    said = enrich("undo", made["event_id"], "--yes")
    assert f"Undone merge {made['event_id']}: amazon.com -> name:acme-widgets" in said
    assert "what was bought since stays with amazon.com" in said
    assert store.companies.all() == [AMAZON, WIDGETS]
    [event] = data("events")["events"]
    assert event["undone_by"] == "enrich companies undo"
    with pytest.raises(StoreError, match="undone already"):
        enrich("undo", made["event_id"], "--yes")


def test_a_part_of_a_company_is_split_off_by_aliases_and_purchases(store: SqlStore) -> None:
    enrich("merge", "Acme Widgets", "Amazon", "--yes")
    [purchase] = store.ledger.purchases("req_1")
    typed = ("split", "Amazon", "Acme Widgets", "--alias", "Acme Tools", "--purchase", purchase.purchase_id)
    preview = CliRunner().invoke(app, ["companies", *typed, "--sandbox", "--json"])
    assert isinstance(preview.exception, UsageError)
    assert '"done": false' in preview.output
    made = data(*typed, "--yes")
    assert (made["from"]["key"], made["to"]["key"]) == ("amazon.com", "name:acme-widgets")
    assert (made["moved"]["aliases"], made["moved"]["facts"]) == (2, 1)
    split_off = store.companies.by_key("name:acme-tools")
    assert split_off is not None
    assert (split_off.key, split_off.name) == ("name:acme-widgets", "Acme Widgets")
    assert len(store.knowledge.known(split_off.company_id).facts) == 1
    assert "name:acme-widgets is none any more" in enrich("undo", made["event_id"], "--yes")
    assert store.companies.by_key("name:acme-tools") == AMAZON


def test_what_is_not_registered_or_not_clear_is_not_merged(store: SqlStore) -> None:
    store.companies.add([Company("com_3", "acme-widgets.example", "Acme Widgets Ltd", "acme-widgets.example", NOON)])
    with pytest.raises(UsageError, match="No company 'Nowhere' is registered"):
        enrich("merge", "Nowhere", "Amazon", "--yes")
    with pytest.raises(AmbiguousCompany, match="2 companies are called Acme Widgets"):
        enrich("merge", "Acme Widgets", "Amazon", "--yes")
    assert "Merged name:acme-widgets" in enrich("merge", "name:acme-widgets", "Amazon", "--yes")


@pytest.mark.parametrize("columns", ["80", "120"])
def test_the_id_of_an_event_is_shown_whole_for_undo_needs_it(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    enrich("merge", "Acme Widgets", "amazon.com", "--yes")
    [event] = data("events")["events"]
    assert event["event_id"] in enrich("events")
    assert event["event_id"] in enrich("show", "amazon.com")


def test_a_company_without_merges_has_no_events(store: SqlStore) -> None:
    assert data("events", "Amazon") == {"events": []}
    assert len(store.company_events.latest()) == 0


def test_a_request_may_ask_for_the_parent_that_a_source_has_named(stack: Stack) -> None:
    """A subsidiary is no alias of its parent: asked for by its own name, it is itself."""
    stack.store.companies.add([replace(WIDGETS, company_id="com_8")])
    typed = ("plan", "Acme Widgets", "--parent", "--json")
    assert "no source names a parent of name:acme-widgets yet" in one_sentence(stack.command(*typed), 2)
    parent = CompanyRelation("com_8", "parent", "tesla.com", "Tesla, Inc.", "serp_organic", NOON)
    stack.store.companies.add_relations([parent])
    of_the_parent, of_itself = (stack.command(*words).stdout for words in (typed, ("plan", "Acme Widgets", "--json")))
    assert {plan["company_key"] for plan in json.loads(of_the_parent)["plans"]} == {"tesla.com"}
    assert {plan["company_key"] for plan in json.loads(of_itself)["plans"]} == {"name:acme-widgets"}
    shown = stack.command("companies", "show", "Acme Widgets").stdout
    assert [word for word in ("tesla.com", "parent", "Tesla, Inc.", "serp_organic") if word not in shown] == []
    assert stack.store.companies.by_key("tesla.com") is None
