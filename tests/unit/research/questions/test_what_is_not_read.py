"""What of a question nothing has read is said, and buys no answer about all of a company."""

import pytest

from enrichment.domain.research import Persona
from enrichment.research.questions.breakdown import by_rule
from enrichment.research.questions.mention import KnownNames
from enrichment.research.questions.topics import topics_to_search
from enrichment.rules import load_rules
from tests.support.research_stack import SHIPPED
from tests.unit.research.questions.test_question_reading import read

RULES = load_rules(SHIPPED)
SELLER = Persona("Ann", "account executive", "Salt Security", "API security")
KNOWN = KnownNames(("kroger", "visa"), (), ("Salt Security", "Ann"))


@pytest.mark.parametrize(
    ("question", "unread"),
    [
        ("Où Kroger entrepose ses marchandises ?", ("entrepose", "marchandises")),
        ("Heeft Kroger vrachtwagens?", ("vrachtwagens",)),
        ("Kroger の倉庫はどこですか", ("の倉庫はどこですか",)),
    ],
)
def test_words_of_another_language_that_no_table_has_are_said(question: str, unread: tuple[str, ...]) -> None:
    parts = by_rule(question, SELLER, RULES, because=None, known=KNOWN)
    assert parts.unread == unread
    assert not parts.is_whole


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("Is Kroger at war with its landlords?", "landlords"),
        ("Has Visa a depot or a plant in Norway?", "depot plant in norway"),
        ("Is Kroger expanding its cold storage network?", "cold storage network"),
    ],
)
def test_what_no_dataset_answers_is_searched_for(question: str, topic: str) -> None:
    parts = by_rule(question, SELLER, RULES, because=None, known=KNOWN)
    assert set(topic.split()) <= {
        word for one in topics_to_search(parts, ("Kroger", "Visa"), RULES) for word in one.split()
    }


@pytest.mark.parametrize(
    "question",
    ["Who runs HR at Kroger?", "Does Kroger use Oracle?", "Any lawsuits at Kroger?", "Is Kroger hiring chemists?"],
)
def test_what_a_dataset_answers_is_not_searched_for(question: str) -> None:
    parts = by_rule(question, SELLER, RULES, because=None, known=KNOWN)
    assert topics_to_search(parts, ("Kroger",), RULES) == ()


@pytest.mark.parametrize("question", ["What is Kroger?", "Who is Visa?", "what are kroger?"])
def test_what_a_company_is_asks_for_its_description_alone(question: str) -> None:
    assert not by_rule(question, SELLER, RULES, because=None, known=KNOWN).is_whole


@pytest.mark.parametrize(
    "question",
    [
        "Pitch Salt Security to Kroger",
        "How should I position Salt Security at Visa?",
        "Why would Kroger buy Salt Security?",
    ],
)
def test_the_seller_s_own_name_asks_for_nobody_in_a_role(question: str) -> None:
    assert by_rule(question, SELLER, RULES, because=None, known=KNOWN).roles == ()


@pytest.mark.parametrize(
    "question",
    ["Are our prices higher than Kroger's?", "Our headcount next to that of Visa", "Compare our pricing and Kroger's"],
)
def test_ours_is_looked_at_beside_theirs(question: str) -> None:
    assert by_rule(question, SELLER, RULES, because=None, known=KNOWN).beside_ours


@pytest.mark.parametrize("question", ["Who competes with us at Kroger?", "Should Visa buy from us?"])
def test_ours_is_not_looked_at_where_nothing_is_compared(question: str) -> None:
    assert not by_rule(question, SELLER, RULES, because=None, known=KNOWN).beside_ours


@pytest.mark.parametrize("question", ["Find five firms in Ohio", "Show me prospects in retail", "Give me ten accounts"])
def test_a_list_of_companies_is_told_from_a_question_about_one(question: str) -> None:
    assert read(question).asks_for_a_list
