"""Which companies a question means where a name is also a technology, is in a list, or is new beside a known one."""

import pytest

from tests.unit.research.questions.test_question_reading import read


@pytest.mark.parametrize(
    ("question", "companies"),
    [
        ("Compare Snowflake, Chevron and Adobe on hiring", ("Snowflake", "Chevron", "Adobe")),
        ("Which of Kroger, Pfizer and Datadog is growing?", ("Kroger", "Pfizer", "Datadog")),
        ("Kroger, MongoDB or Visa: where do I begin?", ("Kroger", "MongoDB", "Visa")),
        ("Compare GitHub and Twilio", ("GitHub", "Twilio")),
    ],
)
def test_a_technology_in_a_list_of_companies_is_a_company(question: str, companies: tuple[str, ...]) -> None:
    assert read(question).companies == companies


@pytest.mark.parametrize(
    "question",
    ["Tell me about {}", "Does {} sell to hospitals?", "Has {} opened a site in Leeds?", "Is {} losing money?"],
)
@pytest.mark.parametrize("name", ["Twilio", "Datadog", "MongoDB"])
def test_a_technology_that_alone_is_asked_about_is_a_company(question: str, name: str) -> None:
    assert read(question.format(name)).companies == (name,)


@pytest.mark.parametrize(
    ("question", "sought"),
    [
        ("Does Kroger use any of these: Twilio, Sentry or Datadog?", ("Twilio", "Sentry", "Datadog")),
        ("Is Chevron on Snowflake, Databricks, Redshift?", ("Snowflake", "Databricks", "Redshift")),
        ("Which does Visa run on: Oracle, MongoDB, Zoom?", ("Oracle", "MongoDB", "Zoom")),
    ],
)
def test_what_a_company_may_use_is_looked_for_however_many_are_listed(question: str, sought: tuple[str, ...]) -> None:
    reading = read(question)
    assert (len(reading.companies), {*reading.sought}) == (1, {*sought})


@pytest.mark.parametrize(
    ("question", "companies"),
    [
        ("Palo Verde Holdings acquires Adobe. Does that matter?", ("Palo Verde Holdings", "Adobe")),
        ("General Atomics buys Kroger", ("General Atomics", "Kroger")),
        ("Did Northern Tool acquire Chevron?", ("Northern Tool", "Chevron")),
    ],
)
def test_who_buys_a_known_company_is_asked_about_too(question: str, companies: tuple[str, ...]) -> None:
    assert read(question).companies == companies


def test_what_a_known_company_buys_is_looked_for_in_what_is_known_of_it() -> None:
    reading = read("Did Adobe buy Kroger?")
    assert (reading.companies, reading.sought, reading.topics) == (("Adobe",), ("Kroger",), ("buy Kroger",))


@pytest.mark.parametrize(
    ("question", "company"),
    [
        ("¿Qué sabe de Dollar Tree su competencia?", "Dollar Tree"),
        ("Combien Valley National paie ses cadres ?", "Valley National"),
        ("Quanto guadagna Rocket Software in Italia?", "Rocket Software"),
    ],
)
def test_english_words_with_capitals_within_another_language_are_a_name(question: str, company: str) -> None:
    assert read(question).companies == (company,)


@pytest.mark.parametrize(
    ("question", "places"),
    [
        ("Is Chevron hiring in Lyon, Tulsa or Leeds?", {"Lyon", "Tulsa", "Leeds"}),
        ("Does Visa have staff in Porto and Turin?", {"Porto", "Turin"}),
        ("Any Kroger jobs in Fresno, Boise?", {"Fresno", "Boise"}),
    ],
)
def test_a_list_of_places_behind_in_names_no_company(question: str, places: set[str]) -> None:
    reading = read(question)
    assert len(reading.companies) == 1
    assert places <= {word for words in (*reading.sought, *reading.topics) for word in words.split()}


@pytest.mark.parametrize(
    "question",
    [
        "Do our competitors appear among Kroger's tools?",
        "Is Kroger running anything from a rival of ours?",
        "Which of our rivals does Kroger already use?",
        "Does Kroger have a tool of our competition?",
    ],
)
def test_whether_a_company_uses_what_our_competitors_make_is_no_question_about_its_competitors(question: str) -> None:
    reading = read(question)
    assert (reading.companies, reading.areas, reading.is_of_our_rivals) == (("Kroger",), ("technology",), True)


def test_who_competes_with_us_somewhere_is_a_question_of_competition() -> None:
    assert not read("Which competitors does Kroger have?").is_of_our_rivals
    assert not read("Are Kroger's competitors using Zendesk?").is_of_our_rivals
