"""What comes up for a company's name and is another's: namesakes, subsidiaries, former names, pages on platforms."""

from typing import Any

import pytest

from tests.support.parsed_replies import facts_of, texts_of

ACME = {"name": "Acme", "url": "https://www.acme.com/", "@type": ["Organization", "Thing"]}


def entities(*found: dict[str, Any]) -> dict[str, Any]:
    """The best score first."""
    hits = [{"result": one, "resultScore": 900 / place} for place, one in enumerate(found, 1)]
    return {"search": {"itemListElement": hits}}


def results(*rows: tuple[str, str, str], panel: dict[str, Any] | None = None) -> dict[str, Any]:
    """title, link, source of each organic result."""
    organic = [{"title": title, "link": link, "source": source} for title, link, source in rows]
    return {"search": {"organic_results": organic} | ({"knowledge_graph": panel} if panel else {})}


@pytest.mark.parametrize(
    "better",
    [
        {"name": "Acme", "url": "https://www.acme-band.com/", "@type": ["Thing", "MusicGroup"]},
        {"name": "Acme Dental", "url": "https://www.acmedental.com/", "@type": ["Organization"]},
        {"name": "Acme Financial Services", "url": "https://www.acme.com/finance", "@type": ["Corporation"]},
        {"name": "Beta", "description": "formerly Acme", "url": "https://www.beta.com/", "@type": ["Corporation"]},
    ],
)
def test_an_entity_of_another_name_or_kind_is_passed_over_whatever_its_score(better: dict[str, Any]) -> None:
    facts = facts_of("google_knowledge_graph", entities(better, ACME), name="Acme")
    assert texts_of(facts, "domain") == ["acme.com"]


@pytest.mark.parametrize("own", [ACME, {**ACME, "url": "https://www.facebook.com/acme"}, {**ACME, "url": None}])
def test_of_two_organisations_of_one_name_with_other_sites_neither_is_taken(own: dict[str, Any]) -> None:
    other = {"name": "Acme", "url": "https://www.acme-freight.com/", "@type": ["Organization"]}
    assert facts_of("google_knowledge_graph", entities(other, own), name="Acme") == []


def test_of_two_organisations_of_one_name_the_one_on_the_known_domain_is_meant() -> None:
    other = {"name": "Acme", "description": "A town's choir", "@type": ["Organization"]}
    described = {**ACME, "description": "Anvils"}
    facts = facts_of("google_knowledge_graph", entities(other, described), name="Acme", domain="acme.com")
    assert texts_of(facts, "company_description") == ["Anvils"]


OFFICIAL = ("Acme: Anvils and more", "https://www.acme.com/", "Acme")


@pytest.mark.parametrize(
    "first",
    [
        ("Acme Foundation - Welcome", "https://www.acme.org/", "Acme Foundation"),
        ("Welcome to Acme Dental", "https://www.acme.net/", "Acme Dental"),
        ("Acme | Beta Partners", "https://www.betapartners.com/", "Beta Partners"),
        ("Acme", "https://acme.firms-online.com/", "Acme"),
        ("Acme - Profile and Contacts", "https://acme.profiles-of-firms.com/", "Profiles of Firms"),
        ("The Acme alternative | Beta", "https://www.beta.com/", "Beta"),
        ("Acme - Home | Facebook", "https://www.facebook.com/acme/", "Facebook · Acme"),
    ],
)
def test_a_first_hit_that_is_not_the_official_site_gives_no_domain(first: tuple[str, str, str]) -> None:
    facts = facts_of("serp_organic", results(first, OFFICIAL), name="Acme")
    assert texts_of(facts, "domain") == ["acme.com"]
    assert texts_of(facts_of("serp_organic", results(first), name="Acme"), "domain") == []


def test_front_pages_of_two_sites_that_are_called_alike_give_no_domain() -> None:
    rows = ("Acme", "https://www.getacme.com/", "Acme"), ("Acme", "https://www.acmeworks.com/", "Acme")
    assert texts_of(facts_of("serp_organic", results(*rows), name="Acme"), "domain") == []


@pytest.mark.parametrize(
    ("name", "row", "domain"),
    [
        ("Acme", ("Home", "https://www.acme.com/", ""), "acme.com"),
        ("Acme", ("Acme Official Website", "https://www.acme.com/shop", ""), "acme.com"),
        ("Acme", ("Acme", "https://www.getacme.com/de/", "Acme"), "getacme.com"),
        ("Acme", ("Acme", "https://www.acme.de/", "Acme"), "acme.de"),
        ("eBay", ("Electronics, Cars, Fashion | eBay", "https://www.ebay.com/", "eBay"), "ebay.com"),
        ("Meta Platforms", ("Meta Platforms", "https://www.fb.com/", "Meta Platforms"), "fb.com"),
    ],
)
def test_the_official_site_is_found(name: str, row: tuple[str, str, str], domain: str) -> None:
    assert texts_of(facts_of("serp_organic", results(row), name=name), "domain") == [domain]


@pytest.mark.parametrize(
    "panel",
    [
        {"title": "Acme", "website": "https://www.linkedin.com/company/acme"},
        {"title": "Acme Insurance", "website": "https://www.acmeinsurance.com/", "parent_organization": "Acme"},
        {"title": "Quill & Sons", "website": "https://www.quill.com/"},
    ],
)
def test_a_panel_of_a_subsidiary_or_with_a_page_on_a_platform_gives_no_domain(panel: dict[str, Any]) -> None:
    assert texts_of(facts_of("serp_organic", results(OFFICIAL, panel=panel), name="Acme"), "domain") == ["acme.com"]
