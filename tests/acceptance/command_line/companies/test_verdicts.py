"""`enrich reject` and `enrich verdicts`."""

import asyncio
import json

from tests.acceptance.conftest import Stack


def test_a_value_is_rejected_listed_and_taken_back(stack: Stack) -> None:
    asyncio.run(stack.ask("tesla.com"))
    billed = stack.invoice()
    given = stack.command("reject", "Tesla", "employee_count", "--because", "asked them", "--right", "5,200", "--json")
    assert given.returncode == 0
    verdict = json.loads(given.stdout)
    assert verdict["right"] == {"low": 5200, "high": 5200}
    assert verdict["sources"]

    shown = json.loads(stack.command("company", "tesla.com", "--json").stdout)
    assert shown["profile"]["datasets"]["employee_count"]["values"][0]["value"] == verdict["right"]

    listed = stack.command("verdicts", "list", "tesla.com").stdout
    assert verdict["verdict_id"] in listed
    assert "asked them" in listed
    assert stack.command("verdicts", "withdraw", verdict["verdict_id"]).returncode == 0
    again = stack.command("verdicts", "withdraw", verdict["verdict_id"])
    assert again.returncode == 2
    assert "is withdrawn already" in again.stderr
    assert stack.invoice() == billed


def test_an_unknown_dataset_and_a_text_that_is_no_value_are_one_sentence(stack: Stack) -> None:
    asyncio.run(stack.ask("tesla.com"))
    unknown = stack.command("reject", "tesla.com", "headcount", "--because", "x", "--right", "5")
    assert (unknown.returncode, "There is no dataset 'headcount'" in unknown.stderr) == (2, True)
    text = stack.command("reject", "tesla.com", "employee_count", "--because", "x", "--right", "many")
    assert (text.returncode, "write a number or a band" in text.stderr) == (2, True)
