"""Keys of the service: made, listed with what they have spent today, revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from enrich_cli.bootstrap import opened_store
from enrich_cli.errors import UsageError
from enrich_cli.typed_values import names, usd
from enrichment.domain.access import RIGHTS, ApiKey, Right
from resources.clock import utc_now
from resources.secrets.client_keys import IssuedKey, issue


@dataclass(frozen=True, slots=True)
class ListedKey:
    """spent_today: micro-USD of its daily cap, reserves included."""

    key: ApiKey
    spent_today: int


def add_key(
    name: str, may: str, per_day: str | None, per_minute: int | None, *, approve_up_to: str | None, sandbox: bool
) -> IssuedKey:
    """Raises UsageError, NotAName, StoreError."""
    rights = _rights(may)
    most = None if per_day is None else usd("--per-day", per_day)
    unasked = None if approve_up_to is None else usd("--approve-up-to", approve_up_to)
    with opened_store(sandbox=sandbox) as (_, _, store):
        return issue(
            store,
            name,
            may=rights,
            per_day=most,
            per_minute=per_minute,
            approve_up_to=unasked,
            now=utc_now(),
        )


def listed_keys(*, sandbox: bool) -> list[ListedKey]:
    day = utc_now().date().isoformat()
    with opened_store(sandbox=sandbox) as (_, _, store):
        keys = store.api_keys.all()
        spent = store.ledger.spent([key.daily.cap(day).name for key in keys])
        return [ListedKey(key, spent[key.daily.cap(day).name]) for key in keys]


def revoke_key(name: str, *, sandbox: bool) -> None:
    """Raises UsageError: there is no valid key of this name."""
    with opened_store(sandbox=sandbox) as (_, _, store):
        if not store.api_keys.revoke(name, at=utc_now()):
            raise UsageError(f"There is no valid key '{name}': `enrich keys list` shows those there are.")


def _rights(text: str) -> Sequence[Right]:
    """Raises UsageError."""
    asked = names("--may", text)
    if unknown := [name for name in asked if name not in RIGHTS]:
        raise UsageError(f"--may takes {', '.join(RIGHTS)}, not '{unknown[0]}'.")
    return tuple(cast(Right, name) for name in dict.fromkeys(asked))
