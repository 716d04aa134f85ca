"""What the business asks of the outside, as protocols; `resources` implements them.

errors     why a provider gave nothing usable, why the store refused
providers  Provider, LanguageModel: a question -> an answer with the units it bills
ledger     Ledger: one purchase from its reservation to its end; the outcomes of a reservation
store      Store: companies, knowledge, verdicts, requests, profiles, ledger, provider_health, batches
batches    Batches: which worker has which company of a batch, and what is set aside for it
"""

from enrichment.ports.batches import Batches
from enrichment.ports.errors import (
    ClaimLost,
    ContextTooSmall,
    CredentialsRejected,
    DiskAlmostFull,
    ModelNotServed,
    ProviderError,
    ProviderUnavailable,
    PurchaseClosed,
    QuotaExhausted,
    StoreError,
    Throttled,
    UnexpectedReply,
)
from enrichment.ports.ledger import (
    AlreadyBought,
    AlreadyClaimed,
    AskedInVain,
    Busy,
    CapReached,
    Ledger,
    NotReserved,
    Reserved,
    Unavailable,
)
from enrichment.ports.providers import (
    BeforeSend,
    KeepHandle,
    LanguageModel,
    ModelAnswer,
    Provider,
    SourceAnswer,
    SourceQuery,
)
from enrichment.ports.store import (
    REQUEST_LEASE,
    Breaker,
    Companies,
    IdentityReviews,
    Knowledge,
    Profiles,
    ProviderHealth,
    Requests,
    SourceDatasetPair,
    Store,
    Verdicts,
)

__all__ = [
    "REQUEST_LEASE",
    "AlreadyBought",
    "AlreadyClaimed",
    "AskedInVain",
    "Batches",
    "BeforeSend",
    "Breaker",
    "Busy",
    "CapReached",
    "ClaimLost",
    "Companies",
    "ContextTooSmall",
    "CredentialsRejected",
    "DiskAlmostFull",
    "IdentityReviews",
    "KeepHandle",
    "Knowledge",
    "LanguageModel",
    "Ledger",
    "ModelAnswer",
    "ModelNotServed",
    "NotReserved",
    "Profiles",
    "Provider",
    "ProviderError",
    "ProviderHealth",
    "ProviderUnavailable",
    "PurchaseClosed",
    "QuotaExhausted",
    "Requests",
    "Reserved",
    "SourceAnswer",
    "SourceDatasetPair",
    "SourceQuery",
    "Store",
    "StoreError",
    "Throttled",
    "Unavailable",
    "UnexpectedReply",
    "Verdicts",
]
