"""What replies state beside a company's name: aliases with their kind; a parent or a subsidiary is none."""

from typing import Any

import pytest

from bench.planner.shipped_matrix import shipped_rules
from enrichment.domain.companies import Company
from enrichment.parsing import other_names
from tests.support.examples import MATRIX, NOON
from tests.support.parsed_replies import reply, sample

Names = list[tuple[str, str, str | None]]


def stated(source: str, payload: Any, name: str | None, domain: str | None = None) -> tuple[Names, Names]:
    """(kind, key, name) of the aliases, and of the related companies."""
    company = Company("com_1", domain or f"name:{name}", name, domain, NOON)
    rules = MATRIX if source in MATRIX.sources else shipped_rules()
    aliases, relations = other_names(reply(source, payload), company, rules)
    assert {(a.source, a.learned_at) for a in aliases} | {(r.source, r.learned_at) for r in relations} <= {
        (source, NOON)
    }
    return [(a.kind, a.alias, a.name) for a in aliases], [(r.kind, r.other, r.name) for r in relations]


def panel(**stated: Any) -> Any:
    return {"search": {"knowledge_graph": {"title": "Acme", "website": "https://www.acme.com/", **stated}}}


@pytest.mark.parametrize(
    ("shown", "aliases", "relations"),
    [
        ({}, [], []),
        ({"title": "Acme (formerly Beta Works Inc.)"}, [("former_name", "name:beta-works", "Beta Works Inc.")], []),
        ({"formerly": "Beta Works"}, [("former_name", "name:beta-works", "Beta Works")], []),
        ({"also_called": "Acme Inc."}, [], []),
        (
            {"brands": "Gamma, Delta, MORE"},
            [("brand", "name:gamma", "Gamma"), ("brand", "name:delta", "Delta")],
            [],
        ),
        ({"parent_organization": "Omega, Inc."}, [], [("parent", "name:omega", "Omega, Inc.")]),
        (
            {
                "subsidiaries": "Small, Inc., Tiny",
                "subsidiaries_links": [{"text": "Small, Inc.", "link": "https://www.google.com/"}],
            },
            [],
            [("subsidiary", "name:small", "Small, Inc.")],
        ),
        ({"brands": "Small", "subsidiaries": "Small"}, [], [("subsidiary", "name:small", "Small")]),
        ({"title": "Other", "website": "https://other.example", "formerly": "Acme"}, [], []),
    ],
)
def test_a_knowledge_panel_names_aliases_and_related_companies(
    shown: dict[str, Any], aliases: Names, relations: Names
) -> None:
    assert stated("serp_organic", panel(**shown), "Acme", "acme.com") == (aliases, relations)


def test_crunchbase_names_parts_that_are_companies_and_what_acquired_it() -> None:
    records = {"records": sample("replies/brightdata/crunchbase_company.records.json")}
    aliases, relations = stated("brightdata_firmographics", records, "Apple", "apple.com")
    assert aliases == []
    assert ("subsidiary", "name:filemaker", "FileMaker") in relations
    assert stated("brightdata_firmographics", records, "Bright Data", "brightdata.com") == (
        [],
        [("parent", "name:emk-capital", "EMK Capital")],
    )


def test_a_registered_name_that_is_another_one_is_a_spelling() -> None:
    record = {"name": "Acme", "website": "https://acme.com", "legal_name": "Widgets Holding (formerly Beta) SE"}
    aliases, _ = stated("brightdata_firmographics", {"records": [record]}, "Acme", "acme.com")
    assert [(kind, name) for kind, _, name in aliases] == [
        ("spelling", "Widgets Holding (formerly Beta) SE"),
        ("former_name", "Beta"),
    ]


def test_apollo_names_what_an_organisation_is_owned_by() -> None:
    owner = {"name": "Alphabet Inc.", "website_url": "http://www.abc.xyz"}
    person = {
        "id": "1",
        "organization": {"name": "Acme", "primary_domain": "acme.com", "owned_by_organization": owner},
    }
    elsewhere = {"id": "2", "organization": {"name": "Other", "owned_by_organization": {"name": "Third"}}}
    payload = {"search": {}, "people": {"matches": [person, elsewhere]}}
    assert stated("apollo_contacts", payload, "Acme", "acme.com") == ([], [("parent", "abc.xyz", "Alphabet Inc.")])


@pytest.mark.parametrize(
    ("head", "aliases"),
    [
        ('<link rel="canonical" href="https://acme.net/">', [("redirect", "acme.net", None)]),
        ('<link rel="canonical" href="https://www.acme.com/">', []),
        ('<link rel="canonical" href="/">', []),
        ('<meta property="og:url" content="https://omega.net/">', []),
        (
            '<meta property="og:url" content="https://omega.net/"><meta property="og:site_name" content="Acme">',
            [("redirect", "omega.net", None)],
        ),
        ('<link rel="canonical" href="https://www.facebook.com/acme">', []),
    ],
)
def test_a_front_page_at_another_domain_of_the_same_name_is_a_redirect(head: str, aliases: Names) -> None:
    payload = {"page:/": f"<html><head>{head}</head><body>Acme</body></html>"}
    assert stated("brightdata_web_scraping", payload, "Acme", "acme.com") == (aliases, [])


def test_a_knowledge_graph_entity_names_what_stands_beside_its_name() -> None:
    entity = {"result": {"name": "Acme (formerly Beta)", "@type": ["Organization"], "url": "http://acme.com/"}}
    payload = {"search": {"itemListElement": [entity]}}
    assert stated("google_knowledge_graph", payload, "Acme") == ([("former_name", "name:beta", "Beta")], [])
