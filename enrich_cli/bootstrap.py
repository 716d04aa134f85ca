"""What a command runs with: settings and rules, and the store and its warehouse while they are open."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from enrichment.rules import Rules, load_rules
from resources.settings import Settings, load_settings

if TYPE_CHECKING:
    from resources.store import SqlStore
    from resources.warehouse import Warehouse


def settings_and_rules(*, sandbox: bool) -> tuple[Settings, Rules]:
    """Raises SettingsError, RulesError. Without --sandbox the variable ENRICH_WORLD decides: live or sandbox."""
    settings = load_settings(sandbox=True if sandbox else None)
    return settings, load_rules(settings.enrich_config)


@contextmanager
def opened_store(*, sandbox: bool) -> "Iterator[tuple[Settings, Rules, SqlStore]]":
    """The store of these settings, closed at the end of the block. Raises SettingsError, RulesError, StoreError."""
    from resources.wiring import open_store_of  # noqa: PLC0415  the vendors' clients take 0.3 s to import

    settings, rules = settings_and_rules(sandbox=sandbox)
    store = open_store_of(settings)
    try:
        yield settings, rules, store
    finally:
        store.close()


@contextmanager
def opened_warehouse(settings: Settings) -> "Iterator[Warehouse]":
    """The warehouse of these settings, to be built; an empty temporary one where its folder is read-only."""
    from resources.warehouse import Warehouse  # noqa: PLC0415  DuckDB takes a tenth of a second to import

    path = settings.warehouse_path
    if os.access(path.parent, os.W_OK, effective_ids=True):
        yield Warehouse(path)
        return
    with TemporaryDirectory(prefix="enrichment-") as folder:
        yield Warehouse(Path(folder) / path.name)
