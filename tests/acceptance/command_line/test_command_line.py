"""What a person types, and what they read: one sentence for every mistake, the exit code as designed, no traceback."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from enrichment.domain.money import in_usd
from enrichment.rules import load_rules
from tests.acceptance.conftest import Stack
from tests.support.command_line import ROOT, Finished, Run, run
from tests.support.examples import FROZEN


@pytest.fixture
def enrich(stack: Stack) -> Run:
    return stack.command


def one_sentence(done: Finished, code: int) -> str:
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.strip().splitlines()) == 1
    return done.stderr


def test_help_is_quick_because_it_loads_nothing_heavy() -> None:
    heavy = "('dagster', 'duckdb', 'pandas', 'sqlalchemy', 'openai')"
    loaded = f"import sys, enrich_cli.main; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
    assert run("--help").returncode == 0


def test_a_company_comes_out_as_json_with_what_it_cost_and_what_it_saved(enrich: Run) -> None:
    first = json.loads(enrich("company", "Tesla", "--json").stdout)
    assert {"request_id", "company", "consumer", "profile", "quality", "cost_micro_usd", "saved_micro_usd"} <= set(
        first
    )
    assert first["company"]["key"] == "tesla.com"
    assert first["cost_micro_usd"] > 0
    again = json.loads(enrich("company", "https://www.tesla.com/about", "--json").stdout)
    assert (again["cost_micro_usd"], again["served_from"]) == (0, "layer_1")
    assert again["saved_micro_usd"] == first["cost_micro_usd"]


def test_the_table_shows_the_profile_and_names_the_trace(enrich: Run) -> None:
    shown = enrich("company", "tesla.com").stdout
    assert "industry" in shown
    assert "`enrich trace req_" in shown


def test_the_version_is_that_of_the_project_and_needs_nothing_else(tmp_path: Path) -> None:
    done = run("--version", ENRICH_HOME=str(tmp_path / "none"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (done.returncode, done.stdout) == (0, f"enrich {project['version']}\n")
    assert not (tmp_path / "none").exists()


def test_what_analyses_found_is_shown_with_its_source_and_every_address_is_whole(enrich: Run) -> None:
    asked = ("company", "Tesla", "--for", "vendor_enrichment")
    document = json.loads(enrich(*asked, "--json").stdout)["profile"]
    shown = enrich(*asked).stdout
    quotes = [
        item["quote"] for one in document["analyses"].values() for items in one["answer"].values() for item in items
    ]
    assert quotes
    assert [quote for quote in quotes if quote.split()[0] not in shown] == []
    contacts = [value["value"]["email"] for value in document["datasets"]["key_contacts"]["values"]]
    assert [email for email in contacts if email and email not in shown] == []
    stack = [value["value"]["name"] for value in document["datasets"]["tech_stack"]["values"]]
    assert len(stack) > 5
    everything = enrich(*asked, "--all").stdout
    assert [name for name in stack if name not in everything] == []


def test_a_plan_buys_nothing_and_explains_each_source(enrich: Run, stack: Stack) -> None:
    shown = enrich("plan", "Tesla", "--for", "vendor_enrichment").stdout
    total = json.loads(enrich("plan", "Tesla", "--for", "vendor_enrichment", "--json").stdout)["total"]
    assert f"expected {in_usd(total['expected'])} USD, at most {in_usd(total['upper_bound'])}" in shown
    assert total["saving"] == total["legacy"] - total["expected"]
    assert "first, to find its domain" in shown
    assert "snov_contacts" in shown
    assert "Nothing was bought" in shown
    assert stack.invoice() == {}
    assert stack.store.companies.all() == []


def test_a_trace_shows_every_stage(enrich: Run) -> None:
    bought = json.loads(enrich("company", "Tesla", "--for", "vendor_enrichment", "--json").stdout)
    shown = enrich("trace", bought["request_id"])
    assert shown.returncode == 0
    words = ("identify", "plan", "collect", "analyse", "assemble", "keep", "analysis contact_priorities", "claims kept")
    assert [word for word in words if word not in shown.stdout] == []
    assert "nothing to buy" in enrich("plan", "Tesla", "--for", "vendor_enrichment").stdout
    assert "[/bold]x" in enrich("company", "[/bold]x").stdout


def test_the_trace_of_a_failed_request_starts_with_vendor_cause_and_next_step(enrich: Run, stack: Stack) -> None:
    for vendor in ("brightdata", "serpapi", "snov", "apollo", "google_kg"):
        stack.fault(vendor, "down")
    done = enrich("company", "tesla.com", "--json")
    assert done.returncode == 3
    top = "\n".join(enrich("trace", json.loads(done.stdout)["request_id"]).stdout.splitlines()[:10])
    assert "brightdata" in top
    assert "try again later" in top


@pytest.mark.parametrize(
    "absurd", ["", "   ", "!!!", "x" * 400, "a\x07b", "someone@acme.com", "http://localhost", "co.uk"]
)
def test_an_absurd_company_is_one_sentence(enrich: Run, absurd: str) -> None:
    one_sentence(enrich("company", absurd), 2)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["company", "Tesla", "--for", "unknown"], "profile"),
        (["company", "Tesla", "--datasets", "patents"], "industry"),
        (["company", "Tesla", "--datasets", "industry", "--sources", "oracle"], "serp_organic"),
        (["company", "Tesla", "--sources", "serp_news"], "--datasets"),
        (["company", "Tesla", "--strategy", "lucky"], "enhanced"),
        (["company", "Tesla", "--max-cost", "lots"], "0.50"),
        (["company", "Tesla", "--max-cost", "-1"], "0.50"),
        (["company", "Tesla", "--max-age", "soon"], "7d"),
        (["trace", "req_nothing"], "enrich company"),
        (["companies", "add", "/nowhere/companies.csv"], "does not exist"),
    ],
)
def test_wrong_usage_states_what_would_be_right(enrich: Run, words: list[str], expected: str) -> None:
    assert expected in one_sentence(enrich(*words), 2)


def test_a_request_over_its_cap_is_refused_with_its_own_code(enrich: Run) -> None:
    assert enrich("company", "tesla.com", "--max-cost", "0.01").returncode == 4


def test_without_credentials_the_error_names_both_ways_on(tmp_path: Path) -> None:
    sentence = one_sentence(run("company", "Tesla", ENRICH_HOME=str(tmp_path)), 2)
    assert ".env" in sentence
    assert "--sandbox" in sentence


def test_without_a_sandbox_the_error_states_how_to_start_one(tmp_path: Path) -> None:
    assert "enrich sandbox" in one_sentence(run("company", "Tesla", "--sandbox", ENRICH_HOME=str(tmp_path)), 2)


def test_a_sandbox_that_answers_a_live_store_is_stopped(stack: Stack, tmp_path: Path) -> None:
    live = {"ENRICH_HOME": str(tmp_path / "live"), "GOOGLE_KG_API_KEY": "invented-key"}
    done = run("company", "Tesla", GOOGLE_KG_BASE_URL=f"{stack.url}/google_kg", **live)
    assert "--sandbox" in one_sentence(done, 2)


@pytest.mark.parametrize("command", [("plan", "Tesla"), ("sources", "check")])
@pytest.mark.parametrize("provider", ["OPENAI", "SERPAPI"])
def test_an_address_that_is_none_is_named_with_its_setting(
    command: tuple[str, ...], provider: str, tmp_path: Path
) -> None:
    live = {"ENRICH_HOME": str(tmp_path), f"{provider}_API_KEY": "invented-key"}
    done = run(*command, **live, **{f"{provider}_BASE_URL": "nowhere"})
    assert f"set {provider}_BASE_URL to one like" in one_sentence(done, 2)


def test_a_home_that_cannot_be_written_is_one_sentence(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    live = {"ENRICH_HOME": str(tmp_path / "file" / "home"), "SERPAPI_API_KEY": "invented-key"}
    one_sentence(run("company", "Tesla", SERPAPI_BASE_URL=stack.url, **live), 2)


def test_broken_rules_are_listed_and_nothing_is_asked(enrich: Run, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    done = enrich("company", "Tesla", ENRICH_CONFIG=str(tmp_path / "rules"))
    assert done.returncode == 2
    assert "config/sources.yaml: not found" in done.stderr


def test_the_shipped_rules_are_fine() -> None:
    done = run("rules", "check", str(ROOT / "config"))
    sources = len(load_rules(ROOT / "config").sources)
    assert (done.returncode, f"{sources} sources" in done.stdout) == (0, True)
    assert "is fine" in run("rules", "check", str(FROZEN)).stdout


def test_every_provider_is_checked_for_free(enrich: Run, stack: Stack) -> None:
    done = enrich("sources", "check")
    assert done.returncode == 0
    assert all(name in done.stdout for name in ("serpapi", "snov", "apollo", "brightdata", "google_kg", "openai"))
    assert stack.invoice() == {}


def test_a_name_that_several_companies_share_is_asked_back(enrich: Run, stack: Stack, tmp_path: Path) -> None:
    path = tmp_path / "namesakes.csv"
    path.write_text("name,website\nDelta,delta.com\nDelta Inc,deltafaucet.com\nTesla Inc,tesla.com\n")
    enrich("companies", "add", str(path))
    assert "delta.com, deltafaucet.com" in one_sentence(enrich("company", "Delta"), 5)
    assert json.loads(enrich("company", "Tesla", "--json").stdout)["company"]["key"] == "tesla.com"
    assert len(stack.store.companies.all()) == 3


def test_the_warehouse_is_published_twice_with_the_same_answers(enrich: Run) -> None:
    enrich("company", "tesla.com")
    first, again = enrich("publish"), enrich("publish", "--rebuild")
    assert first.returncode == again.returncode == 0
    assert "marts.company_profiles" in first.stdout


@pytest.mark.parametrize("words", ["keys list", "verdicts list", "batch list"])
def test_a_list_with_nothing_in_it_advises_a_command_as_it_is_to_be_typed(words: str, tmp_path: Path) -> None:
    in_sandbox = run(*words.split(), "--sandbox", ENRICH_HOME=str(tmp_path / "sandbox")).stdout
    live = run(*words.split(), ENRICH_HOME=str(tmp_path / "live")).stdout
    assert re.search(r"`enrich [^`]+ --sandbox`", in_sandbox)
    assert re.search(r"`enrich [^`]+`", live)
    assert "--sandbox" not in live


def test_rules_of_another_folder_are_named_where_they_are(tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(FROZEN, other)
    (other / "caps.yaml").write_text("all: [1", encoding="utf-8")
    said = one_sentence(run("rules", "check", str(other)), 2)
    assert said.startswith(f"error: {other}/caps.yaml: line 1, column 8: a list in [ ] (opened in line 1, column 6)")


def test_output_that_finds_no_space_is_one_sentence() -> None:
    """/dev/full takes nothing, as a full disk does."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "enrich_cli.main", "rules", "check", str(FROZEN)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            check=False,
        )
    assert (
        done.stderr == "error: There is no space left where this is written to: free some. What was bought is kept.\n"
    )
    assert done.returncode == 2
