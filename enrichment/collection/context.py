"""What carrying out a plan may use of a request's context: purchases, stored replies, providers, policies.

A RunContext is one; it cannot reach profiles, requests, batches or reviews from here.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from enrichment.memory.recall import ReadingContext, ReadingStore
from enrichment.policy.cache import PolicyCache
from enrichment.ports import Provider
from enrichment.purchasing.purchase_order import PurchaseContext, PurchaseStore


class CollectionStore(PurchaseStore, ReadingStore, Protocol):
    """The ledger and its outages; of knowledge and companies only what reading replies needs."""


class CollectionContext(PurchaseContext, ReadingContext, Protocol):
    """What collection may use of a RunContext. stopping: whether no new call may begin; those under way end."""

    @property
    def store(self) -> CollectionStore: ...

    @property
    def providers(self) -> Mapping[str, Provider]: ...

    @property
    def policies(self) -> PolicyCache: ...

    @property
    def stopping(self) -> Callable[[], bool]: ...
