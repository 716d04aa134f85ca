"""Which companies a name may mean: those that come up for it on websites of their own."""

from typing import Any

import pytest

from enrichment.domain.companies import Company
from enrichment.parsing import companies_that_come_up
from enrichment.research.requests.company_candidates import CompanyChoice, choices_that_come_up, surely_meant
from tests.support.examples import MATRIX, NOON
from tests.support.parsed_replies import reply


def results(*rows: tuple[str, str, str], panel: dict[str, Any] | None = None) -> dict[str, Any]:
    """title, link, snippet of each organic result."""
    organic = [{"title": title, "link": link, "snippet": snippet} for title, link, snippet in rows]
    return {"search": {"organic_results": organic} | ({"knowledge_graph": panel} if panel else {})}


def entities(*found: tuple[str, str, str]) -> dict[str, Any]:
    """name, website, description of each organisation."""
    hits = [
        {"result": {"name": name, "url": website, "description": what, "@type": ["Organization"]}}
        for name, website, what in found
    ]
    return {"search": {"itemListElement": hits}}


PAYROLL = ("Pallion | payroll", "https://www.pallion.com/", "Pallion is a payroll company in Denver.")
STEEL = ("Pallion AG - Stahlbau", "https://www.pallion.ch/", "Pallion AG is a steel builder in Zug.")
BRANCH = ("Pallion Schweiz", "https://www.pallion.ch/", "Payroll for Swiss companies.")
DENTAL = ("Pallion Dental", "https://www.pallion-dental.com/", "Teeth.")
PAGE_OF_IT = ("Pallion: reviews", "https://www.reviews.example/pallion", "What people say of Pallion.")


@pytest.mark.parametrize(
    ("source", "payload", "keys"),
    [
        ("serp_organic", results(PAYROLL, STEEL, PAGE_OF_IT), ["pallion.com", "pallion.ch"]),
        ("serp_organic", results(PAYROLL, BRANCH), ["pallion.com"]),
        ("serp_organic", results(PAYROLL, DENTAL), ["pallion.com"]),
        (
            "serp_organic",
            results(STEEL, panel={"title": "Pallion", "website": "https://pallion.com", "description": "Payroll"}),
            ["pallion.com", "pallion.ch"],
        ),
        (
            "google_knowledge_graph",
            entities(
                ("Pallion", "https://pallion-records.com/", "Record label"),
                ("Pallion", "https://pallion.com/", "Software company"),
                ("Pallion", "https://en.wikipedia.org/wiki/Pallion", "Town"),
            ),
            ["pallion.com", "pallion-records.com"],
        ),
        (
            "google_knowledge_graph",
            entities(
                ("Pallion Foundation", "https://pallion.org/", "Foundation"),
                ("Pallion", "https://pallion.com/", "Software company"),
            ),
            ["pallion.com"],
        ),
        (
            "brightdata_company_db",
            {"records": [{"name": "Pallion Holding", "website": "https://www.pallion.com/"}]},
            ["pallion.com"],
        ),
        ("serp_organic", results(DENTAL), ["pallion-dental.com"]),
        ("serp_organic", results(PAGE_OF_IT), []),
    ],
)
def test_companies_of_one_name_come_up_once_for_each_website(
    source: str, payload: dict[str, Any], keys: list[str]
) -> None:
    taken = Company("com_1", "pallion.com", "Pallion", "pallion.com", NOON)
    found = companies_that_come_up(reply(source, payload), "Pallion", MATRIX)
    assert [one.company.key for one in choices_that_come_up("Pallion", found, taken)] == keys


def test_a_choice_is_shown_with_its_website_and_what_it_is() -> None:
    taken = Company("com_1", "name:pallion", "Pallion", None, NOON)
    found = companies_that_come_up(reply("serp_organic", results(PAYROLL, STEEL)), "Pallion", MATRIX)
    shown = [one.in_words for one in choices_that_come_up("Pallion", found, taken)]
    assert shown == [
        "Pallion (pallion.com: Pallion is a payroll company in Denver)",
        "Pallion AG (pallion.ch: Pallion AG is a steel builder in Zug)",
    ]


@pytest.mark.parametrize(
    ("name", "domain", "is_sure"),
    [
        ("Cold Harbor", "coldharbor.com", True),
        ("Dun & Ash", "dun-ash.com", True),
        ("Vert", "vert.de", True),
        ("Vert", "vertholdings.com", False),
        ("Coldharbr", "coldharbor.com", False),
    ],
)
def test_the_only_choice_is_meant_where_its_website_is_called_as_it_was_named(
    name: str, domain: str, is_sure: bool
) -> None:
    company = Company("com_1", domain, f"{name} Holdings", domain, NOON)
    choice = CompanyChoice(company, "its name begins so")
    assert (surely_meant(name, [choice]) is not None) == is_sure
    assert surely_meant(name, [choice, choice]) is None
