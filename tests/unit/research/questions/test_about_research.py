"""A question about research itself is told from one about what a company charges or how old it is."""

import pytest

from enrichment.research.questions.about_research import about_research


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("What would it cost to find out who runs IT at Kroger?", "who runs IT at Kroger?"),
        ("How expensive would it be to research Kroger?", "Kroger?"),
        ("How much do I pay to learn what Visa runs on?", "what Visa runs on?"),
        ("How much would a complete profile of Pfizer cost me?", "Pfizer?"),
        ("What is the price of a full report on Chevron?", "Chevron?"),
        ("Which of the two is cheaper to look into, Kroger or Visa?", "Kroger or Visa?"),
    ],
)
def test_what_research_would_cost_is_asked_of_what_is_to_be_researched(question: str, left: str) -> None:
    about = about_research(question)
    assert about.asks == "price"
    assert about.text.endswith(left)


@pytest.mark.parametrize(
    "question",
    [
        "How fresh is your data on Kroger?",
        "How old is the information on Visa?",
        "When did you last check Pfizer?",
        "Are those still correct?",
        "How recent is what you know of Chevron?",
    ],
)
def test_how_old_what_is_known_is_asks_nothing_of_the_company(question: str) -> None:
    assert about_research(question).asks == "age"


@pytest.mark.parametrize(
    "question",
    [
        "How much does Kroger charge?",
        "What does it cost to become a customer of Visa?",
        "How old is Kroger?",
        "Is Chevron still hiring?",
        "How much does Visa spend to win customers?",
        "What would you say to the CIO of Pfizer?",
        "Which is cheaper, Kroger or Visa?",
    ],
)
def test_prices_and_ages_of_companies_are_questions_like_any_other(question: str) -> None:
    assert about_research(question).asks is None


@pytest.mark.parametrize(
    "question",
    [
        "How sure are you about that?",
        "how sure are you",
        "Are you sure?",
        "ok, and are you certain of this?",
        "Can I rely on it?",
        "How do you know that?",
        "Where did you get this from?",
        "What's your source for that?",
        "Wie sicher bist du dir da?",
        "¿Estás seguro?",
        "are you sure about the second one?",
        "who told you that?",
        "Which sources did you ask?",
    ],
)
def test_how_sure_an_answer_is_asks_nothing_new(question: str) -> None:
    assert about_research(question).asks == "sureness"


@pytest.mark.parametrize(
    "question",
    [
        "Are you sure that Kroger uses Okta?",
        "How sure is Visa of its growth?",
        "How do you know who leads IT at Pfizer?",
        "Where do they get their steel from?",
        "What is the source of their profit?",
        "Who told you that Visa hires?",
    ],
)
def test_what_asks_of_a_company_is_not_about_the_answer_before(question: str) -> None:
    assert about_research(question).asks is None
