"""What analysts query: DuckDB, built from the store and published. See docs/warehouse.md for its tables."""

from resources.warehouse.catalog import Column, Table
from resources.warehouse.examples import EXAMPLES, Example
from resources.warehouse.warehouse import Answer, Published, Warehouse, WarehouseError

__all__ = ["EXAMPLES", "Answer", "Column", "Example", "Published", "Table", "Warehouse", "WarehouseError"]
