"""The store: companies, requests, purchases, replies, facts, analyses, profiles. The operational truth, in SQL.

open_store(url, world=...) -> SqlStore: one attribute per port of enrichment.ports, and what only `resources` needs
"""

from resources.store.changes_since import (
    OF_BATCH,
    FailedCompany,
    MadeProfile,
    UnreportedPurchase,
    failed_in_batches,
    new_companies,
    new_profiles,
    new_unreported,
)
from resources.store.factory import SqlStore, open_store
from resources.store.queries.ledger_queries import LedgerLine, StoreTotals

__all__ = [
    "OF_BATCH",
    "FailedCompany",
    "LedgerLine",
    "MadeProfile",
    "SqlStore",
    "StoreTotals",
    "UnreportedPurchase",
    "failed_in_batches",
    "new_companies",
    "new_profiles",
    "new_unreported",
    "open_store",
]
