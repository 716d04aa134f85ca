"""The keys of the service: what each may do, and what it may spend a day.

secret (shown once)  ->  its SHA-256, which is stored     ApiKey.allows("enrich")
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal, get_args

from enrichment.domain.purchases import DailyCap

Right = Literal["read", "agent", "enrich", "admin"]
"""agent: buys over MCP alone, where each purchase needs consent to its quote; enrich: buys over HTTP too."""
RIGHTS: tuple[Right, ...] = get_args(Right)
_GRANTS: dict[Right, frozenset[Right]] = {
    "read": frozenset({"read"}),
    "agent": frozenset({"read", "agent"}),
    "enrich": frozenset({"read", "agent", "enrich"}),
    "admin": frozenset({"admin"}),
}


@dataclass(frozen=True, slots=True)
class ApiKey:
    """name: of the application or person; unique among keys that are valid. secret_hash: as secret_hash gives it.

    may: what it was given; a key that may enrich may read too. per_day: micro-USD it may spend a day (UTC); None: no
    limit of its own. per_minute: requests; None: as many as the service allows any key. approve_up_to: micro-USD that
    an agent with it may spend on one request without asking a person; None: it asks for each.
    """

    key_id: str
    name: str
    secret_hash: str
    may: tuple[Right, ...]
    created_at: datetime
    per_day: int | None = None
    per_minute: int | None = None
    revoked_at: datetime | None = None
    approve_up_to: int | None = None

    def allows(self, right: Right) -> bool:
        return any(right in _GRANTS[given] for given in self.may)

    @property
    def daily(self) -> DailyCap:
        """The key's cap of each day, by its name: a key that replaces another one of the same day counts on."""
        return DailyCap(f"key:{self.name}", self.per_day)


def secret_hash(secret: str) -> str:
    """SHA-256 in hexadecimal digits. A secret has 256 random bits, so it needs no salt and no slow hash."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
