"""sources.change_rates: how often values change, learned from all that was bought more than once.

store -> renewals, traits -> LearnedRates -> rows, replaced as a whole
"""

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from enrichment.refresh.learned_rates import ChangeRate, LearnedRates
from enrichment.refresh.observed_renewals import observed_renewals
from resources.store.queries.refresh_history import renewals, traits

_COLUMNS = pa.schema(
    [
        ("dataset", pa.string()),
        ("industry", pa.string()),
        ("size_band", pa.string()),
        ("looks", pa.int64()),
        ("changes", pa.int64()),
        ("days_between_changes", pa.float64()),
        ("shape", pa.float64()),
    ]
)


def write_change_rates(connection: duckdb.DuckDBPyConnection, tx: sa.Connection) -> None:
    """Writes the rates of change from the store as `tx` sees it."""
    learned = LearnedRates(observed_renewals(renewals(tx)), traits(tx))
    connection.register("learned", pa.Table.from_pylist([_row(rate) for rate in learned.rows()], schema=_COLUMNS))
    connection.execute("DELETE FROM sources.change_rates")
    connection.execute("INSERT INTO sources.change_rates BY NAME FROM learned")
    connection.unregister("learned")


def _row(rate: ChangeRate) -> dict[str, object]:
    return {
        "dataset": rate.dataset,
        "industry": rate.industry,
        "size_band": rate.size_band,
        "looks": rate.renewals,
        "changes": rate.changes,
        "days_between_changes": rate.days_between_changes,
        "shape": None if rate.belief is None else float(rate.belief.shape),
    }
