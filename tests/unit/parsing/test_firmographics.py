"""Where a company's seat is, when it was founded, how large it is and what it sells, as vendors write it."""

from typing import Any

import pytest

from enrichment.domain.values import Founded, Headquarters, Revenue, SizeBand, in_words
from enrichment.parsing.firmographics import founding, size_band
from enrichment.parsing.places import country_of, headquarters
from enrichment.parsing.revenue import revenue
from tests.support.examples import NOON
from tests.support.parsed_replies import facts_of, sample


@pytest.mark.parametrize(
    ("text", "city", "region", "country"),
    [
        ("Cupertino, California, United States, North America", "Cupertino", "California", "US"),
        ("Leiden, Zuid-Holland, The Netherlands, Europe", "Leiden", "Zuid-Holland", "NL"),
        ("Austin, TX", "Austin", "TX", "US"),
        ("Austin, Texas", "Austin", "Texas", "US"),
        ("Petach Tikva, Israel", "Petach Tikva", None, "IL"),
        ("London, England", "London", None, "GB"),
        ("London, GB", "London", None, "GB"),
        ("Berlin, Deutschland", "Berlin", None, "DE"),
        ("Singapore", None, None, "SG"),
        ("Vienna", "Vienna", None, None),
        ("London, Ontario", "London", "Ontario", None),
        # Indiana or India, Illinois or Israel, California or Canada, a state or a country: not sure, so not stated
        ("Bengaluru, IN", "Bengaluru", None, None),
        ("Chicago, IL", "Chicago", None, None),
        ("Cupertino, CA", "Cupertino", None, None),
        ("Atlanta, Georgia", "Atlanta", None, None),
        # a street is no city
        ("415 Mission St, San Francisco", None, None, None),
        ("", None, None, None),
    ],
)
def test_a_seat_is_what_is_sure_of_a_text(text: str, city: str | None, region: str | None, country: str | None) -> None:
    sure = (city, region, country)
    assert headquarters(text) == (Headquarters(city=city, region=region, country=country) if any(sure) else None)


def test_a_country_of_its_own_decides_what_two_letters_mean() -> None:
    assert headquarters("Chicago, IL", country="US") == Headquarters(city="Chicago", region="IL", country="US")
    assert headquarters("Bengaluru, IN", country="IN") == Headquarters(city="Bengaluru", country="IN")
    assert headquarters("Atlanta, Georgia", country="United States").country == "US"  # type: ignore[union-attr]
    assert headquarters(city="Lyon", region="Rhône", country="France") == Headquarters(
        city="Lyon", region="Rhône", country="FR"
    )


@pytest.mark.parametrize("stated", ["Texas", "TX", "Europe", "EU", "xx", "", None, "x" * 500])
def test_what_is_no_country_has_no_code(stated: str | None) -> None:
    assert country_of(stated) is None


@pytest.mark.parametrize(
    ("stated", "year"),
    [
        (2015, 2015),
        ("2003", 2003),
        ("1976-04-01", 1976),
        ("July 1, 2003, San Carlos, CA", 2003),
        ("May 2023", 2023),
        (1901.0, 1901),
        ("1901, refounded 1987", None),
        ("2031", None),  # after the reply
        (True, None),
        ("many years ago", None),
        (None, None),
    ],
)
def test_a_year_of_founding_is_stated_once_and_is_past(stated: Any, year: int | None) -> None:
    assert [found.value for found in founding(stated, NOON, "x")] == ([Founded(year=year)] if year else [])


@pytest.mark.parametrize(
    ("stated", "band"),
    [
        ("1-10", "1-10"),
        ("2-10 employees", "1-10"),
        ("51-200 employees", "51-500"),
        ("101-250", "51-500"),
        ("201-500", "51-500"),
        ("10,001+ employees", "10001+"),
        (125_665, "10001+"),
        ("501-1000", "501-1000"),
        ("400-600", None),  # in two bands
        ("5,000+", None),
        (None, None),
    ],
)
def test_a_headcount_lies_in_one_band_or_in_none(stated: Any, band: str | None) -> None:
    found = [value.value for value in size_band(stated, "x")]
    assert found == ([SizeBand.model_validate({"band": band})] if band else [])


@pytest.mark.parametrize(
    ("stated", "amount", "currency", "year"),
    [
        ("96.77 billion USD (2023)", 96_770_000_000, "USD", 2023),
        ("US$394.3 billion (2022)", 394_300_000_000, "USD", 2022),
        ("€77.8 billion", 77_800_000_000, "EUR", None),
        ("12,5 million EUR", 12_500_000, "EUR", None),
        ("£100 million (FY 2020)", 100_000_000, "GBP", 2020),
        ("394,328,000 USD", 394_328_000, "USD", None),
        ("$1.2B", None, None, None),  # of one of twenty countries
        ("100 million", None, None, None),
        ("1,234.5 USD", None, None, None),
        ("20 crores INR", None, None, None),
        (None, None, None, None),
    ],
)
def test_revenue_has_an_amount_and_a_currency_or_is_none(
    stated: str | None, amount: int | None, currency: str | None, year: int | None
) -> None:
    found = revenue(stated)
    assert (found and (found.low, found.high, found.currency, found.year)) == (
        (amount, amount, currency, year) if amount else None
    )


