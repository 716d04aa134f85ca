"""Pages that another question has paid for less than a day ago: each is charged once, and serves all that ask for it.

stored replies about a company  ->  address -> page, its age and who paid

A page is not older than the request may use. Its reply counts from the day the oldest page in it came.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from enrichment.collection.context import CollectionContext
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Reply, ReplyHead
from enrichment.rules import Rules

UNIT = "page"
"""The vendor unit of sources whose replies are pages, each under 'page:' and its address or its path on the site."""
_SERVES_OTHERS = timedelta(days=1)
_STEP = "page:"


@dataclass(frozen=True, slots=True)
class PaidPage:
    """purchase_id: which purchase had it."""

    html: str
    purchase_id: str
    collected_at: datetime


def asking_for_pages(source: str, rules: Rules) -> frozenset[str]:
    """The other sources whose replies may have the same pages; none of one whose replies are not pages."""
    entry = rules.sources[source]
    if entry.unit != UNIT:
        return frozenset()
    others = ((name, (other.provider, other.unit)) for name, other in rules.sources.items() if name != source)
    return frozenset(name for name, of in others if of == (entry.provider, UNIT))


async def paid_pages(
    source: str,
    replies: Iterable[ReplyHead],
    company: Company,
    *,
    oldest: int | None,
    rules: Rules,
    context: CollectionContext,
) -> Mapping[str, PaidPage]:
    """Pages that other sources had fetched, of these replies. oldest: seconds, as of Requirements."""
    others = asking_for_pages(source, rules)
    youngest = _SERVES_OTHERS if oldest is None else min(_SERVES_OTHERS, timedelta(seconds=oldest))
    since = context.now() - youngest
    heads = [
        head
        for head in sorted(replies, key=lambda head: head.collected_at)
        if head.found and head.source in others and head.collected_at >= since
    ]
    stored = [await asyncio.to_thread(context.store.knowledge.reply, head.reply_id) for head in heads]
    return {address: page for reply in stored if reply for address, page in _pages(reply, company.domain)}


def _pages(reply: Reply, domain: str | None) -> Iterable[tuple[str, PaidPage]]:
    for step, html in reply.payload.items():
        address = step.removeprefix(_STEP)
        if step.startswith(_STEP) and isinstance(html, str):
            whole = f"https://{domain}{address}" if address.startswith("/") else address
            yield whole, PaidPage(html, reply.purchase_id, reply.collected_at)
