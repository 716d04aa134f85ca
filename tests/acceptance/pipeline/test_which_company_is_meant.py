"""One company is one company: what a vendor reports of a domain merges no companies with different names."""

import asyncio

import pytest

from enrichment.domain.companies import Cause, Company
from enrichment.identity.domains import AmbiguousCompany, NotACompany
from enrichment.pipeline.identity_decisions import decide_different, decide_same
from enrichment.pipeline.row_companies import company_of_row
from resources.wiring import open_context
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


def test_a_merge_by_a_domain_that_was_found_is_an_event_and_can_be_undone(stack: Stack) -> None:
    """One was registered by its domain alone, the other is asked for by name: what it bought comes back to it."""
    stack.store.companies.add([Company("com_1", "tesla.com", None, "tesla.com", stack.clock.now())])
    asked = asyncio.run(stack.ask("Tesla"))
    assert asked.company.company_id == "com_1"
    [event] = stack.store.company_events.latest()
    assert (event.from_key, event.to_key) == ("name:tesla", "tesla.com")
    assert event.cause == Cause("identify", stack.clock.now(), "google_knowledge_graph names its domain")
    assert event.moved["purchases"] == event.moved["replies"] == 1
    stack.store.company_events.undo(event.event_id, by="test", at=stack.clock.now())
    by_name = stack.store.companies.by_key("name:tesla")
    assert by_name is not None
    assert [head.source for head in stack.store.knowledge.known(by_name.company_id).replies] == [
        "google_knowledge_graph"
    ]
    assert "google_knowledge_graph" not in {head.source for head in stack.store.knowledge.known("com_1").replies}


def test_a_former_key_does_not_hide_that_two_companies_have_the_name(stack: Stack) -> None:
    """The first 'Acme' is known by its website now, and a second one has come."""
    now = stack.clock.now()
    stack.store.companies.add([Company("com_1", "name:acme", "Acme", None, now)])
    stack.store.companies.rekey("com_1", key="acme.com", name="Acme", domain="acme.com")
    assert asyncio.run(stack.ask("Acme")).company.company_id == "com_1"
    stack.store.companies.add([Company("com_2", "acme.de", "Acme GmbH", "acme.de", now)])
    with pytest.raises(AmbiguousCompany, match="2 companies are called Acme"):
        asyncio.run(stack.ask("Acme"))


def test_a_domain_that_another_company_has_waits_for_a_person_once(stack: Stack) -> None:
    other = Company("com_other", "tesla.com", "Widget Works GmbH", "tesla.com", stack.clock.now())
    stack.store.companies.add([other])
    asked = asyncio.run(stack.ask("Tesla"))
    stack.clock.advance(days=30)
    asyncio.run(stack.ask("Tesla"))
    [review] = stack.store.identity_reviews.waiting()
    assert (review.company_id, review.candidates) == (asked.company.company_id, ("com_other",))
    assert review.record["domain"] == "tesla.com"
    assert "names the website tesla.com, which Widget Works GmbH has; their own words differ" in review.because
    decide_different(review, stack.store, by="ana", at=stack.clock.now())
    stack.clock.advance(days=30)
    asyncio.run(stack.ask("Tesla"))
    assert stack.store.identity_reviews.waiting() == []
    assert {company.key for company in stack.store.companies.all()} == {"name:tesla", "tesla.com"}


def test_two_that_a_person_calls_one_are_one_with_all_that_was_bought(stack: Stack) -> None:
    stack.store.companies.add([Company("com_other", "tesla.com", "Electric Cars", "tesla.com", stack.clock.now())])
    asked = asyncio.run(stack.ask("Tesla"))
    [review] = stack.store.identity_reviews.waiting()
    meant = stack.store.companies.by_key("tesla.com")
    assert meant is not None
    decide_same(review, meant, stack.store, by="ana", at=stack.clock.now())
    again = asyncio.run(stack.ask("Tesla"))
    assert again.company.company_id == "com_other"
    assert {read.purchase_id for read in again.reads} >= {purchase.purchase_id for purchase in asked.purchases}


def test_ids_and_country_that_vendors_state_of_the_company_lead_to_it(stack: Stack) -> None:
    asked = asyncio.run(stack.ask("tesla.com", "customer_enrichment"))
    aliases = stack.store.companies.aliases(asked.company.company_id)
    found = {alias.alias.partition(":")[0]: alias for alias in aliases if alias.kind == "id"}
    assert "linkedin" in found
    assert found["linkedin"].source in stack.rules.sources
    by_id = asyncio.run(stack.ask(found["linkedin"].alias))
    assert by_id.company.company_id == asked.company.company_id


def test_ids_that_a_request_states_are_kept_and_tell_a_later_one_which_company_is_meant(stack: Stack) -> None:
    now = stack.clock.now()
    stack.store.companies.add([Company(f"com_{n}", f"acme{n}.com", "Acme", f"acme{n}.com", now) for n in (1, 2)])
    asyncio.run(stack.ask("acme2.com", ids=("cik:7",), country="de"))
    found = asyncio.run(stack.ask("Acme", ids=("cik:7",))).company
    assert (found.company_id, found.country) == ("com_2", "de")


def test_a_row_that_may_mean_two_waits_for_a_person_whose_answer_is_used_from_then_on(stack: Stack) -> None:
    now = stack.clock.now()
    stack.store.companies.add([Company(f"com_{n}", f"acme{n}.com", "Acme", f"acme{n}.com", now) for n in (1, 2)])

    async def found() -> Company:
        async with open_context(stack.settings, stack.rules, store=stack.store, now=stack.clock.now) as context:
            return await company_of_row("Acme", context, origin="run 7")

    for _ in range(2):
        with pytest.raises(AmbiguousCompany, match="It waits in `enrich companies review`"):
            asyncio.run(found())
    [review] = stack.store.identity_reviews.waiting()
    assert (review.origin, review.candidates) == ("run 7", ("com_1", "com_2"))
    meant = stack.store.companies.by_key("acme2.com")
    assert meant is not None
    decide_same(review, meant, stack.store, by="ana", at=now)
    assert asyncio.run(found()) == meant


def test_another_company_of_a_name_is_registered_where_a_person_says_so(stack: Stack) -> None:
    stack.store.companies.add([Company("com_1", "tesla.com", "Tesla", "tesla.com", stack.clock.now())])
    made = asyncio.run(stack.ask("Tesla", datasets=("industry",), new=True)).company
    assert made.company_id != "com_1"
    assert len(stack.store.companies.all()) == 2
    with pytest.raises(NotACompany, match="leave out --new"):
        asyncio.run(stack.ask("tesla.com", new=True))
