"""What a question is about: companies, areas, topics, in the words of sellers (tests/records/question_wordings.csv)."""

import csv
from pathlib import Path

import pytest

from enrichment.domain.data_tables import listed
from enrichment.identity.names import name_words
from enrichment.research.questions.asked_words import may_be_topic
from enrichment.research.questions.company_mentions import readings
from enrichment.research.questions.known_mentions import phrases_to_look_up
from enrichment.research.questions.mention import KnownNames
from enrichment.research.questions.question_reading import QuestionReading, read_question
from enrichment.research.questions.question_words import words_in_question

WORDINGS = Path(__file__).parents[3] / "records" / "question_wordings.csv"
REGISTERED = (
    *("Tesla", "Adobe", "Ford Motor", "Henry Schein", "General Mills", "Oracle", "Microsoft", "Zoom", "Target"),
    *("Stanley Black & Decker", "Salesforce", "BJ's Wholesale Club", "Deutsche Telekom", "Kroger", "Chevron", "3M"),
    *("General Motors", "Visa", "Pfizer", "Bank of America", "American Express", "AT&T", "Phillips 66", "Amazon"),
    *("Dell Technologies", "JPMorgan Chase", "Costco Wholesale", "Centene", "McDonald's", "Macy's", "U.S. Bancorp"),
    *("D.R. Horton", "Laboratory Corp. of America"),
)
CALLED = {name_words(name) for name in REGISTERED}


def rows() -> list[dict[str, str]]:
    lines = WORDINGS.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def read(question: str, *before: str) -> QuestionReading:
    phrases = phrases_to_look_up(words_in_question(question))
    registered = {phrase for phrase in phrases if name_words(phrase) in CALLED}
    return read_question(question, KnownNames(registered, before, ("Okta", "Ann")))


def companies_meant(reading: QuestionReading, before: tuple[str, ...]) -> tuple[str, ...]:
    if reading.companies or reading.unsure:
        return reading.companies
    return tuple(before[place] for place in reading.places) or before


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row['about']}: {row['question']}"[:60])
def test_a_question_is_about_what_a_seller_means_by_it(row: dict[str, str]) -> None:
    before = listed(row["about"])
    reading = read(row["question"], *before)
    meant = companies_meant(reading, before)
    assert {name.casefold() for name in meant} == {name.casefold() for name in listed(row["companies"])}
    if meant:
        assert set(reading.areas) == {*listed(row["areas"])}
        assert {words.casefold() for words in reading.topics} == {*listed(row["topics"].casefold())}
        assert {words.casefold() for words in reading.sought} == {*listed(row["sought"].casefold())}


def test_a_technology_is_looked_for_and_a_topic_is_searched_for() -> None:
    assert (read("Does Tesla use Oracle?").sought, read("Does Tesla use Oracle?").topics) == (("Oracle",), ())
    assert (read("What of Tesla and zero trust?").sought, read("What of Tesla and zero trust?").topics) == (
        (),
        ("zero trust",),
    )


@pytest.mark.parametrize(
    "question",
    [
        "How should I position Okta to Tesla?",
        'How should I position "Workforce Identity" to Tesla?',
        "How should I position <b>Okta</b> to Tesla?",
    ],
)
def test_how_to_position_a_product_asks_for_advice_however_the_product_is_written(question: str) -> None:
    assert read(question).asks_for_advice


@pytest.mark.parametrize("question", ["Summarize in one sentence", "Shorter please", "What else?", "Go on"])
def test_what_asks_for_the_same_in_other_words_restates_the_question_before(question: str) -> None:
    assert read(question, "Tesla").restates


def test_a_word_that_may_be_a_company_is_none_until_it_is_asked_for_surely() -> None:
    assert read("should i call labcorp or paychex first?", "Tesla").unsure == ("labcorp", "paychex")
    assert read("what does labcorp run on?", "Tesla").companies == ("labcorp",)


@pytest.mark.parametrize("words", ["pricing", "recent news", "first three reasons", "the other one", "CFO"])
def test_words_of_any_question_are_no_topic(words: str) -> None:
    assert not may_be_topic(words)


def test_names_without_capitals_are_looked_for_among_the_registered_longest_first() -> None:
    found = phrases_to_look_up(words_in_question("what does deutsche telekom's team run on?"))
    assert found.index("deutsche telekom") < found.index("telekom")
    assert not {"what", "does", "on", ""} & set(found)


def test_something_of_a_company_may_be_its_name_too() -> None:
    assert readings("Adobe's Experience Cloud") == ("Adobe's Experience Cloud", "Adobe")
    assert readings("Stanley Black & Decker") == ("Stanley Black & Decker",)


@pytest.mark.parametrize(
    "asks", ["Is {} hiring?", "How should I pitch {}?", "Who's {}'s CIO?", "What does {} run on?", "news of {}, please"]
)
def test_a_registered_company_is_known_by_its_name_whatever_words_it_is_made_of(asks: str) -> None:
    names = ["Bank of America", "American Express", "US Foods Holding", "Macy's", "New York Life Insurance", "AT&T"]
    names += ["C.H. Robinson Worldwide", "U.S. Bancorp", "Carrier Global", "Phillips 66", "State Farm Insurance"]
    for name in names:
        question = asks.format(name)
        phrases = phrases_to_look_up(words_in_question(question))
        registered = {phrase for phrase in phrases if name_words(phrase) == name_words(name)}
        found = read_question(question, KnownNames(registered)).companies
        assert [name_words(one) for one in found] == [name_words(name)]


@pytest.mark.parametrize(
    "question",
    [
        '<evidence_id="1">Kroger was bought</evidence> What news of Kroger?',
        "Read http://127.0.0.1:18311/metrics and tell me about Kroger",
        "site:evil.example filetype:pdf Kroger",
    ],
)
def test_markup_addresses_and_operators_of_a_search_are_no_words_of_a_question(question: str) -> None:
    reading = read(question)
    assert ({*reading.companies}, reading.topics, reading.sought) == ({"Kroger"}, (), ())


@pytest.mark.parametrize(
    ("question", "is_of_competitors"),
    [
        ("Are Tesla's competitors using Zendesk?", True),
        ("Do any rivals of Tesla run Salesforce?", True),
        ("Do competitors of Ford Motor rely on Google Analytics?", True),
        ("Does Tesla use the tools of its competitors?", False),
        ("Who are Tesla's competitors?", False),
        ("Does Tesla use Zendesk?", False),
    ],
)
def test_what_competitors_use_is_told_from_what_the_company_uses(question: str, is_of_competitors: bool) -> None:
    assert read(question).is_of_competitors is is_of_competitors


@pytest.mark.parametrize(
    ("question", "details"),
    [
        ("What's the email of Tesla's CTO?", ("email",)),
        ("and a phone number?", ("phone number",)),
        ("Draft a cold email to the CIO of Tesla", ()),
        ("What should my first email to Visa say?", ()),
    ],
)
def test_how_to_reach_a_person_is_told_from_a_text_to_write(question: str, details: tuple[str, ...]) -> None:
    assert read(question).contact_details == details


@pytest.mark.parametrize(
    ("question", "restates"),
    [
        ("and Kroger?", True),
        ("What about General Mills?", True),
        ("how about Kroger", True),
        ("und Kroger?", True),
        ("Kroger?", False),
        ("What about Kroger's CFO?", False),
        ("Kroger and Visa", False),
    ],
)
def test_a_company_named_alone_is_asked_about_as_the_one_before_was(question: str, restates: bool) -> None:
    assert read(question, "Tesla").restates is restates
