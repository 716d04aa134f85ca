"""Small talk is no topic, and a turn that asks is read by what it asks; names and units are told apart."""

import pytest

from enrichment.domain.research import Persona
from enrichment.research.questions.breakdown import by_rule
from enrichment.research.questions.clarification import company_chosen
from enrichment.research.questions.mention import KnownNames
from enrichment.research.questions.time_window import NamedDay, time_window
from enrichment.research.questions.topics import topics_to_search
from enrichment.rules import load_rules
from tests.support.research_stack import SHIPPED
from tests.unit.research.questions.test_question_reading import read

RULES = load_rules(SHIPPED)
SELLER = Persona("Ann", "account executive", "Salt Security", "API security")
KNOWN = KnownNames(("kroger", "visa"), ("Visa",), ("Salt Security", "Ann"))


@pytest.mark.parametrize(
    "text", ["brilliant, that saves hours", "cool stuff mate", "more or less then", "lovely, bye for now"]
)
def test_what_asks_nothing_is_searched_for_by_no_topic(text: str) -> None:
    parts = by_rule(text, SELLER, RULES, because=None, known=KNOWN)
    assert topics_to_search(parts, ("Visa",), RULES) == ()
    assert (parts.areas, parts.topics) == ((), ())


@pytest.mark.parametrize("text", ["and their robots", "robots?", "Tell me about robots"])
def test_a_turn_that_asks_is_searched_for_without_a_company_of_its_own(text: str) -> None:
    parts = by_rule(text, SELLER, RULES, because=None, known=KNOWN)
    assert topics_to_search(parts, ("Visa",), RULES) == ("robots",)


@pytest.mark.parametrize(
    ("question", "companies"),
    [
        ("Whom should I call first, Ameren or PPL?", ("Ameren", "PPL")),
        ("Which is larger, Kroger or AGCO?", ("Kroger", "AGCO")),
        ("Visa vs ADP?", ("Visa", "ADP")),
        ("Does Kroger use SAP or IBM MQ?", ("Kroger",)),
        ("Isn't Tenet Healthcare closing hospitals?", ("Tenet Healthcare",)),
        ("Hasn't Direct Line sold its vans?", ("Direct Line",)),
        ("Aren't Iron Mountain and Kroger partners?", ("Iron Mountain", "Kroger")),
        ("Any trouble at Macy's lately?", ("Macy's",)),
        ("News from Kohl's in March?", ("Kohl's",)),
        ("How many shops has Lowe's?", ("Lowe's",)),
        ("What does a 150 kW unit cost at Kroger?", ("Kroger",)),
        ("Does Visa sell 20 MB plans?", ("Visa",)),
        ("How many 40 GB disks does Kroger need?", ("Kroger",)),
    ],
)
def test_a_name_is_told_from_an_abbreviation_a_unit_and_a_possessive(question: str, companies: tuple[str, ...]) -> None:
    assert by_rule(question, SELLER, RULES, because=None, known=KNOWN).companies == companies


@pytest.mark.parametrize(
    "question", ["Which of them is closer to Boston?", "Who is nearest to Lyon?", "How far from Tulsa are they?"]
)
def test_a_place_that_is_near_or_far_is_no_company(question: str) -> None:
    assert by_rule(question, SELLER, RULES, because=None, known=KNOWN).companies == ()


@pytest.mark.parametrize(
    "question",
    [
        "Combien d'employés a Datadog ?",
        "¿Cuántos empleados tiene Sentry?",
        "Quanti dipendenti ha Docker?",
        "Quantos funcionários tem Algolia?",
        "Wie viele Mitarbeiter hat Zendesk?",
    ],
)
def test_a_company_that_is_called_as_its_product_is_asked_about_in_any_language(question: str) -> None:
    parts = by_rule(question, SELLER, RULES, because=None, known=KNOWN)
    assert (len(parts.companies), parts.areas, parts.sought) == (1, ("size",), ())


@pytest.mark.parametrize("question", ["more than Kroger?", "Less than at Kroger?", "fewer than Kroger?"])
def test_another_company_that_is_measured_against_the_one_before_is_asked_what_that_was(question: str) -> None:
    assert read(question).restates


@pytest.mark.parametrize(
    "question", ["When did Kroger last open a site?", "When did Kroger reopen?", "When will Kroger open there?"]
)
def test_what_a_company_did_on_a_day_is_told_by_news(question: str) -> None:
    parts = by_rule(question, SELLER, RULES, because=None, known=KNOWN)
    assert (parts.areas, parts.is_whole) == (("news",), False)


def test_a_part_of_a_question_that_asks_when_is_kept() -> None:
    parts = by_rule(
        "Who leads HR at Kroger, and when did they last open a site?", SELLER, RULES, because=None, known=KNOWN
    )
    assert set(parts.areas) == {"people", "news"}


@pytest.mark.parametrize("question", ["and for 500 people?", "what about 20 people?", "for 3000 people?"])
def test_a_number_of_people_asks_for_no_person(question: str) -> None:
    assert "people" not in by_rule(question, SELLER, RULES, because=None, known=KNOWN).areas


@pytest.mark.parametrize(
    "question", ["Should I phone Kroger this week?", "Should we write to Kroger?", "Why now for Kroger?"]
)
def test_whether_to_approach_a_company_now_is_advice(question: str) -> None:
    assert by_rule(question, SELLER, RULES, because=None, known=KNOWN).asks_for_advice


@pytest.mark.parametrize(
    ("text", "month"), [("What changed since the summer?", 6), ("seit dem Herbst?", 9), ("news after winter", 12)]
)
def test_a_season_begins_with_its_first_month(text: str, month: int) -> None:
    since = time_window(text).since
    assert since is not None
    assert (since.month, since.day) == (month, None)
    assert isinstance(since, NamedDay)


@pytest.mark.parametrize("said", ["yes that one", "yes, the Austin one", "that's right", "yeah please"])
def test_yes_with_words_around_it_chooses_the_only_candidate(said: str) -> None:
    only = {"key": "acme.com", "domain": "acme.com", "name": "Acme", "country": None}
    assert company_chosen(said, [only]) == "acme.com"
    assert company_chosen("no, that's not right", [only]) is None
