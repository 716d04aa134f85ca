"""A website read by few pages serves a consumer that pays for more, and its profile says so."""

from datetime import UTC, datetime, timedelta

import pytest

from enrichment.domain.knowledge import Fact, Known, ReplyHead
from enrichment.domain.money import charge
from enrichment.domain.values import WebsitePassage
from enrichment.profiles.fewer_units import fewer_units
from enrichment.rules import load_rules
from tests.support.research_stack import SHIPPED

RULES = load_rules(SHIPPED)
SITE, NOW = "brightdata_website", datetime(2026, 3, 2, 12, tzinfo=UTC)
ENTRY = RULES.sources[SITE]
PRICE = {ENTRY.unit: RULES.providers[ENTRY.provider].prices[ENTRY.unit].usd}
PASSAGE = WebsitePassage(page="/", heading=None, text="We make anvils")


def said(pages: int, consumer: str) -> str | None:
    cost, until = charge({ENTRY.unit: pages}, PRICE), NOW + timedelta(days=1)
    head = ReplyHead("rep_1", SITE, "pur_1", "req_1", True, NOW, until, cost)
    fact = Fact("com_1", "website_passages", PASSAGE, 0.9, 0.9, SITE, "rep_1", "pur_1", "page:/", NOW, until)
    return fewer_units(RULES.paid_by(consumer), Known((head,), (fact,)), (fact,))


@pytest.mark.parametrize(
    ("pages", "consumer", "says"),
    [
        (4, "vendor_context", "of 4 pages, which an earlier request paid for; this consumer pays for up to 8"),
        (8, "vendor_context", None),
        (4, "customer_intelligence", None),
    ],
)
def test_a_profile_says_of_how_few_pages_it_is(pages: int, consumer: str, says: str | None) -> None:
    found = said(pages, consumer)
    assert found is says if says is None else (found or "").startswith(says)
