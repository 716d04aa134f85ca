"""Empty SQLite stores of the sandbox's world: copies of one that is made once, since Alembic takes most of a test.

url_of_new_store(path) -> its URL        new_store(path) -> the store, opened
"""

import tempfile
from functools import cache
from pathlib import Path

import pytest

from resources.store import SqlStore, open_store

ON_SQLITE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
"""For tests whose `store` is read by DuckDB alike on both engines."""


def new_store(path: Path) -> SqlStore:
    return open_store(url_of_new_store(path), world="sandbox")


def url_of_new_store(path: Path) -> str:
    """Its folder is made, too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_empty_store())
    return f"sqlite:///{path}"


@cache
def _empty_store() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite"
        open_store(f"sqlite:///{path}", world="sandbox").close()
        return path.read_bytes()