NEW = ("headquarters", "founded", "revenue", "company_size_band")


def stated(source: str, payload: Any, *, name: str, domain: str) -> dict[str, str]:
    facts = facts_of(source, payload, name=name, domain=domain)
    return {fact.dataset: in_words(fact.value.model_dump(mode="json")) for fact in facts if fact.dataset in NEW}


def test_a_linkedin_company_page_states_its_seat_its_founding_and_its_size() -> None:
    records = {"records": sample("replies/brightdata/linkedin_company.records.json")}
    assert stated("brightdata_company_db", records, name="Kraft Heinz", domain="kraftheinz.com") == {
        "headquarters": "Chicago, IL, US",
        "founded": "2015",
        "company_size_band": "10001+",
    }


def test_a_crunchbase_record_states_them_too() -> None:
    records = {"records": sample("replies/brightdata/crunchbase_company.records.json")}
    assert stated("brightdata_firmographics", records, name="Apple", domain="apple.com") == {
        "headquarters": "Cupertino, California, US",
        "founded": "1976",
        "company_size_band": "10001+",
    }


def test_a_matched_person_carries_what_apollo_knows_of_the_employer() -> None:
    person = sample("replies/apollo/people_match.200.json")
    assert stated("apollo_contacts", {"people": person}, name="Apollo.io", domain="apollo.io") == {
        "headquarters": "San Francisco, California, US",
        "founded": "2015",
        "revenue": "100,000,000 USD",
        "company_size_band": "1001-5000",
    }
    assert stated("apollo_contacts", {"people": person}, name="Other", domain="other.com") == {}


def test_snov_and_a_result_page_and_a_site_s_own_data_state_what_they_have() -> None:
    body = {"meta": {"domain": "snov.io"}, "data": {"city": "New York", "founded": "2017", "size": "51-200"}}
    assert stated("snov_contacts", {"company": body}, name="Snov", domain="snov.io") == {
        "headquarters": "New York",
        "founded": "2017",
        "company_size_band": "51-500",
    }
    panel = {
        "title": "Acme",
        "website": "https://acme.com/",
        "headquarters": "Austin, Texas, United States",
        "founded": "July 1, 2003",
        "revenue": "96.77 billion USD (2023)",
        "number_of_employees": "12,345 (2025)",
    }
    assert stated("serp_organic", {"search": {"knowledge_graph": panel}}, name="Acme", domain="acme.com") == {
        "headquarters": "Austin, Texas, US",
        "founded": "2003",
        "revenue": "96,770,000,000 USD (2023)",
        "company_size_band": "10001+",
    }
    page = """<script type="application/ld+json">{"@type": "Organization", "name": "Acme", "url": "https://acme.com",
      "foundingDate": "1999-05", "address": {"addressLocality": "Wien", "addressCountry": "Austria"}}</script>"""
    assert stated("brightdata_web_scraping", {"page:/": page}, name="Acme", domain="acme.com") == {
        "headquarters": "Wien, AT",
        "founded": "1999",
    }


def test_a_seat_is_good_enough_with_a_city_and_a_country_and_a_revenue_without_its_year() -> None:
    person = sample("replies/apollo/people_match.200.json")
    facts = facts_of("apollo_contacts", {"people": person}, name="Apollo.io", domain="apollo.io")
    panel = {"title": "Acme", "website": "https://acme.com/", "headquarters": "Wien"}
    facts += facts_of("serp_organic", {"search": {"knowledge_graph": panel}}, name="Acme", domain="acme.com")
    quality = [(fact.dataset, fact.quality >= 0.8) for fact in facts if fact.dataset in ("headquarters", "revenue")]
    assert quality == [("headquarters", True), ("revenue", True), ("headquarters", False)]


def test_values_that_cannot_both_be_true_do_not_agree() -> None:
    austin = Headquarters(city="Austin", region="TX", country="US")
    assert austin.agrees(Headquarters(city="AUSTIN", region="Texas", country="US"))
    assert austin.agrees(Headquarters(country="US"))
    assert not austin.agrees(Headquarters(city="Dallas", region="TX", country="US"))
    assert Founded(year=2003).agrees(Founded(year=2004))
    assert not Founded(year=2003).agrees(Founded(year=1998))
    assert SizeBand(band="51-500").agrees(SizeBand(band="501-1000"))
    assert not SizeBand(band="11-50").agrees(SizeBand(band="501-1000"))
    euro = Revenue(low=100, high=100, currency="EUR", year=2023)
    assert euro.agrees(Revenue(low=900, high=900, currency="EUR", year=2019))
    assert not euro.agrees(Revenue(low=900, high=900, currency="EUR", year=2023))
