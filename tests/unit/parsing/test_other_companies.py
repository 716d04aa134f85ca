"""A reply that names another company than the one asked about is used for none, whichever vendor it is of."""

from typing import Any

import pytest

from enrichment.domain.companies import Company
from enrichment.parsing import NamedCompany, companies_named
from tests.support.examples import MATRIX, NOON
from tests.support.parsed_replies import facts_of, reply, sample


def _page(head: str) -> str:
    meta = (
        '<meta name="description" content="We make many widgets for you."><meta name="generator" content="WordPress">'
    )
    return f"<html><head>{head}{meta}</head><body></body></html>"


def _organisation(name: str, url: str) -> str:
    return f'<script type="application/ld+json">{{"@type": "Organization", "name": "{name}", "url": "{url}"}}</script>'


def _site(name: str, url: str) -> str:
    return f'<meta property="og:site_name" content="{name}"><meta property="og:url" content="{url}">'


def _panel(title: str, website: str) -> dict[str, Any]:
    panel = {"title": title, "website": website, "type": "Software company", "description": "It makes things."}
    return {"search": {"knowledge_graph": panel}}


def _entity(name: str, url: str) -> dict[str, Any]:
    entity = {"@type": ["Organization"], "name": name, "url": url, "description": "Company"}
    return {"search": {"itemListElement": [{"result": entity}]}}


def _match(name: str, domain: str) -> dict[str, Any]:
    person = {"first_name": "Invented", "last_name": "Person", "organization": {"name": name, "primary_domain": domain}}
    return {"people": {"matches": [person]}}


def _record(name: str, website: str) -> dict[str, Any]:
    technologies = [{"name": "Snowflake"}]
    record = {"name": name, "website": website, "industries": ["Machinery"], "builtwith_tech": technologies}
    return {"records": [record]}


def _snov(name: str, website: str) -> dict[str, Any]:
    data = {"company_name": name, "website": website, "industry": "Machinery"}
    return {"company": {"meta": {"domain": "acme.com"}, "data": data}}


BODIES = [
    ("serp_organic", _panel),
    ("google_knowledge_graph", _entity),
    ("apollo_contacts", _match),
    ("brightdata_company_db", _record),
    ("brightdata_firmographics", _record),
    ("brightdata_technographics", _record),
    ("snov_contacts", _snov),
    ("brightdata_web_scraping", lambda name, website: {"page:/": _page(_site(name, f"https://{website}/"))}),
    ("brightdata_web_scraping", lambda name, website: {"page:/": _page(_organisation(name, f"https://{website}"))}),
]


@pytest.mark.parametrize(("source", "body"), BODIES)
@pytest.mark.parametrize(("name", "website"), [("Widget Works", "widgets.com"), ("Acme Dental", "acmedental.com")])
def test_a_reply_of_another_company_gives_no_fact_and_names_it(source: str, body: Any, name: str, website: str) -> None:
    payload = body(name, website)
    assert facts_of(source, payload, name="Acme", domain="acme.com") == []
    assert [(one.name, one.domain, one.is_asked) for one in named(source, payload)] == [(name, website, False)]


@pytest.mark.parametrize(("source", "body"), BODIES)
def test_the_same_reply_of_the_company_itself_is_read(source: str, body: Any) -> None:
    payload = body("Acme", "acme.com")
    assert facts_of(source, payload, name="Acme", domain="acme.com") != []
    assert [(one.name, one.domain, one.is_asked) for one in named(source, payload)] == [("Acme", "acme.com", True)]


@pytest.mark.parametrize(
    "head",
    [
        _site("Acme", "https://www.acme-group.example.com/"),
        _site("Brand of Acme", "https://www.acme.com/"),
        _organisation("Legal Name Holdings", "/"),
        _organisation("Widget Works", "https://www.facebook.com/acme"),
        _organisation("Widget Works", "https://widgets.com") + _site("Acme", "https://acme.com/"),
        "",
    ],
)
def test_a_site_is_another_companys_only_where_name_and_address_both_say_so(head: str) -> None:
    assert facts_of("brightdata_web_scraping", {"page:/": _page(head)}, name="Acme", domain="acme.com") != []


def test_a_site_of_related_domains_is_the_companys_at_snov() -> None:
    body = _snov("Acme Worldwide", "acme-worldwide.com")
    assert facts_of("snov_contacts", body, name="Acme", domain="acme.com") == []
    body["company"]["data"]["related_domains"] = ["acme.com"]
    assert facts_of("snov_contacts", body, name="Acme", domain="acme.com") != []


def test_records_carry_the_ids_that_vendors_give_the_company() -> None:
    linkedin = named("brightdata_company_db", {"records": sample("records/linkedin_companies.json")}, "Kraft Heinz")
    assert [sorted(one.ids) for one in linkedin if one.is_asked] == [["linkedin:the-kraft-heinz-company"]]
    apple = sample("records/crunchbase_companies.json")[0]
    linked = {
        "records": [apple | {"social_media_links": ["https://x.com/a", "https://www.linkedin.com/company/apple"]}]
    }
    assert [(sorted(one.ids), one.country) for one in named("brightdata_firmographics", linked, "Apple")] == [
        (["crunchbase:apple", "linkedin:apple", "ticker:nasdaq:aapl"], "us")
    ]
    entity = _entity("Acme", "https://acme.com")
    entity["search"]["itemListElement"][0]["result"]["@id"] = "kg:/m/0ab12"
    assert named("google_knowledge_graph", entity)[0].ids == {"kg:/m/0ab12"}
    panel = _panel("Acme", "acme.com")
    panel["search"]["knowledge_graph"]["kgmid"] = "/m/0ab12"
    assert named("serp_organic", panel)[0].ids == {"kg:/m/0ab12"}


@pytest.mark.parametrize(
    "body", [{}, {"search": None}, {"people": [1]}, {"records": [{"error": "x"}, None]}, {"page:/": 7}]
)
@pytest.mark.parametrize("source", sorted({source for source, _ in BODIES} | {"serp_news"}))
def test_a_body_of_any_shape_names_a_company_or_none(source: str, body: dict[str, Any]) -> None:
    assert named(source, body) == []


def named(source: str, payload: dict[str, Any], name: str = "Acme") -> list[NamedCompany]:
    domain = "acme.com" if name == "Acme" else None
    return companies_named(reply(source, payload), Company("com_1", "key", name, domain, NOON), MATRIX)
