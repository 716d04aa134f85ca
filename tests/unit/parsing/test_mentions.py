"""A story of a one-word name is the company's by what is beside the name; measured on headlines kept in a file."""

import csv
from pathlib import Path

import pytest

from enrichment.domain.values import Contact
from enrichment.parsing.mentions import is_common, speaks_of
from tests.support.parsed_replies import facts_of, texts_of

_RECORDS = Path(__file__).parents[2] / "records/headlines_of_one_word_names.csv"
_ROWS = [*csv.DictReader(_RECORDS.read_text(encoding="utf-8").splitlines())]


def _headlines(made: str, about: str) -> list[tuple[str, str, str | None]]:
    """Name, headline, domain."""
    return [
        (row["name"], row["headline"], row["domain"] or None)
        for row in _ROWS
        if (row["made"], row["about_the_company"]) == (made, about)
    ]


@pytest.mark.parametrize(
    ("made", "false_kept", "true_lost"), [("by these", (8, 91), (1, 84)), ("apart", (4, 61), (2, 55))]
)
def test_of_headlines_of_one_word_names_the_companys_are_kept(
    made: str, false_kept: tuple[int, int], true_lost: tuple[int, int]
) -> None:
    """Where only the name was looked at, 133 of the 152 of something else were kept and two of the company lost."""
    others, own = _headlines(made, "no"), _headlines(made, "yes")
    assert (sum(speaks_of(*one) for one in others), len(others)) == false_kept
    assert (sum(not speaks_of(*one) for one in own), len(own)) == true_lost


@pytest.mark.parametrize(
    ("name", "text", "about"),
    [
        ("Delta", "Delta Dental of Iowa names new chief executive", False),
        ("Delta", "Delta names new chief executive", True),
        ("Monday", "Stocks to watch on Monday", False),
        ("Ford", "Harrison Ford returns for one more chase", False),
        ("Square", "Times Square store closes", False),
        ("Apple", "Apple harvest begins in Washington state", False),
        ("Apple", "Pumpkin pie and the Apple CEO", True),
        ("Apple", "Foxconn profit jumps on demand from Apple", True),
        ("Stripe", "Stripe, Inc. expands", True),
        ("Block", "Block (NYSE: XYZ) Reports Second Quarter Results", True),
        ("Nvidia", "Why Nvidia keeps falling", True),
        ("Nvidia", "Nvidia Dental opens in Fresno", False),
        ("Orange", "Orange vend sa filiale en Espagne", True),
        ("Rocket Companies", "Rocket Companies opens a new office", True),
        ("Kraft Heinz", "Kraft Heinz splits", True),
        ("Zoom", "Wie Zoom die Arbeit verändert", True),
        ("Wish", "Make-A-Wish grants trip to Disney", False),
        ("Visa", "Mastercard and Visa reach settlement", True),
        ("Shell", "Shell, TotalEnergies quit Namibia", True),
        ("Slack", "Slack is down for thousands of users", True),
        ("Apple", "Is Apple losing the race?", True),
        ("Oracle", "A deal gives Oracle a 15% stake", True),
        ("Apple", "Apple iPhone review", True),
        ("Target", "Target's turnaround stalls", True),
        ("Monday", "Monday's papers: budget row", False),
        ("Monday", "Monday marks the first day of school", False),
    ],
)
def test_what_is_beside_a_name_tells_whose_it_is(name: str, text: str, about: bool) -> None:
    assert speaks_of(name, text) is about


def test_a_text_with_the_companys_domain_is_about_it() -> None:
    assert speaks_of("monday.com", "monday.com raises its outlook", "monday.com")
    assert speaks_of("Monday", "monday.com raises its outlook", "monday.com")
    assert not speaks_of("Monday", "bluemonday.com raises its outlook", "monday.com")


@pytest.mark.parametrize(
    ("word", "common"),
    [("apple", True), ("rippling", True), ("travelers", True), ("monday", True), ("nvidia", False), ("tesla", False)],
)
def test_a_word_of_english_a_day_and_a_persons_name_are_common(word: str, common: bool) -> None:
    assert is_common(word) is common


def test_a_story_counts_if_its_snippet_or_its_own_site_shows_the_company() -> None:
    rows = [
        {"title": "Apple season", "link": "https://n.example/1", "snippet": "Growers hope for rain."},
        {"title": "Apple season", "link": "https://n.example/2", "snippet": "How Apple plans its launches."},
        {"title": "Apple season ends", "link": "https://www.apple.com/newsroom/3"},
    ]
    facts = facts_of("serp_news", {"search": {"news_results": rows}}, name="Apple", domain="apple.com")
    assert len(texts_of(facts, "recent_news")) == 2


@pytest.mark.parametrize(
    ("name", "title", "works_there"),
    [
        ("Delta", "Jane Doe - VP - Delta Dental | LinkedIn", False),
        ("Delta", "Jane Doe - VP at Delta Dental of Iowa | LinkedIn", False),
        ("Delta", "Jane Doe - VP - Delta Electronics | LinkedIn", False),
        ("Delta", "Jane Doe - VP - Delta | LinkedIn", True),
        ("Delta", "Jane Doe - VP at Delta Germany | LinkedIn", True),
        ("Delta", "Jane Doe - VP at Delta, Inc. | LinkedIn", True),
        ("Notion", "Jane Doe - Partner at Notion Capital | LinkedIn", False),
        ("Notion", "Jane Doe - Partner at Notion | LinkedIn", True),
        ("Nvidia", "Jane Doe - VP at Nvidia Robotics | LinkedIn", True),
        ("Nvidia", "Jane Doe - VP at Nvidia Dental | LinkedIn", False),
    ],
)
def test_a_person_works_at_the_company_and_not_at_one_of_a_longer_name(
    name: str, title: str, works_there: bool
) -> None:
    row = {"title": title, "link": "https://www.linkedin.com/in/jane-doe"}
    facts = facts_of("serp_linkedin", {"search": {"organic_results": [row]}}, name=name)
    assert bool([one for one in facts if isinstance(one.value, Contact)]) is works_there
