"""`enrich rules learn`, as a user types it: what use has shown, written, accepted, and planned with."""

import asyncio
import json
import shutil
from pathlib import Path

import yaml

from enrichment.rules import load_rules
from tests.acceptance.conftest import Stack
from tests.support.examples import FROZEN


def test_learned_rates_are_written_for_people_to_accept_and_then_count(stack: Stack, tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(FROZEN, config)
    assert "Nothing was answered yet" in stack.command("rules", "learn", "--sandbox", ENRICH_CONFIG=str(config)).stdout
    for name in ("tesla.com", "adobe.com", "siemens.com", "sap.com", "nike.com", "ikea.com"):
        asyncio.run(stack.ask(name, "vendor_enrichment"))

    shown = stack.command("rules", "learn", "--sandbox", "--write", ENRICH_CONFIG=str(config))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "The last 6 requests would have cost" in shown.stdout
    assert "from answers of the sandbox: change `use: proposed` to `accepted`" in shown.stdout
    written = (config / "learned.yaml").read_text(encoding="utf-8")
    again = stack.command("rules", "learn", "--sandbox", "--write", ENRICH_CONFIG=str(config))
    assert "learned.yaml has all of this already" in again.stdout
    assert (config / "learned.yaml").read_text(encoding="utf-8") == written

    lines = {(source, rate): line for source, of in yaml.safe_load(written).items() for rate, line in of.items()}
    assert {line["use"] for line in lines.values()} == {"proposed"}
    before = load_rules(config)
    assert before.sources == before.as_written
    (config / "learned.yaml").write_text(written.replace("use: proposed", "use: accepted"), encoding="utf-8")
    (source, rate), line = next((key, line) for key, line in lines.items() if key[1] != "billed_units")
    entry = load_rules(config).sources[source]
    assert (entry.match_rate if rate == "match_rate" else entry.datasets[rate].fill_rate) == line["value"]

    accepted = stack.command("rules", "learn", "--sandbox", "--json", ENRICH_CONFIG=str(config))
    answer = json.loads(accepted.stdout)
    assert answer["lines"][source][rate]["use"] == "accepted"
    (config / "learning.yaml").write_text("learn: automatic\n", encoding="utf-8")
    (config / "learned.yaml").unlink()
    automatic = stack.command("rules", "learn", "--sandbox", "--write", ENRICH_CONFIG=str(config))
    assert "lines with `use: accepted` count in plans from now on" in automatic.stdout
