"""Does the published spend agree: with the store, and in itself (purchases, requests, payers, beneficiaries)?

book_differences: warehouse + units and total of the settled purchases -> (what, ledger, settled purchases)
who_paid_differences: warehouse -> (what, why it cannot be right)
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from resources.warehouse import Warehouse

_UNITS = """
SELECT provider, unit, CAST(sum(count) AS BIGINT)
FROM (SELECT provider, unnest(map_keys(units)) AS unit, unnest(map_values(units)) AS count
      FROM spend.purchases WHERE state = 'settled')
GROUP BY ALL
"""
_TOTAL = "SELECT coalesce(sum(spent_usd), 0) FROM spend.daily"

_WHO_PAID = Path(__file__).with_name("who_paid.sql")


def book_differences(
    warehouse: Warehouse, settled: Mapping[str, Mapping[str, int]], total_usd: Decimal
) -> list[tuple[str, str, str]]:
    """settled: provider -> unit -> count; total_usd: what the settled purchases cost. Raises WarehouseError."""
    published = {(str(p), str(u)): int(str(n)) for p, u, n in warehouse.ask(_UNITS).rows}
    store = {(provider, unit): n for provider, counts in settled.items() for unit, n in counts.items()}
    differences = [
        (f"{provider} {unit}", str(published.get((provider, unit), 0)), str(store.get((provider, unit), 0)))
        for provider, unit in sorted(published.keys() | store.keys())
        if published.get((provider, unit), 0) != store.get((provider, unit), 0)
    ]
    spent = Decimal(str(warehouse.ask(_TOTAL).rows[0][0]))
    if spent != total_usd:
        differences.append(("USD", str(spent), str(total_usd)))
    return differences


def who_paid_differences(warehouse: Warehouse) -> list[tuple[str, str]]:
    """Purchases and reads that name no request, requests unlike what they bought and read, sums that do not add up.

    Raises WarehouseError.
    """
    return [(str(what), str(why)) for what, why in warehouse.ask(_WHO_PAID.read_text("utf-8")).rows]
