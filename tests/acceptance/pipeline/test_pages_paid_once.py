"""A page of a website is charged once: a page that one question has paid for serves another one for a day."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from enrichment.pipeline.enrich import Enriched
from enrichment.rules import load_rules
from sandbox.companies.catalogue import Catalogue
from sandbox.companies.coverage import Coverage
from sandbox.vendors import VENDORS, coverage_of
from tests.acceptance.conftest import Stack

SHIPPED = load_rules(Path(__file__).parents[3] / "config")
PAGE_PRICE = 50_000
SITE = {"tech_stack": "brightdata_web_scraping", "website_passages": "brightdata_website"}


@pytest.fixture
def stack(stack: Stack) -> Stack:
    """With the rules as shipped, which have more than one source that reads websites."""
    return replace(stack, rules=SHIPPED)


def readable() -> str:
    """A company whose site the sandbox lets the vendor read for both questions."""
    catalogue = Catalogue()
    coverage = Coverage(catalogue, 1, coverage_of(VENDORS))
    return next(one.domain for one in catalogue.companies if coverage.knows(SITE["tech_stack"], one))


def read_site(stack: Stack, *datasets: str) -> Enriched:
    sources = tuple(SITE[dataset] for dataset in datasets)
    return asyncio.run(stack.ask(readable(), "custom", datasets=datasets, sources=sources))


def pages_billed(stack: Stack) -> int:
    return stack.invoice().get("brightdata", {}).get("page", 0)


def pages_of(stack: Stack, enriched: Enriched) -> list[str]:
    ids = stack.store.knowledge.reply_ids([purchase.purchase_id for purchase in enriched.purchases]).values()
    replies = [stack.store.knowledge.reply(reply_id) for reply_id in ids]
    return [step for reply in replies if reply is not None for step in reply.payload]


def test_what_one_question_paid_for_is_not_bought_again_for_another_and_who_paid_is_on_record(stack: Stack) -> None:
    first = read_site(stack, "tech_stack")
    stack.clock.advance(seconds=3_600)
    second = read_site(stack, "website_passages")
    both = [*pages_of(stack, first), *pages_of(stack, second)]
    assert "page:/" in pages_of(stack, second)
    assert pages_billed(stack) == len(set(both)) < len(both)
    (paid,) = first.purchases
    saved = PAGE_PRICE * (len(both) - len(set(both)))
    assert [(read.purchase_id, read.saved_micro_usd) for read in second.reads] == [(paid.purchase_id, saved)]
    assert second.request.cost_micro_usd == PAGE_PRICE * pages_billed(stack) - first.request.cost_micro_usd


def test_a_reply_is_as_old_as_the_oldest_page_in_it(stack: Stack) -> None:
    read_site(stack, "tech_stack")
    fetched_at = stack.clock.now()
    stack.clock.advance(seconds=3_600)
    (purchase,) = read_site(stack, "website_passages").purchases
    reply_id = stack.store.knowledge.reply_ids([purchase.purchase_id])[purchase.purchase_id]
    reply = stack.store.knowledge.reply(reply_id)
    assert reply is not None
    assert reply.collected_at == fetched_at
    assert (reply.expires_at - reply.collected_at).total_seconds() == stack.rules.sources["brightdata_website"].ttl


def test_questions_of_one_request_share_their_pages_as_well(stack: Stack) -> None:
    both = read_site(stack, "tech_stack", "website_passages")
    assert len(both.purchases) == 2
    assert pages_billed(stack) == len(set(pages_of(stack, both)))
    assert both.request.cost_micro_usd == PAGE_PRICE * pages_billed(stack)


def test_a_page_older_than_a_day_is_fetched_again(stack: Stack) -> None:
    first = pages_of(stack, read_site(stack, "tech_stack"))
    stack.clock.advance(days=2)
    second = pages_of(stack, read_site(stack, "website_passages"))
    assert pages_billed(stack) == len(first) + len(second)


def test_a_request_waits_for_the_pages_another_one_is_fetching_and_only_that_one_pays(stack: Stack) -> None:
    async def at_once() -> list[Enriched]:
        asking = (
            stack.ask(readable(), "custom", datasets=(dataset,), sources=(source,)) for dataset, source in SITE.items()
        )
        return list(await asyncio.gather(*asking))

    both = asyncio.run(at_once())
    pages = [page for one in both for page in pages_of(stack, one)]
    assert pages.count("page:/") == 2
    assert pages_billed(stack) == len(set(pages))
    assert sum(one.request.cost_micro_usd for one in both) == PAGE_PRICE * pages_billed(stack)
    (read,) = [read for one in both for read in one.reads]
    assert read.saved_micro_usd == PAGE_PRICE * (len(pages) - len(set(pages)))
    assert read.purchase_id in {purchase.purchase_id for one in both for purchase in one.purchases}
