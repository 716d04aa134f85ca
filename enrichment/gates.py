"""Wait inside this process before asking the store: only so many at a time contend for one provider.

Gates.of(provider, width) -> a gate to walk through; the number under way over all processes is the store's to keep
"""

import asyncio


class Gates:
    """One semaphore per provider; of one process and event loop."""

    def __init__(self) -> None:
        self._gates: dict[str, asyncio.Semaphore] = {}

    def of(self, provider: str, width: int) -> asyncio.Semaphore:
        """width: how many may be inside, as it was when the gate was first used."""
        return self._gates.setdefault(provider, asyncio.Semaphore(width))
