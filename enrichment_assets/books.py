"""Do the published books agree with the store: units per provider, the total, and each request with its purchases.

warehouse + units and total of the settled purchases -> differences, each as (what, ledger, settled purchases)
"""

from collections.abc import Mapping
from decimal import Decimal

from resources.warehouse import Warehouse

_UNITS = """
SELECT provider, unit, CAST(sum(count) AS BIGINT)
FROM (SELECT provider, unnest(map_keys(units)) AS unit, unnest(map_values(units)) AS count
      FROM spend.purchases WHERE state = 'settled')
GROUP BY ALL
"""
_TOTAL = "SELECT coalesce(sum(spent_usd), 0) FROM spend.daily"
_REQUESTS = """
SELECT r.request_id, r.cost_usd, coalesce(sum(p.cost_usd), 0)
FROM spend.requests AS r LEFT JOIN spend.purchases AS p ON p.request_id = r.request_id AND p.state = 'settled'
WHERE r.finished_at IS NOT NULL
GROUP BY ALL HAVING r.cost_usd <> coalesce(sum(p.cost_usd), 0)
ORDER BY r.request_id
"""


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
    return differences + [(f"request {r}", str(booked), str(paid)) for r, booked, paid in warehouse.ask(_REQUESTS).rows]
