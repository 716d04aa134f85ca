"""The bench of citations sees a sentence that its quotes do not bear out, whatever let it pass."""

import csv
from pathlib import Path
from typing import Any

import pytest

import bench.citations
from bench.citations import other_hands
from bench.citations.inventing_model import InventingModel
from bench.citations.support import is_beyond, unsupported_words
from enrichment.rules import load_rules
from tests.support.research_stack import SHIPPED

NEWS = "Tesla raises prices of its main product line. It opens a new office in Austin."
TRUE = "Tesla raises prices of its main product line"
with (Path(bench.citations.__file__).parent / "inventions.csv").open(encoding="utf-8", newline="") as file:
    INVENTIONS = [row["said"] for row in csv.DictReader(file)]


def claim(text: str, quote: str = TRUE, **more: Any) -> dict[str, Any]:
    cited = {"quote": quote, "evidence": NEWS, "company": "tesla.com", "source": "serp_news", "dataset": "recent_news"}
    return {"kind": "finding", "text": text, "why": None, "citations": [cited], **more}


@pytest.mark.parametrize("text", ["Tesla raises prices of its main product line.", "Tesla raised its prices."])
def test_a_sentence_in_the_words_of_its_quote_is_supported(text: str) -> None:
    assert unsupported_words(claim(text)) == set()


@pytest.mark.parametrize(
    ("text", "beyond"),
    [
        ("Tesla lowers prices of its main product line.", {"lowers"}),
        ("Tesla does not raise prices of its main product line.", {"does", "not"}),
        ("Tesla is a bank.", {"bank"}),
        ("Tesla raises prices by 4711 USD.", {"4711", "usd"}),
        ("Tesla opens a new office in Austin.", {"opens", "new", "office", "austin"}),
    ],
)
def test_a_sentence_that_says_more_than_its_quote_is_not(text: str, beyond: set[str]) -> None:
    assert unsupported_words(claim(text)) == beyond


def test_a_recommendation_may_say_what_a_seller_does_and_its_reason_no_more_than_its_quotes() -> None:
    advice = claim("Show them what the product does for prices.", kind="recommendation", why="Tesla raises prices.")
    assert unsupported_words(advice) == set()
    assert unsupported_words({**advice, "why": "They are desperate"}) == {"desperate"}
    assert unsupported_words({**advice, "text": "Offer a 50 percent discount."}) == {"50", "percent", "discount"}


@pytest.mark.parametrize("said", INVENTIONS)
def test_each_planted_sentence_is_one_that_true_quotes_do_not_bear_out(said: str) -> None:
    assert is_beyond(said.format(company="Tesla"), [NEWS], "Tesla")


def test_the_inventing_model_plants_on_true_quotes_and_keeps_count() -> None:
    model = InventingModel("", seed=1)
    statement = {"evidence_id": "e1", "quote": TRUE, "statement": f"{TRUE}."}
    prompt = (
        '<vendor name="Okta">\n<evidence id="v1" source="x">\nSign-on\n</evidence>\n</vendor><company>Tesla</company>'
    )
    answer = model.with_inventions({"findings": [statement], "people": [], "recommendations": []}, prompt)
    (planted, kept), (advice,) = answer["findings"], answer["recommendations"]
    assert kept == statement
    assert planted["quote"] == TRUE
    assert (advice["vendor_evidence_id"], advice["vendor_quote"]) == ("v1", "Sign-on")
    assert [one.said for one in model.planted] == [planted["statement"], advice["recommendation"], advice["why"]]
    assert all(is_beyond(one.said, one.quotes, one.company) for one in model.planted)


def test_over_pages_of_another_hand_every_question_is_answered_with_what_bears_it_out() -> None:
    counts = other_hands.measured(load_rules(SHIPPED))
    assert (counts.answered, counts.unsupported) == (counts.questions, 0)
    assert counts.precision > 0.7


def derived(how: str, text: str, *quotes: str) -> dict[str, Any]:
    dataset = "hiring_trends" if how == "count" else "employee_count"
    cited = [
        {
            "quote": quote,
            "evidence": quote,
            "company": f"{quote.split()[0].lower()}.com",
            "source": "x",
            "dataset": dataset,
        }
        | {"evidence_id": f"rep_{at}#a"}
        for at, quote in enumerate(quotes)
    ]
    return {"kind": "finding", "text": text, "why": None, "citations": cited, "derived": how}


MET = "known needs of Acme meet what Okta offers, 1 of Bly:"
NEEDS = ("Acme runs Jira", "Acme hires a cook", "Bly runs Jira")
BOTH = ("Acme 900 employees", "Bly 40 employees")


@pytest.mark.parametrize(
    ("claimed", "is_supported"),
    [
        (derived("count", "2 open positions of Acme are known: Cook, Smith.", "Cook", "Smith"), True),
        (derived("count", "3 open positions of Acme are known: Cook, Smith.", "Cook", "Smith"), False),
        (derived("count", "2 urgent open positions of Acme are known: Cook, Smith.", "Cook", "Smith"), False),
        (derived("comparison", "Acme has 900 employees and Bly has 40 employees: Acme is bigger.", *BOTH), True),
        (derived("comparison", "Acme has 900 employees and Bly has 40 employees: Bly is bigger.", *BOTH), False),
        (derived("comparison", "Acme has 900 employees and Bly has 50 employees: Acme is bigger.", *BOTH), False),
        (derived("comparison", "Acme has 900 employees and Bly has 40 employees: Acme is richer.", *BOTH), False),
        (
            derived("comparison", "2 known needs of Acme meet what Okta offers, 1 of Bly: begin with Acme.", *NEEDS),
            True,
        ),
        (
            derived("comparison", "2 known needs of Acme meet what Okta offers, 1 of Bly: begin with Bly.", *NEEDS),
            False,
        ),
        (
            derived("comparison", "3 needs known of Acme meet what Okta offers, 1 of Bly: begin with Acme.", *NEEDS),
            False,
        ),
    ],
)
def test_what_is_worked_out_is_supported_where_its_quotes_give_just_that(
    claimed: dict[str, Any], is_supported: bool
) -> None:
    assert (unsupported_words(claimed, ["Acme", "Bly", "Okta"]) == set()) is is_supported
