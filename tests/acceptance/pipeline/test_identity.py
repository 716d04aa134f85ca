"""One company is one company: what a vendor says of a domain merges nobody whose names disagree."""

import asyncio

from enrichment.domain.records import Company
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
