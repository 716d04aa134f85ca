"""One company is one company: what a vendor says of a domain merges nobody whose names disagree."""

import asyncio

import pytest

from enrichment.domain.records import Company
from enrichment.identity.domains import AmbiguousCompany
from tests.acceptance.conftest import House


def test_a_company_is_not_merged_into_one_with_another_name_because_a_vendor_names_its_domain(house: House) -> None:
    other = Company("com_other", "tesla.com", "Widget Works GmbH", "tesla.com", house.clock.now())
    house.store.companies.add([other])
    asked = asyncio.run(house.ask("Tesla"))
    assert asked.company.key == "name:tesla"
    assert {company.key for company in house.store.companies.all()} == {"name:tesla", "tesla.com"}
    [event] = [e for e in house.store.requests.events(asked.request.request_id) if "another company" in e.what]
    assert event.data == {"domain": "tesla.com", "name": "Widget Works GmbH"}


def test_a_company_asked_for_by_name_is_the_one_that_is_registered_with_its_domain(house: House) -> None:
    house.store.companies.add([Company("com_1", "tesla.com", "Tesla, Inc.", "tesla.com", house.clock.now())])
    asked = asyncio.run(house.ask("TESLA"))
    assert (asked.company.company_id, asked.company.key) == ("com_1", "tesla.com")
    assert len(house.store.companies.all()) == 1


def test_a_former_key_does_not_hide_that_two_companies_have_the_name(house: House) -> None:
    """The first 'Acme' is known by its website now, and a second one has come."""
    now = house.clock.now()
    house.store.companies.add([Company("com_1", "name:acme", "Acme", None, now)])
    house.store.companies.rekey("com_1", key="acme.com", name="Acme", domain="acme.com")
    assert asyncio.run(house.ask("Acme")).company.company_id == "com_1"
    house.store.companies.add([Company("com_2", "acme.de", "Acme GmbH", "acme.de", now)])
    with pytest.raises(AmbiguousCompany, match="2 companies are called Acme"):
        asyncio.run(house.ask("Acme"))
