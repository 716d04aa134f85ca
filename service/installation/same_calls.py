"""Calls with the same Idempotency-Key run one after another: the first makes a row, the others find it.

SameCalls.alone(key): a block that calls with the same key enter one at a time; without a key there is no waiting

Between processes the store decides which call is the first.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from enrichment.domain.accepted_requests import IdempotencyKey


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
