"""An analyst's file, published nowhere else."""

from pathlib import Path

import pytest

from resources.warehouse import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "enrichment.duckdb")
