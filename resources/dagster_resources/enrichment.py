"""What Dagster's ops, checks and sensors use of the outside: one resource, one session per execution.

EnrichmentResource(sandbox, variables) -> settings(), rules(), store(), warehouse(), run_in_context()
Settings, rules, store and vendors' clients are opened at first use, and are then the same until the execution ends.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import dagster as dg
from pydantic import Field, PrivateAttr

from enrichment.context.run_context import RunContext
from enrichment.rules import Rules
from resources.clock import utc_now
from resources.rules.active_rules import active_rules
from resources.settings import Settings, SettingsError, credential_variables, load_settings
from resources.wiring import open_context, open_store_of

if TYPE_CHECKING:
    from resources.store import SqlStore
    from resources.warehouse import Warehouse

Result = TypeVar("Result")
Work = Callable[[RunContext], Awaitable[Result]]

_STORE_URL = "ENRICH_STORE_URL"


def _variables() -> tuple[str, ...]:
    """The variables with a secret: the store's URL, and the credentials of every vendor's client."""
    from resources.providers import CLIENTS  # noqa: PLC0415  the vendors' clients take a moment to import

    return (_STORE_URL, *sorted(name for provider in CLIENTS for name in credential_variables(provider)))


def shown_variables() -> dict[str, str]:
    """Variable -> dg.EnvVar, for the store's URL and every credential that is set in the environment.

    Dagster's UI shows the name, never the value. An EnvVar without a value would fail every run, so it is left out.
    """
    return {name: dg.EnvVar(name) for name in _variables() if os.environ.get(name)}


@dataclass
class _Session:
    """What one execution has read and opened so far; closed at its end."""

    opened: ExitStack = field(default_factory=ExitStack)
    settings: Settings | None = None
    rules: Rules | None = None
    store: "SqlStore | None" = None
    runner: asyncio.Runner | None = None
    contexts: dict[str, RunContext] = field(default_factory=dict)

    def run(self, work: Work[Result], settings: Settings, rules: Rules, store: "SqlStore") -> Result:
        """Runs work in the execution's one event loop, which vendors' clients need; a context per hash of rules."""
        if self.runner is None:
            self.runner = self.opened.enter_context(asyncio.Runner())
        if rules.hash not in self.contexts:
            opening = open_context(settings, rules, store=store)
            self.contexts[rules.hash] = self.runner.run(opening.__aenter__())
            self.opened.callback(lambda runner: runner.run(opening.__aexit__(None, None, None)), self.runner)
        return self.runner.run(_awaited(work, self.contexts[rules.hash]))


class EnrichmentResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # it hands out itself
    """Settings, rules, store and warehouse of one sandbox or live installation."""

    sandbox: bool | None = Field(default=None, description="sandbox or live; left out, ENRICH_WORLD decides")
    variables: dict[str, str] = Field(
        default={},
        repr=False,
        description="the store's URL and vendors' credentials, by variable; a variable that is not here is looked up"
        " in the environment and in .env when it is needed",
    )
    _session: _Session | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> "Iterator[EnrichmentResource]":  # noqa: ARG002
        """One session for all ops of a run, or for one tick of a sensor or schedule."""
        self._session = _Session()
        try:
            with self._session.opened:
                yield self
        finally:
            self._session = None

    def settings(self) -> Settings:
        """Raises SettingsError."""
        if self._session is None:
            return self._settings()
        if self._session.settings is None:
            self._session.settings = self._settings()
        return self._session.settings

    def rules(self) -> Rules:
        """The rules in config/ now, so an edit counts from the next run on; the last good ones if it is broken.

        Raises RulesError when there never were good ones.
        """
        if self._session is None:
            return self._rules()
        if self._session.rules is None:
            self._session.rules = self._rules()
        return self._session.rules

    @contextmanager
    def store(self) -> "Iterator[SqlStore]":
        """The store of this execution, which closes it at its end; outside of one, a store for this block alone.

        Raises StoreError.
        """
        if self._session is not None:
            if self._session.store is None:
                self._session.store = open_store_of(self.settings())
                self._session.opened.callback(self._session.store.close)
            yield self._session.store
            return
        store = open_store_of(self.settings())
        try:
            yield store
        finally:
            store.close()

    def run_in_context(self, work: Work[Result], rules: Rules) -> Result:
        """Awaits work(run_context). Raises what it raises, SettingsError, StoreError."""
        with self.store() as store:
            if self._session is not None:
                return self._session.run(work, self.settings(), rules, store)
            return asyncio.run(_in_own_context(work, self.settings(), rules, store))

    def mark_reported(self, purchase_ids: Sequence[str]) -> None:
        """Records that these purchases are shown in Dagster. Raises StoreError."""
        if purchase_ids:
            with self.store() as store:
                store.ledger.mark_reported(purchase_ids, at=utc_now())

    def warehouse(self) -> "Warehouse":
        """The warehouse; it opens the published file for each question, so a check sees what its run published."""
        from resources.warehouse import Warehouse  # noqa: PLC0415  duckdb is only loaded where it is used

        return Warehouse(self.settings().warehouse_path)

    def _settings(self) -> Settings:
        known = _variables()
        unknown = sorted(self.variables.keys() - set(known))
        if unknown:
            raise SettingsError(f"{unknown[0]} is no variable of a credential; one of {', '.join(known)} is.")
        return load_settings(sandbox=self.sandbox).with_variables(self.variables)

    def _rules(self) -> Rules:
        active = active_rules(self.settings())
        if active.complaint is not None:
            dg.get_dagster_logger().warning(active.complaint)
        return active.rules


async def _awaited(work: Work[Result], run_context: RunContext) -> Result:
    return await work(run_context)


async def _in_own_context(work: Work[Result], settings: Settings, rules: Rules, store: "SqlStore") -> Result:
    async with open_context(settings, rules, store=store) as run_context:
        return await work(run_context)
