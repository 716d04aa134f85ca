"""`enrich report`, as a user types it: one page on the vendors, and how reliable their answers proved."""

import asyncio
import json
import re
import shutil
from pathlib import Path

from enrichment.rules import load_rules
from tests.acceptance.conftest import Stack
from tests.support.examples import FROZEN


def test_the_page_on_vendors_needs_nothing_besides_itself(stack: Stack, tmp_path: Path) -> None:
    page = tmp_path / "vendors.html"
    for name in ("tesla.com", "adobe.com", "siemens.com", "sap.com"):
        asyncio.run(stack.ask(name, "vendor_enrichment"))

    shown = stack.command("report", "sources", "--sandbox", "--out", str(page), "--json")
    assert (shown.returncode, shown.stderr) == (0, "")
    vendors = json.loads(shown.stdout)
    written = page.read_text(encoding="utf-8")
    assert {vendor["provider"] for vendor in vendors} >= {"brightdata", "snov"}
    assert all(f'<section id="{vendor["provider"]}">' in written for vendor in vendors)
    assert written.count("<svg") == len(vendors) + 1
    assert not re.search(r"<script|<link|<img|@import|url\(\s*['\"]?http| src=", written)
    assert all(vendor["without"]["requests"] == 4 for vendor in vendors)
    dear = next(vendor for vendor in vendors if vendor["good_facts"])
    assert dear["usd_per_good_fact"] == dear["usd"] / dear["good_facts"]


def test_a_page_that_cannot_be_written_is_refused_in_one_sentence(stack: Stack, tmp_path: Path) -> None:
    shown = stack.command("report", "sources", "--sandbox", "--out", str(tmp_path / "no" / "vendors.html"))
    assert shown.returncode == 2
    assert "Name another file with --out." in shown.stderr


def test_reliability_is_written_for_people_to_read_and_loads_as_a_rule(stack: Stack, tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(FROZEN, config)
    nothing = stack.command("report", "reliability", "--sandbox", "--write", ENRICH_CONFIG=str(config))
    assert "no answer could be checked" in nothing.stdout
    for name in ("tesla.com", "adobe.com", "siemens.com"):
        asyncio.run(stack.ask(name, "vendor_enrichment", strategy="legacy"))

    shown = stack.command("report", "reliability", "--sandbox", "--write", "--json", ENRICH_CONFIG=str(config))
    assert (shown.returncode, shown.stderr) == (0, "")
    rules = load_rules(config)
    learned = rules.reliability_lines
    assert learned
    assert rules.learned_reliability == {}
    assert {name: one.model_dump(mode="json") for name, one in learned.items()} == json.loads(shown.stdout)
    path = config / "reliability.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("use: proposed", "use: pinned", 1), encoding="utf-8")
    accepted = path.read_text(encoding="utf-8")
    again = stack.command("report", "reliability", "--sandbox", "--write", ENRICH_CONFIG=str(config))
    assert (again.returncode, path.read_text(encoding="utf-8")) == (0, accepted)
    assert "no person has checked" in " ".join(again.stdout.split())
    assert len(load_rules(config).learned_reliability) == 1
