"""Where it is not sure which company is meant: a person is asked on a terminal, a script is printed how to choose."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from enrichment.domain.companies import Alias, Company
from resources.clock import TEST_CLOCK
from tests.acceptance.conftest import Stack
from tests.support.command_line import ROOT

CHOOSE = "ask for one of acme.com, acme.de. If it is another company, add --new."


@pytest.fixture
def two(stack: Stack) -> Stack:
    now = stack.clock.now()
    stack.store.companies.add(
        [
            Company("com_1", "acme.com", "Acme", "acme.com", now, "us"),
            Company("com_2", "acme.de", "Acme GmbH", "acme.de", now, "de"),
        ]
    )
    stack.store.companies.add_aliases([Alias("linkedin:acme", "com_1", "id", None, "list.csv", now)])
    return stack


@pytest.mark.parametrize("command", ["company", "plan"])
def test_without_a_terminal_the_candidates_are_named_with_how_to_choose(two: Stack, command: str) -> None:
    done = two.command(command, "Acme")
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.strip() == f"error: 2 companies are called Acme, or nearly so: {CHOOSE}"


@pytest.mark.parametrize("command", ["company", "plan"])
def test_a_program_gets_the_candidates_with_their_evidence(two: Stack, command: str) -> None:
    done = two.command(command, "Acme", "--json")
    printed = json.loads(done.stdout)
    assert (done.returncode, printed["error"], printed["asked"]) == (5, "ambiguous_company", "Acme")
    assert CHOOSE in printed["message"]
    assert printed["candidates"][0] == {
        "key": "acme.com",
        "name": "Acme",
        "domain": "acme.com",
        "country": "us",
        "ids": ["linkedin:acme"],
        "because": "their own words are spelled alike",
        "probability": 0.9791,
        "facts": {},
        "spent_micro_usd": 0,
        "last_bought_at": None,
    }
    assert two.invoice() == {}


def test_a_key_an_id_or_a_country_chooses_one(two: Stack) -> None:
    for words in (["acme.de"], ["Acme", "--id", "https://linkedin.com/company/acme"], ["Acme", "--country", "USA"]):
        done = two.command("plan", *words, "--datasets", "industry", "--json")
        assert (done.returncode, done.stderr) == (0, "")
    assert two.command("plan", "Acme", "--new", "--json").returncode == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--id", "320193"], "--id takes an id with its kind (cik:320193,"),
        (["--country", "nowhere"], "--country takes a country such as Germany or de, not 'nowhere'"),
    ],
)
def test_what_states_no_id_or_country_is_refused(two: Stack, words: list[str], says: str) -> None:
    done = two.command("plan", "Acme", *words)
    assert done.returncode == 2
    assert says in done.stderr


@pytest.mark.parametrize(("typed", "chosen"), [("7\n2\n", "acme.de"), ("3\n", "name:acme")])
def test_a_person_chooses_by_number_among_candidates_and_their_evidence(two: Stack, typed: str, chosen: str) -> None:
    shown = on_a_terminal(two, typed, "plan", "Acme", "--datasets", "industry")
    assert "Which company is Acme?" in shown
    assert "linkedin:acme" in shown
    assert "none of these: a new company" in shown
    assert ("There is no 7" in shown) is typed.startswith("7")
    assert f"{chosen} for custom" in shown


def on_a_terminal(stack: Stack, typed: str, *words: str) -> str:
    """What `enrich WORDS --sandbox` shows on a terminal 200 columns wide where this is typed."""
    ours, theirs = os.openpty()
    environment = {**os.environ, "ENRICH_HOME": str(stack.settings.enrich_home), "COLUMNS": "200", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "enrich_cli.main", *words, "--sandbox"]
    os.write(ours, typed.encode())
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**environment, TEST_CLOCK: stack.clock.now().isoformat()},
        cwd=ROOT,
    )
    os.close(theirs)
    shown = _read_to_the_end(ours)
    assert process.wait() == 0, shown
    return shown


def _read_to_the_end(terminal: int) -> str:
    """Without styles. A terminal ends with an error where a file ends with nothing."""
    parts = []
    try:
        while part := os.read(terminal, 65_536):
            parts.append(part)
    except OSError:
        pass
    os.close(terminal)
    return re.sub(r"\x1b\[[0-9;]*m", "", b"".join(parts).decode("utf-8", "replace"))


LIST = (
    "name,website,linkedin url\nAcme,,\nWidget Works,acme.com,\nBeta,beta-x.com,https://www.linkedin.com/company/beta\n"
)


@pytest.fixture
def listed(two: Stack, tmp_path: Path) -> tuple[Stack, Path]:
    path = tmp_path / "list.csv"
    path.write_text(LIST, encoding="utf-8")
    return two, path


def test_rows_that_are_ambiguous_wait_and_are_decided_one_by_one(listed: tuple[Stack, Path]) -> None:
    stack, path = listed
    added = json.loads(stack.command("companies", "add", str(path), "--json").stdout)
    assert (added["counts"]["ambiguous"], added["added"], added["waiting_for_review"]) == (2, 1, 2)
    waiting = json.loads(stack.command("companies", "review", "--json").stdout)["waiting"]
    assert [(one["record"]["name"], one["origin"]) for one in waiting] == [
        ("Acme", "list.csv, line 2"),
        ("Widget Works", "list.csv, line 3"),
    ]
    assert [one["key"] for one in waiting[0]["candidates"]] == ["acme.com", "acme.de"]
    same = stack.command("companies", "review", waiting[0]["review"], "--same-as", "acme.de")
    assert (same.returncode, same.stdout.strip()) == (0, "Acme is Acme GmbH (acme.de)")
    new = json.loads(stack.command("companies", "review", waiting[1]["review"], "--new", "--json").stdout)
    assert new["company"] == {"key": "name:widget-works", "name": "Widget Works", "domain": None, "country": None}
    assert "Nothing waits" in stack.command("companies", "review").stdout
    again = json.loads(stack.command("companies", "add", str(path), "--json").stdout)
    assert (again["counts"]["known"], again["added"], again["waiting_for_review"]) == (3, 0, 0)


def test_a_person_is_asked_about_each_and_may_leave_one_for_later(listed: tuple[Stack, Path]) -> None:
    stack, path = listed
    shown = stack.command("companies", "add", str(path)).stdout
    assert "2 of them wait: `enrich companies review --sandbox` asks which company each one means" in shown
    shown = on_a_terminal(stack, "0\n2\n", "companies", "review")
    assert shown.count("0 for later") == 2
    assert "Widget Works is a new company: Widget Works (name:widget-works)" in shown
    assert [review.record["name"] for review in stack.store.identity_reviews.waiting()] == ["Acme"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["rev_nothing"], "No review 'rev_nothing' waits"),
        (["--new"], "Give the id of one review, and either --same-as KEY or --new"),
        (["rev_1", "--new", "--same-as", "acme.com"], "Give the id of one review"),
    ],
)
def test_what_cannot_be_decided_says_what_to_do(two: Stack, words: list[str], says: str) -> None:
    done = two.command("companies", "review", *words)
    assert done.returncode == 2
    assert says in done.stderr


def test_an_id_in_a_list_tells_which_company_a_row_means(listed: tuple[Stack, Path]) -> None:
    stack, path = listed
    stack.command("companies", "add", str(path))
    path.write_text("name,linkedin url\nBeta Holding,https://www.linkedin.com/company/beta\n", encoding="utf-8")
    again = json.loads(stack.command("companies", "add", str(path), "--json").stdout)
    assert [row["fate"] for row in again["lists"][0]["rows"]] == ["known"]


def test_what_was_paid_for_comes_first(listed: tuple[Stack, Path]) -> None:
    stack, _ = listed
    now = stack.clock.now()
    stack.store.companies.add([Company("com_3", "tesla.com", "Electric Cars", "tesla.com", now)])
    stack.command("companies", "add", str(listed[1]))
    stack.clock.advance(minutes=1)
    stack.command("company", "Tesla")
    waiting = json.loads(stack.command("companies", "review", "--json").stdout)["waiting"]
    assert [one["record"]["name"] for one in waiting] == ["Tesla", "Acme", "Widget Works"]
    assert waiting[0]["at_stake_micro_usd"] > 0
    assert (waiting[0]["company"]["key"], waiting[0]["candidates"][0]["key"]) == ("name:tesla", "tesla.com")
    shown = stack.command("companies", "review").stdout
    assert "USD paid for the companies in question" in shown
    assert "none of these: two companies" in shown
