"""Open a store: create it if there is none, migrate an older one, refuse a database that is not a store.

URL + installation (live or sandbox) -> SqlStore; a new store is stamped with it and opens in no other one

Schemas are Alembic revisions under migrations/, numbered from 0001; the table schema_version has the present one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from enrichment.ports import StoreError
from resources.installation import Installation
from resources.store import tables as t
from resources.store.clients.client_keys import SqlApiKeys
from resources.store.clients.webhooks import SqlWebhooks
from resources.store.companies.companies import SqlCompanies
from resources.store.companies.events import SqlCompanyEvents
from resources.store.companies.identity_reviews import SqlIdentityReviews
from resources.store.database.database import Database, make_file
from resources.store.knowledge.knowledge import SqlKnowledge
from resources.store.knowledge.profile_changes import SqlProfileChanges
from resources.store.knowledge.profiles import SqlProfiles
from resources.store.knowledge.verdicts import SqlVerdicts
from resources.store.purchases.balance_readings import SqlBalanceReadings
from resources.store.purchases.ledger import SqlLedger
from resources.store.purchases.provider_health import SqlProviderHealth
from resources.store.purchases.rate_limit_log import SqlRateLimitLog
from resources.store.queries.backtest_history import SqlBacktestHistory
from resources.store.queries.ledger_queries import SqlLedgerQueries
from resources.store.queries.refresh_history import SqlRefreshHistory
from resources.store.queries.reports import SqlReports
from resources.store.requests.accepted_requests import SqlAcceptedRequests
from resources.store.requests.batches import SqlBatches
from resources.store.requests.requests import SqlRequests
from resources.store.requests.sessions import SqlSessions

SCHEMA = "0029"
_MIGRATIONS = Path(__file__).parent / "migrations"


class SqlStore:
    """enrichment.ports.Store on SQLite or Postgres, one attribute per port, and what only `resources` needs.

    Every method of every attribute is one short transaction, may be called from many threads at once, and raises
    StoreError. One object per process: after a fork, open the store again.
    """

    def __init__(self, database: Database, *, world: Installation) -> None:
        self.database, self.world = database, world
        self.companies = SqlCompanies(database)
        self.company_events = SqlCompanyEvents(database)
        self.knowledge = SqlKnowledge(database)
        self.identity_reviews = SqlIdentityReviews(database)
        self.verdicts = SqlVerdicts(database)
        self.requests = SqlRequests(database)
        self.profiles = SqlProfiles(database)
        self.profile_changes = SqlProfileChanges(database)
        self.ledger = SqlLedger(database)
        self.provider_health = SqlProviderHealth(database)
        self.ledger_queries = SqlLedgerQueries(database)
        self.reports = SqlReports(database)
        self.balance_readings = SqlBalanceReadings(database)
        self.backtest_history = SqlBacktestHistory(database)
        self.batches = SqlBatches(database)
        self.refresh_history = SqlRefreshHistory(database)
        self.api_keys = SqlApiKeys(database)
        self.accepted_requests = SqlAcceptedRequests(database)
        self.webhooks = SqlWebhooks(database)
        self.sessions = SqlSessions(database)
        self.rate_limit_log = SqlRateLimitLog(database)

    @contextmanager
    def changes(self) -> Iterator[tuple[sa.Connection, int]]:
        """A snapshot to read tables from, and its mark: select `since <= changed < mark`; mark is the next `since`.

        A row that commits late is not missed. SQLite has one writer at a time, so the numbers grow in commit order. On
        Postgres the mark is the oldest transaction still running: all below it have ended, and rows above it are read
        next time. A mark below `since` means that this is another store: rebuild.
        """
        with self.database.reading() as tx:
            yield tx, self.database.change_mark(tx)

    def close(self) -> None:
        self.database.close()


def open_store(url: str, *, world: Installation, create: bool = True) -> SqlStore:
    """The store at `sqlite:///path` or `postgresql://...`. create: if there is none. Raises StoreError."""
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
        make_file(database)
    elif not Path(database.place).exists():
        raise _nothing_there(database)


def _schema_of(tx: sa.Connection, database: Database) -> str | None:
    """The schema's revision; None in an empty database. Raises StoreError for a newer one, or another program's."""
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


def _bring_up_to_date(database: Database, world: Installation, *, create: bool) -> None:
    from alembic import command  # noqa: PLC0415  Alembic takes 0.2 s to import, and few stores are new or old
    from alembic.config import Config  # noqa: PLC0415

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


def _check_world(tx: sa.Connection, database: Database, world: Installation) -> None:
    stamped = tx.scalar(sa.select(t.stamp.c.world))
    if stamped != world:
        remedy = "ask with --sandbox" if stamped == "sandbox" else "ask without --sandbox"
        raise StoreError(
            f"The store at {database.place} is {stamped}, not {world}: {remedy}, "
            "or set ENRICH_STORE_URL to another store."
        )


def _nothing_there(database: Database) -> StoreError:
    return StoreError(f"There is no store at {database.place} yet: enrich a company first, or check ENRICH_STORE_URL.")
