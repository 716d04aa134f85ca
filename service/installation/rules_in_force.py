"""The rules in force, and the clients made by them: an edit of config/ counts from the next request.

look() -> an edit is taken over          in_use() -> rules and context that stay open to the end of the block
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from enrichment.context.run_context import RunContext
from enrichment.rules import Rules
from resources.rules.active_rules import ActiveRules, active_rules
from resources.settings import Settings, SettingsError
from resources.store import SqlStore
from resources.wiring import open_context


@dataclass(slots=True)
class _InForce:
    """Rules, and what a request runs in under them; closed when nothing uses it any more."""

    rules: Rules
    context: RunContext
    stack: AsyncExitStack
    users: int = 0
    replaced: bool = False


class RulesInForce:
    """The rules, with the clients that were made by them. before: those that the last edit replaced."""

    def __init__(self, settings: Settings, store: SqlStore, now: Callable[[], datetime]) -> None:
        self._settings, self._store, self._now = settings, store, now
        self._seen: object = None
        self._looking = asyncio.Lock()
        self._current: _InForce | None = None
        self.complaint: str | None = None
        self.before: Rules | None = None

    @property
    def rules(self) -> Rules:
        return self._used.rules

    @property
    def context(self) -> RunContext:
        """The context to read and plan with. What asks vendors takes it from `in_use`."""
        return self._used.context

    @property
    def _used(self) -> _InForce:
        if self._current is None:
            raise SettingsError("No rules are in force yet: ask again in a moment.")
        return self._current

    @asynccontextmanager
    async def in_use(self) -> AsyncIterator[tuple[Rules, RunContext]]:
        """Stays open to the end of the block, also where an edit replaces it meanwhile."""
        used = self._used
        used.users += 1
        try:
            yield used.rules, used.context
        finally:
            used.users -= 1
            await self._close_if_idle(used)

    async def look(self) -> None:
        """Takes an edit of config/ into force. Raises RulesError, SettingsError if no rules were in force before."""
        async with self._looking:
            seen = await asyncio.to_thread(_signature, self._settings.enrich_config)
            if seen == self._seen:
                return
            active = await asyncio.to_thread(active_rules, self._settings)
            self._seen, self.complaint = seen, active.complaint
            if self._current is None or self._current.rules.hash != active.rules.hash:
                await self._replace(active)

    async def close(self) -> None:
        if self._current is not None:
            self._current.replaced = True
            await self._close_if_idle(self._current)

    async def _replace(self, active: ActiveRules) -> None:
        stack, before = AsyncExitStack(), self._current
        context = await stack.enter_async_context(
            open_context(self._settings, active.rules, store=self._store, now=self._now)
        )
        self._current = _InForce(active.rules, context, stack)
        if before is not None:
            before.replaced, self.before = True, before.rules
            await self._close_if_idle(before)

    async def _close_if_idle(self, used: _InForce) -> None:
        if used.replaced and not used.users:
            await used.stack.aclose()


def _signature(folder: Path) -> object:
    """A value that changes with every edit of a file in the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(str(path), (found := path.stat()).st_mtime_ns, found.st_size) for path in files]
