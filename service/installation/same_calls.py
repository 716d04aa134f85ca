"""Calls with one Idempotency-Key go one after another until the first has made something: the others find that.

SameCalls.alone(key): a block that calls with the same key enter in turn; without a key at once

Calls that reach another process at the same moment are told apart by the store.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from enrichment.domain.accepted import IdempotencyKey


class SameCalls:
    """Used by one event loop."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def alone(self, key: IdempotencyKey | None) -> AsyncIterator[None]:
        if key is None:
            yield
            return
        turn = self._turns.setdefault((key.owner, key.key), asyncio.Lock())
        async with turn:
            yield
