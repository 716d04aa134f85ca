"""What Dagster's ops, checks and sensors need of the outside, as one thin resource.

settings and rules as they are at this moment;  store() and warehouse of this world
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from enrichment.rules import Rules
from resources.active_rules import rules_in_force
from resources.settings import Settings, load_settings
from resources.wiring import open_store_of, utc_now

if TYPE_CHECKING:
    from resources.store import SqlStore
    from resources.warehouse import Warehouse


class EnrichmentResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # it hands out itself
    """sandbox: which world to run in; left out, ENRICH_WORLD says."""

    sandbox: bool | None = None

    def settings(self) -> Settings:
        """Raises SettingsError."""
        return load_settings(sandbox=self.sandbox)

    def rules(self) -> Rules:
        """As config/ says now, so an edit counts from the next run on; the last good ones while an edit is broken.

        Raises RulesError when there never were good ones.
        """
        in_force = rules_in_force(self.settings())
        if in_force.complaint is not None:
            dg.get_dagster_logger().warning(in_force.complaint)
        return in_force.rules

    @contextmanager
    def store(self) -> "Iterator[SqlStore]":
        """The store, closed again at the end. Raises StoreError."""
        store = open_store_of(self.settings())
        try:
            yield store
        finally:
            store.close()

    def mark_reported(self, purchase_ids: Sequence[str]) -> None:
        """These purchases are shown in Dagster. Raises StoreError."""
        if purchase_ids:
            with self.store() as store:
                store.mark_reported(purchase_ids, at=utc_now())

    def order_batch(self, keys: Sequence[str], *, consumer: str, requested_by: str) -> str:
        """Stores a batch of these companies, by key; its id. Raises StoreError."""
        with self.store() as store:
            companies = (store.company(key) for key in keys)
            ids = [company.company_id for company in companies if company is not None]
            return store.create_batch(ids, consumer=consumer, strategy=None, requested_by=requested_by, at=utc_now())

    def warehouse(self) -> "Warehouse":
        from resources.warehouse import Warehouse  # noqa: PLC0415  duckdb is only loaded where it is used

        return Warehouse(self.settings().warehouse_path)
