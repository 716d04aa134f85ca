"""`enrich ask`: a seller's question on a terminal, its exit codes, and what it prints."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from resources.clock import TEST_CLOCK
from tests.acceptance.conftest import Stack
from tests.support.command_line import ROOT
from tests.support.eventually import PATIENCE_SECONDS

QUESTION = "How should I position Snowflake to tesla.com for their European expansion?"
ME = "name: Ann\nrole: Account executive\ncompany: Snowflake\nsells: a data platform in the cloud\n"


@pytest.fixture
def me(tmp_path: Path) -> str:
    path = tmp_path / "me.yaml"
    path.write_text(ME, encoding="utf-8")
    return str(path)


def test_it_shows_each_step_on_stderr_and_the_answer_with_its_quotes_on_stdout(stack: Stack, me: str) -> None:
    done = stack.command("ask", QUESTION, "--as", me)
    assert done.returncode in {0, 3}
    assert "Asking Bright Data's companies about tesla.com." in done.stderr
    assert "What is known" in done.stdout
    assert "to whom:" in done.stdout
    assert "how sure:" in done.stdout
    assert "(exact, company, " in done.stdout


def test_without_a_question_it_says_what_to_begin_with_and_what_that_costs_and_buys_nothing(
    stack: Stack, me: str
) -> None:
    before = stack.invoice()
    done = stack.command("ask", "--as", me, "--json")
    assert done.returncode == 0, done.stderr
    offered = json.loads(done.stdout)["next_questions"]
    assert len(offered) == 3
    assert all(one["cost_micro_usd"] and "Snowflake" in one["question"] for one in offered)
    assert stack.invoice() == before
    shown = stack.command("ask", "--as", me).stdout
    assert f"- {offered[0]['question']} ({offered[0]['price']})" in shown


@pytest.mark.parametrize(
    ("websites", "told"),
    [
        (["bwf.com"], "name bwf.com, if that is the one, in the question"),
        (["bwf.com", "bwf.de"], "name one of bwf.com, bwf.de in the question"),
    ],
)
def test_without_a_terminal_it_says_how_to_name_the_company_that_is_meant(
    stack: Stack, me: str, websites: list[str], told: str
) -> None:
    at = stack.clock.now()
    stack.store.companies.add([Company(new_id("com"), one, "Brackwater Foods", one, at) for one in websites])
    done = stack.command("ask", "Whom does Brackwater hire?", "--as", me)
    assert (done.returncode, told in " ".join(done.stderr.split())) == (5, True), done.stderr


def test_the_answer_as_json_is_that_of_the_session(stack: Stack, me: str) -> None:
    done = stack.command("ask", QUESTION, "--as", me, "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == (3 if answer["open_points"] else 0)
    assert all(one["quote"] in one["evidence"] for claim in answer["claims"] for one in claim["citations"])


def test_a_budget_that_is_too_small_ends_with_what_there_is_and_code_4(stack: Stack, me: str) -> None:
    done = stack.command("ask", QUESTION, "--as", me, "--budget", "0.05", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 4
    assert answer["state"] == "over_budget"
    assert answer["cost_micro_usd"] <= 50_000


def test_two_plausible_companies_end_with_the_candidates_and_code_5(stack: Stack, me: str) -> None:
    at = stack.clock.now()
    both = [("northwind.com", "Northwind"), ("northwind.de", "Northwind")]
    stack.store.companies.add([Company(new_id("com"), key, name, key, at) for key, name in both])
    done = stack.command("ask", "Whom does Northwind hire?", "--as", me)
    assert done.returncode == 5
    assert "northwind.com, northwind.de" in done.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: Ann\n", "role, company, sells missing"),
        (f"{ME}phone: 1\n", "phone means nothing there"),
        ("- a list\n", "name, role, company, sells missing"),
        ("name: [\n", "me.yaml"),
    ],
)
def test_a_persona_file_that_is_wrong_is_one_sentence(stack: Stack, me: str, text: str, says: str) -> None:
    Path(me).write_text(text, encoding="utf-8")
    done = stack.command("ask", QUESTION, "--as", me)
    assert done.returncode == 2
    assert says in done.stderr
    assert "name, role, company and sells" in done.stderr


def test_ctrl_c_lands_softly_with_an_answer_and_code_130(stack: Stack, me: str) -> None:
    stack.fault("serpapi", "latency", seconds=1.0, times=50)
    environment = {
        **os.environ, "ENRICH_HOME": str(stack.settings.enrich_home), TEST_CLOCK: stack.clock.at.isoformat()
    }  # fmt: skip
    command = [sys.executable, "-m", "enrich_cli.main", "ask", QUESTION, "--as", me, "--sandbox", "--json"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if b"Asking " in line:
                break
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=PATIENCE_SECONDS)
    assert running.returncode == 130
    assert json.loads(out)["state"] == "stopped"
