"""Keys of the service as people make them: a secret of 256 random bits that is shown once.

issue(store, "crm", may=("enrich",), ...) -> IssuedKey(key, "enr_sandbox_...")
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from enrichment.domain.access import ApiKey, Right, secret_hash
from enrichment.domain.ids import new_id

if TYPE_CHECKING:
    from resources.store import SqlStore

_BYTES = 32
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")


class NotAName(ValueError):
    """The name cannot be a key's; the message states what can."""


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """secret: shown once, stored nowhere."""

    key: ApiKey
    secret: str


def issue(
    store: "SqlStore",
    name: str,
    *,
    may: Sequence[Right],
    per_day: int | None,
    per_minute: int | None,
    now: datetime,
    approve_up_to: int | None = None,
) -> IssuedKey:
    """per_day, approve_up_to: micro-USD. Raises NotAName; StoreError where the name is taken."""
    if not _NAME.fullmatch(name):
        raise NotAName(f"A key cannot be called '{name[:80]}': take small letters, digits, '-', '_' and '.'.")
    secret = f"enr_{store.world}_{secrets.token_urlsafe(_BYTES)}"
    key = ApiKey(
        new_id("key"),
        name,
        secret_hash(secret),
        tuple(may),
        now,
        per_day=per_day,
        per_minute=per_minute,
        approve_up_to=approve_up_to,
    )
    store.api_keys.add(key)
    return IssuedKey(key, secret)
