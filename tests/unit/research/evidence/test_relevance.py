"""What of a company meets what a vendor offers, and what only looks like it."""

import pytest

from enrichment.analysis.evidence import Evidence, select_evidence
from enrichment.domain.knowledge import Fact
from enrichment.domain.values import CompetitorMention, JobPosting, NewsItem, Text, Value, WebsitePassage
from enrichment.research.evidence.relevance import meets_what_is_sold, relevance_of, what_is_sold
from tests.unit.research.claims.test_claim import fact

NOBODY = frozenset[str]()


def evidence(*values: tuple[str, Value]) -> Evidence:
    facts: list[Fact] = [fact("com_1", dataset, value) for dataset, value in values]
    return select_evidence(facts, reads=tuple(dict.fromkeys(d for d, _ in values)), most_bytes=9_000)


def words_shared(company: Evidence, vendor: Evidence) -> set[str]:
    return {match.word for match in relevance_of(company, vendor, NOBODY).matches}


OFFER = evidence(("persona", Text(text="We move warehouses to the cloud")))


def test_news_technology_and_titles_of_postings_show_what_a_company_needs() -> None:
    needs = evidence(
        ("recent_news", NewsItem(title="Acme moves its warehouses")), ("hiring_trends", JobPosting(title="Cloud lead"))
    )
    assert words_shared(needs, OFFER) == {"warehous", "cloud"}


def test_the_text_of_a_posting_a_page_of_its_own_or_words_on_rivals_show_no_need() -> None:
    says = "Our cloud warehouses"
    company = evidence(
        ("hiring_trends", JobPosting(title="Clerk", text=says)),
        ("website_passages", WebsitePassage(page="/products", text=says)),
        ("competitor_mentions", CompetitorMention(name="Umbrella", heading=None, text=says)),
    )
    found = relevance_of(company, OFFER, NOBODY)
    assert (found.score, found.matches) == (0.0, ())


def test_vacancies_news_and_price_tables_of_the_vendor_are_no_offer() -> None:
    needs = evidence(("recent_news", NewsItem(title="Acme moves its warehouses to the cloud")))
    for page, text in (("/careers/1", "Warehouses"), ("/news", "Cloud"), ("/pricing", "| Cloud | 9 USD |")):
        vendor = evidence(("website_passages", WebsitePassage(page=page, text=text)))
        assert words_shared(needs, vendor) == set()


def test_words_of_any_business_show_nothing() -> None:
    needs = evidence(("recent_news", NewsItem(title="Rival analyst announces financial partnership, shares trade")))
    offer = evidence(("persona", Text(text="A partnership with rival analysts; shares trade")))
    assert words_shared(needs, offer) == set()


def test_headlines_that_a_home_page_links_to_are_no_offer() -> None:
    text = "Acme makes anvils.\n- Acme moves its warehouses to the cloud\n- Acme Cloud: anvils by the hour"
    home = evidence(("website_passages", WebsitePassage(page="/", heading="Acme", text=text)))
    needs = evidence(("recent_news", NewsItem(title="Roadrunner moves its warehouses to the cloud")))
    assert {match.word for match in relevance_of(needs, home, frozenset({"acme"})).matches} == {"cloud"}


SITE = ("website_passages", WebsitePassage(page="/products", heading="Field", text="Maintenance plans for every plant"))


def test_another_product_of_the_vendor_meets_no_need_of_what_the_seller_sells() -> None:
    needs = evidence(("hiring_trends", JobPosting(title="Maintenance planner")))
    assert words_shared(needs, evidence(SITE))
    assert words_shared(needs, evidence(("persona", Text(text="Single sign-on")), SITE)) == set()
    assert words_shared(needs, evidence(("persona", Text(text="Software for maintenance")), SITE))


@pytest.mark.parametrize(
    "headline",
    ["Acme to acquire Bly Robotics", "Acme appoints a director of Security Systems", "Acme joins Data Union"],
)
def test_a_name_in_a_headline_shows_no_theme(headline: str) -> None:
    offer = evidence(("persona", Text(text="Robots for any plant, security and data")))
    assert words_shared(evidence(("recent_news", NewsItem(title=headline))), offer) == set()


@pytest.mark.parametrize(
    ("offer", "need", "meets"),
    [
        ("Single sign-on", "Security Engineer", True),
        ("Field plans maintenance", "Maintenance planner", False),
        ("Field plans work", "LinkedIn Insight Tag", True),
    ],
)
def test_advice_that_only_another_product_bears_out_is_none(offer: str, need: str, meets: bool) -> None:
    sold = what_is_sold(evidence(("persona", Text(text="Single sign-on"))), NOBODY)
    assert meets_what_is_sold(offer, need, sold) is meets
