"""Keys of the service: their hashes, rights and limits; the secrets are stored nowhere."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from enrichment.domain.access import ApiKey
from enrichment.ports import StoreError
from resources.store import tables as t
from resources.store.database.database import Database
from resources.store.database.row_mapping import Row

_k = t.api_keys.c
_BY_HASH = sa.select(t.api_keys).where(_k.secret_hash == sa.bindparam("hash"), _k.revoked_at.is_(None))
_VALID = _k.revoked_at.is_(None)


class SqlApiKeys:
    """Every method is one short transaction, blocks its thread, and raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._by_hash = database.quick(_BY_HASH)

    def add(self, key: ApiKey) -> None:
        """Raises StoreError: there is a valid key of this name."""

        def added(tx: sa.Connection) -> None:
            if tx.scalar(sa.select(sa.exists().where(_k.name == key.name, _VALID))):
                raise StoreError(f"There is a key '{key.name}' already: revoke it first, or choose another name.")
            tx.execute(sa.insert(t.api_keys).values(_row(key)))

        self._db.ledger(added)  # one at a time, so that two of one name cannot be added at once

    def by_hash(self, secret_hash: str) -> ApiKey | None:
        """The key, if it is valid."""
        row = self._by_hash.first({"hash": secret_hash})
        return None if row is None else _key(row)

    def any_valid(self) -> bool:
        with self._db.reading() as tx:
            return bool(tx.scalar(sa.select(sa.exists().where(_VALID))))

    def by_id(self, key_id: str) -> ApiKey | None:
        """The key, even if it was revoked."""
        with self._db.reading() as tx:
            row = tx.execute(sa.select(t.api_keys).where(_k.key_id == key_id)).first()
        return None if row is None else _key(row)

    def by_name(self, name: str) -> ApiKey | None:
        """The key, if it is valid."""
        with self._db.reading() as tx:
            row = tx.execute(sa.select(t.api_keys).where(_k.name == name, _VALID)).first()
        return None if row is None else _key(row)

    def all(self) -> Sequence[ApiKey]:
        """All keys, also revoked ones, in the order in which they were made."""
        with self._db.reading() as tx:
            return [_key(row) for row in tx.execute(sa.select(t.api_keys).order_by(_k.created_at, _k.key_id))]

    def revoke(self, name: str, *, at: datetime) -> bool:
        """Revokes a key: from now on it opens nothing. False: there is no valid key of this name."""
        change = sa.update(t.api_keys).where(_k.name == name, _VALID).values(revoked_at=at)
        return self._db.write(lambda tx: tx.execute(change).rowcount == 1)


def _row(key: ApiKey) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "name": key.name,
        "secret_hash": key.secret_hash,
        "may": list(key.may),
        "created_at": key.created_at,
        "per_day_micro_usd": key.per_day,
        "per_minute": key.per_minute,
        "revoked_at": key.revoked_at,
        "approve_up_to_micro_usd": key.approve_up_to,
    }


def _key(row: Row) -> ApiKey:
    return ApiKey(
        key_id=row.key_id,
        name=row.name,
        secret_hash=row.secret_hash,
        may=tuple(row.may),
        created_at=row.created_at,
        per_day=row.per_day_micro_usd,
        per_minute=row.per_minute,
        revoked_at=row.revoked_at,
        approve_up_to=row.approve_up_to_micro_usd,
    )
