"""What a person may say where a session asked which company is meant."""

import pytest

from enrichment.research.questions.clarification import company_chosen

CANDIDATES: list[dict[str, str | None]] = [
    {"key": "meridian.com", "name": "Meridian", "domain": "meridian.com", "country": "us"},
    {"key": "meridian.de", "name": "Meridian GmbH", "domain": "meridian.de", "country": "de"},
    {"key": "name:meridian", "name": "Meridian", "domain": None, "country": None},
]


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("meridian.de", "meridian.de"),
        ("2", "meridian.de"),
        ("number 2", "meridian.de"),
        ("the second one", "meridian.de"),
        ("The last.", "name:meridian"),
        ("the German one", "meridian.de"),
        ("the one in Germany, please", "meridian.de"),
        ("the US company", "meridian.com"),
        ("in the United States", "meridian.com"),
        ("meridian gmbh", "meridian.de"),
        ("I mean meridian.de", "meridian.de"),
        ("neither: meridian.co.uk", "meridian.co.uk"),
    ],
)
def test_a_company_is_chosen_by_place_country_name_or_website(said: str, key: str) -> None:
    assert company_chosen(said, CANDIDATES) == key


@pytest.mark.parametrize("said", ["I don't know", "Meridian", "9", "0", "the French one", "both", "", "us", "1 or 2"])
def test_what_names_none_or_several_chooses_nothing(said: str) -> None:
    assert company_chosen(said, CANDIDATES) is None


def test_yes_chooses_the_only_one_that_is_offered() -> None:
    assert company_chosen("Yes.", CANDIDATES[:1]) == "meridian.com"
    assert company_chosen("yes", CANDIDATES) is None


@pytest.mark.parametrize(
    "said",
    [
        "And when were these numbers last checked?",
        "Who was the first to answer?",
        "Does the German one hire engineers?",
        "What about the second half of the year?",
    ],
)
def test_a_question_chooses_no_company_though_it_has_such_words(said: str) -> None:
    assert company_chosen(said, CANDIDATES) is None
