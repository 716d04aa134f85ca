"""A search of its own is made for things of the trade, not for words that are left over of a question."""

import pytest

from enrichment.domain.research import Persona
from enrichment.research.questions.breakdown import by_rule
from enrichment.research.questions.mention import KnownNames
from enrichment.research.questions.topics import topics_to_search
from enrichment.rules import load_rules
from tests.support.research_stack import SHIPPED

RULES = load_rules(SHIPPED)
SELLER = Persona("Ann", "account executive", "Salt Security", "API security")
KNOWN = KnownNames(("kroger", "visa"), (), ("Salt Security", "Ann"))


def searched(question: str) -> tuple[str, ...]:
    parts = by_rule(question, SELLER, RULES, because=None, known=KNOWN)
    return topics_to_search(parts, ("Kroger", "Visa", "Salt Security"), RULES)


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("Has Kroger shut any dairies since October?", "dairies"),
        ("Have they reopened their Ohio warehouse?", "ohio warehouse"),
        ("Did Visa sponsor football clubs?", "football clubs"),
        ("Is Kroger building cold stores in Ghana?", "cold stores in ghana"),
        ("Which dairies has Kroger sold off?", "dairies"),
    ],
)
def test_what_a_company_does_is_no_part_of_what_is_searched_for(question: str, topic: str) -> None:
    assert searched(question) == (topic,)


@pytest.mark.parametrize(
    "question",
    [
        "Does Kroger publish in Dutch?",
        "Does Visa ship to Peru?",
        "Are they remote friendly?",
        "Is Kroger family owned?",
        "Which language are their pages in?",
        "Does Visa answer quickly?",
    ],
)
def test_how_or_where_something_is_done_is_looked_for_in_what_is_known_and_not_searched_for(question: str) -> None:
    assert searched(question) == ()


@pytest.mark.parametrize(
    "question",
    [
        "How does Kroger's mood differ from Visa's?",
        "Compare Kroger's style with Visa's",
        "Kroger's tone versus Visa's?",
    ],
)
def test_what_no_figure_can_compare_is_not_searched_for(question: str) -> None:
    assert searched(question) == ()


@pytest.mark.parametrize(
    "question", ["Might Kroger buy drones first?", "Will they trial drones soon?", "Do they use drones?"]
)
def test_when_something_is_done_is_no_part_of_a_topic(question: str) -> None:
    assert searched(question) == ("drones",)
