"""The store: companies, requests, purchases, replies, facts, analyses, profiles. Operational truth, in SQL.

open_store(url, world=...) -> SqlStore, which is the Store of enrichment.ports and more
"""

from resources.store.batches import Batch, BatchCompany, RunCompany
from resources.store.factory import SqlStore, open_store
from resources.store.ledger_queries import LedgerLine, Totals

__all__ = ["Batch", "BatchCompany", "LedgerLine", "RunCompany", "SqlStore", "Totals", "open_store"]
