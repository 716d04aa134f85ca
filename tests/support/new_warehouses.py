"""Warehouses into which nothing is built yet: copies of one that is made once: its tables take half of a small build.

new_warehouse(path) -> Warehouse, with an empty private file        begin_empty(path): the same for what opens it itself
"""

import tempfile
from functools import cache
from pathlib import Path

from resources.warehouse import Warehouse
from tests.support.new_stores import new_store


def new_warehouse(path: Path) -> Warehouse:
    """Its folder is made, too. Nothing is published."""
    begin_empty(path)
    return Warehouse(path)


def begin_empty(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    private_file(path).write_bytes(_empty_file())


def private_file(path: Path) -> Path:
    """In which the warehouse at `path` is built before it is published."""
    return path.with_name(f"{path.stem}.building{path.suffix}")


@cache
def _empty_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "enrichment.duckdb"
        store = new_store(Path(folder) / "store.sqlite")
        Warehouse(path).build(store)
        store.close()
        return private_file(path).read_bytes()
