"""The store: companies, requests, purchases, replies, facts, analyses, profiles. The operational truth, in SQL.

open_store(url, world=...) -> SqlStore: one attribute per port of enrichment.ports, and what only `resources` needs
"""

from resources.store.changes_since import (
    MadeProfile,
    UnreportedPurchase,
    new_companies,
    new_profiles,
    new_unreported,
)
from resources.store.factory import SqlStore, open_store
from resources.store.queries.ledger_queries import LedgerLine, StoreTotals

__all__ = [
    "LedgerLine",
    "MadeProfile",
    "SqlStore",
    "StoreTotals",
    "UnreportedPurchase",
    "new_companies",
    "new_profiles",
    "new_unreported",
    "open_store",
]
