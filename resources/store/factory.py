"""Open a store: make it if it is not there, bring an older one up to date, refuse what is not ours.

URL + world -> SqlStore;  a new store is stamped with its world, and opens in no other

Schemas are Alembic's revisions under migrations/, numbered 0001 upwards; their table is schema_version.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from enrichment.ports import StoreError
from resources.store import tables as t
from resources.store.backtest_history import Histories
from resources.store.balance_readings import Balances
from resources.store.batches import Batches
from resources.store.bulk_state import Census
from resources.store.companies import Companies
from resources.store.database import Database, make_folder
from resources.store.knowledge import Memory
from resources.store.ledger_queries import Accounts
from resources.store.provider_health import Vendors
from resources.store.purchases import Purchases
from resources.store.rate_limit_log import Turns
from resources.store.requests import Requests

World = Literal["sandbox", "live"]

SCHEMA = "0004"
_MIGRATIONS = Path(__file__).parent / "migrations"


class SqlStore(Companies, Memory, Census, Histories, Requests, Purchases, Accounts, Balances, Batches, Turns, Vendors):
    """The Store of enrichment.ports on SQLite or Postgres, and what Dagster's side and the warehouse ask besides.

    Every method is one short transaction, safe from many threads at once, and raises StoreError. One object per
    process; it does not survive a fork.
    """

    def __init__(self, database: Database, *, world: World) -> None:
        self._db = database
        self.world = world

    @contextmanager
    def changes(self) -> Iterator[tuple[sa.Connection, int]]:
        """A snapshot to read tables from, and its mark: ask for `since <= changed < mark`, and keep mark as next since.

        No row is missed that commits late. SQLite numbers transactions while each holds the only write lock, so numbers
        grow in commit order. On Postgres the mark is the oldest transaction still running: all below it are over, and
        what is above is read next time, whenever it commits. A mark below `since` means another store: rebuild.
        """
        with self._db.reading() as tx:
            yield tx, self._db.change_mark(tx)

    def close(self) -> None:
        self._db.close()


def open_store(url: str, *, world: World, create: bool = True) -> SqlStore:
    """The store at `sqlite:///path` or `postgresql://...`. create: make it if it is not there. Raises StoreError."""
    database = Database(url)
    try:
        _check_file(database, create=create)
        with database.reading() as tx:
            found = _schema_of(tx, database)
        if found != SCHEMA:
            _bring_up_to_date(database, world, create=create)
        with database.reading() as tx:
            _check_world(tx, database, world)
    except StoreError:
        database.close()
        raise
    return SqlStore(database, world=world)


def _check_file(database: Database, *, create: bool) -> None:
    if not database.sqlite:
        return
    if create:
        make_folder(database)
    elif not Path(database.place).exists():
        raise _nothing_there(database)


def _schema_of(tx: sa.Connection, database: Database) -> str | None:
    """The store's schema; None: there is none yet. Raises StoreError for one we cannot read."""
    tables = set(sa.inspect(tx).get_table_names())
    if "schema_version" not in tables:
        taken = sorted(tables & set(t.metadata.tables))
        if taken:
            raise StoreError(
                f"{database.place} has a table '{taken[0]}' that is not ours: "
                "set ENRICH_STORE_URL to a database of its own."
            )
        return None
    found = str(tx.exec_driver_sql("SELECT version_num FROM schema_version").scalar_one())
    if found > SCHEMA:
        raise StoreError(
            f"The store at {database.place} is of a newer version (schema {found}, this one knows {SCHEMA}): "
            "update this installation."
        )
    return found


def _bring_up_to_date(database: Database, world: World, *, create: bool) -> None:
    with database.making() as tx:
        found = _schema_of(tx, database)
        if found is None and not create:
            raise _nothing_there(database)
        if found != SCHEMA:
            config = Config(attributes={"connection": tx})
            config.set_main_option("script_location", str(_MIGRATIONS))
            command.upgrade(config, SCHEMA)
        if found is None:
            tx.execute(sa.insert(t.stamp).values(world=world))
            tx.execute(sa.insert(t.change_counter).values(value=0))


def _check_world(tx: sa.Connection, database: Database, world: World) -> None:
    stamped = tx.scalar(sa.select(t.stamp.c.world))
    if stamped != world:
        way_out = "ask with --sandbox" if stamped == "sandbox" else "ask without --sandbox"
        raise StoreError(
            f"The store at {database.place} is {stamped}, not {world}: {way_out}, "
            "or set ENRICH_STORE_URL to another store."
        )


def _nothing_there(database: Database) -> StoreError:
    return StoreError(f"There is no store at {database.place} yet: enrich a company first, or check ENRICH_STORE_URL.")
