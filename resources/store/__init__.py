"""The store: companies, requests, purchases, replies, facts, analyses, profiles. Operational truth, in SQL.

open_store(url, world=...) -> SqlStore, which is the Store of enrichment.ports and more
"""

from resources.store.accounts import LedgerLine, Totals
from resources.store.batches import Batch, BatchCompany
from resources.store.opening import SqlStore, open_store

__all__ = ["Batch", "BatchCompany", "LedgerLine", "SqlStore", "Totals", "open_store"]
