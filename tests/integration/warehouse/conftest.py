"""An analyst's file, into which nothing is built yet."""

from pathlib import Path

import pytest

from resources.warehouse import Warehouse
from tests.support.new_warehouses import new_warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return new_warehouse(tmp_path / "enrichment.duckdb")
