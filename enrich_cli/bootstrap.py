"""What a command runs with: settings and rules, and the store while it is open."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from enrichment.rules import Rules, load_rules
from resources.settings import Settings, load_settings

if TYPE_CHECKING:
    from resources.store import SqlStore


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
