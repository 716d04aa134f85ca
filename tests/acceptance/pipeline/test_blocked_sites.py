"""A site that keeps the vendor out is remembered as long as a reply of its source is valid."""

import asyncio

from enrichment.pipeline.enrich import Enriched
from sandbox.companies.catalogue import Catalogue
from sandbox.companies.coverage import Coverage
from sandbox.vendors import VENDORS, coverage_of
from tests.acceptance.conftest import Stack

SOURCE = "brightdata_web_scraping"


def blocked() -> str:
    """A company whose site the sandbox does not let the vendor read."""
    catalogue = Catalogue()
    coverage = Coverage(catalogue, 1, coverage_of(VENDORS))
    return next(one.domain for one in catalogue.companies if not coverage.knows(SOURCE, one))


def read_site(stack: Stack, domain: str) -> Enriched:
    return asyncio.run(stack.ask(domain, "custom", datasets=("company_description",), sources=(SOURCE,)))


def test_a_blocked_site_is_not_asked_for_again_until_its_ttl_is_over(stack: Stack) -> None:
    domain = blocked()
    first = read_site(stack, domain)
    assert [(p.source, p.state, p.outcome, p.cost_micro_usd) for p in first.purchases] == [
        (SOURCE, "settled", "nothing", 0)
    ]
    remarks = [e.data["says"] for e in stack.store.requests.events(first.request.request_id) if e.what == "remark"]
    assert "the site keeps it out" in " ".join(remarks)
    stack.clock.advance(days=1)
    assert read_site(stack, domain).purchases == ()
    stack.clock.advance(seconds=stack.rules.sources[SOURCE].ttl)
    assert [p.source for p in read_site(stack, domain).purchases] == [SOURCE]
    assert stack.invoice() == {}
