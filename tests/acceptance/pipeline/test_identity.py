"""One company is one company: what a vendor reports of a domain merges no companies with different names."""

import asyncio

import pytest

from enrichment.domain.records import Company
from enrichment.identity.domains import AmbiguousCompany
from tests.acceptance.conftest import Stack


def test_a_company_is_not_merged_into_one_with_another_name_because_a_vendor_names_its_domain(stack: Stack) -> None:
    other = Company("com_other", "tesla.com", "Widget Works GmbH", "tesla.com", stack.clock.now())
    stack.store.companies.add([other])
    asked = asyncio.run(stack.ask("Tesla"))
    assert asked.company.key == "name:tesla"
    assert {company.key for company in stack.store.companies.all()} == {"name:tesla", "tesla.com"}
    [event] = [e for e in stack.store.requests.events(asked.request.request_id) if "another company" in e.what]
    assert event.data == {"domain": "tesla.com", "name": "Widget Works GmbH"}


def test_a_company_asked_for_by_name_is_the_one_that_is_registered_with_its_domain(stack: Stack) -> None:
    stack.store.companies.add([Company("com_1", "tesla.com", "Tesla, Inc.", "tesla.com", stack.clock.now())])
    asked = asyncio.run(stack.ask("TESLA"))
    assert (asked.company.company_id, asked.company.key) == ("com_1", "tesla.com")
    assert len(stack.store.companies.all()) == 1


def test_a_former_key_does_not_hide_that_two_companies_have_the_name(stack: Stack) -> None:
    """The first 'Acme' is known by its website now, and a second one has come."""
    now = stack.clock.now()
    stack.store.companies.add([Company("com_1", "name:acme", "Acme", None, now)])
    stack.store.companies.rekey("com_1", key="acme.com", name="Acme", domain="acme.com")
    assert asyncio.run(stack.ask("Acme")).company.company_id == "com_1"
    stack.store.companies.add([Company("com_2", "acme.de", "Acme GmbH", "acme.de", now)])
    with pytest.raises(AmbiguousCompany, match="2 companies are called Acme"):
        asyncio.run(stack.ask("Acme"))
