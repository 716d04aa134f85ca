"""Which companies of a batch are begun first: within a budget, those of which most are complete for a dollar.

quote of the companies that are left -> their order in the store
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from enrichment.batches.quote import BatchQuote
from enrichment.domain.batches import Batch
from enrichment.domain.companies import Company
from enrichment.ports import Batches, Companies


class _OrderStore(Protocol):
    """What of the store this needs."""

    @property
    def batches(self) -> Batches: ...

    @property
    def companies(self) -> Companies: ...


def companies_left(batch: Batch, store: _OrderStore) -> list[Company]:
    """Those that wait or are postponed, by key. Raises StoreError."""
    ids = {one.company_id for one in store.batches.companies(batch.batch_id, "waiting", "postponed")}
    return [company for company in store.companies.all() if company.company_id in ids] if ids else []


async def begin_best_first(batch: Batch, companies: Sequence[Company], quoted: BatchQuote, store: _OrderStore) -> None:
    """Those that wait are begun in the order of the quote, made of these companies. Raises StoreError."""
    ids = {company.key: company.company_id for company in companies}
    best_first = [ids[key] for key in quoted.best_first]
    await asyncio.to_thread(store.batches.put_first, batch.batch_id, best_first)
