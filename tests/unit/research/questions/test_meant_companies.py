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


@pytest.mark.parametrize(
    ("question", "companies"),
    [
        ("Buy everything you can about Faire and Kroger.", ("Faire", "Kroger")),
        ("What is new at Como?", ("Como",)),
        ("How large are Kroger and Welche?", ("Kroger", "Welche")),
    ],
)
def test_a_name_that_is_grammar_of_another_language_is_a_name_in_english(
    question: str, companies: tuple[str, ...]
) -> None:
    assert read(question).companies == companies


@pytest.mark.parametrize(
    ("question", "company"),
    [
        ("Wer ist bei Docker für die Gehaltsabrechnung zuständig?", "Docker"),
        ("Qui décide des achats chez Datadog ?", "Datadog"),
        ("Wer leitet bei Twilio den Einkauf?", "Twilio"),
    ],
)
def test_a_technology_behind_at_of_another_language_is_a_company(question: str, company: str) -> None:
    reading = read(question, "Kroger")
    assert (reading.companies, reading.sought) == ((company,), ())


def test_a_place_behind_in_of_another_language_is_no_company() -> None:
    assert read("¿Está contratando Kroger en Kenia?").companies == ("Kroger",)
    assert read("A Kroger está contratando em Lisboa?").companies == ("Kroger",)
    assert read("Kroger recrute-t-elle en Norvège ?").companies == ("Kroger",)


def test_the_second_word_of_a_name_may_be_small_where_it_owns_something() -> None:
    assert read("Does Lululemon athletica's site state prices?").companies == ("Lululemon athletica",)


@pytest.mark.parametrize(
    "question",
    [
        "Can you tell me whether Lattice uses Workday?",
        "I wonder if Beacon runs Oracle",
        "Find out whether Summit uses Zoom, please",
    ],
)
def test_a_name_made_of_a_common_word_is_one_behind_whether(question: str) -> None:
    assert len(read(question).companies) == 1


@pytest.mark.parametrize("question", ["What does Clear do?", "What is Clear?", "What do Adobe do?"])
def test_what_a_company_does_asks_what_it_is(question: str) -> None:
    assert read(question).asks_what_it_is


@pytest.mark.parametrize(
    "question", ["Does Kroger use robots?", "Do they already use drones in their hubs?", "Is Kroger using forklifts?"]
)
def test_things_that_are_used_are_no_question_about_software(question: str) -> None:
    assert "technology" not in read(question, "Visa").areas
    assert "technology" in read("Does Kroger use Oracle?").areas


@pytest.mark.parametrize("question", ["why?", "How come?", "And why exactly?"])
def test_why_alone_asks_for_the_answer_before(question: str) -> None:
    assert read(question, "Kroger").restates
    assert not read("Why is Kroger hiring?").restates


@pytest.mark.parametrize(
    ("question", "country"),
    [
        ("¿Está contratando Kroger en Kenia?", "Kenya"),
        ("Stellt Kroger in Norwegen ein?", "Norway"),
        ("Kroger recrute-t-elle en Norvège ?", "Norway"),
    ],
)
def test_a_country_in_another_language_is_looked_for_by_its_english_name(question: str, country: str) -> None:
    assert country in read(question).sought


@pytest.mark.parametrize(
    ("question", "companies"),
    [
        ("Tell me the latest about Tempo (tempo.fit) before our meeting.", ("tempo.fit",)),
        ("Whom does Northwind, northwind.de, hire?", ("northwind.de",)),
        ("news of Data Bird (databird.com)", ("databird.com",)),
        ("Compare Tempo (tempo.fit) with Kroger", ("tempo.fit", "Kroger")),
    ],
)
def test_a_website_behind_a_name_says_which_company_of_that_name(question: str, companies: tuple[str, ...]) -> None:
    assert read(question).companies == companies
