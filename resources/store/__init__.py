"""The store: companies, requests, purchases, replies, facts, analyses, profiles. Operational truth, in SQL.

open_store(url, world=...) -> SqlStore, which is the Store of enrichment.ports and more
"""

from resources.store.batches import Batch, BatchCompany, RunCompany
from resources.store.factory import SqlStore, open_store
from resources.store.ledger_queries import LedgerLine, Totals
from resources.store.news import UnreportedPurchase, new_companies, new_unreported

__all__ = [
    "Batch",
    "BatchCompany",
    "LedgerLine",
    "RunCompany",
    "SqlStore",
    "Totals",
    "UnreportedPurchase",
    "new_companies",
    "new_unreported",
    "open_store",
]
