"""The warehouse for analysts: a DuckDB file, built from the store and published. Its tables: docs/warehouse.md."""

from resources.warehouse.catalog import WarehouseColumn, WarehouseTable
from resources.warehouse.examples import EXAMPLES, QUESTIONS, Example
from resources.warehouse.publish import Published, QueryResult, Warehouse, WarehouseError
from resources.warehouse.update_from_store import empty_tables

__all__ = [
    "EXAMPLES",
    "QUESTIONS",
    "Example",
    "Published",
    "QueryResult",
    "Warehouse",
    "WarehouseColumn",
    "WarehouseError",
    "WarehouseTable",
    "empty_tables",
]
