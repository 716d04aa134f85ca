"""Write many events to Dagster's storage in one transaction, all assets and kinds together.

entries -> event_logs, the last event of each asset, evaluations of checks by partition
Private Dagster imports: its own batches are of one asset, on Postgres alone, and without evaluations. This works in any
Dagster home with SQLite or Postgres, as it is. SQLite has a file for each run beside the index over all of them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import sqlalchemy as sa
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS, DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from enrichment_assets.events.event_json import EventJson

AT_ONCE = 1_000  # events of one transaction
_checks = AssetCheckExecutionsTable.c
_INDEXED = ASSET_EVENTS | ASSET_CHECK_EVENTS
_Stored = tuple[EventLogEntry, int]


def store_events(instance: dg.DagsterInstance, entries: Sequence[EventLogEntry]) -> None:
    """Stores events in this order. Events of assets and of checks; not those by which Dagster follows a run."""
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):  # the same name that Dagster's own service uses
        for entry in entries:
            instance.handle_new_event(entry)
        return
    for first in range(0, len(entries), AT_ONCE):
        _store(storage, entries[first : first + AT_ONCE])


def _store(storage: SqlEventLogStorage, entries: Sequence[EventLogEntry]) -> None:
    event_json = EventJson()
    rows = [_row(storage, entry, event_json.of(entry)) for entry in entries]
    if isinstance(storage, SqliteEventLogStorage):
        for run_id, of_run in _by_run(rows).items():
            with storage.run_connection(run_id) as connection:
                connection.execute(sa.insert(SqlEventLogStorageTable), of_run)
        indexed = [at for at, entry in enumerate(entries) if entry.dagster_event_type in _INDEXED]
        entries, rows = [entries[at] for at in indexed], [rows[at] for at in indexed]
    if not rows:
        return
    insert = sa.insert(SqlEventLogStorageTable)
    with storage.index_transaction() as connection:
        ids = connection.scalars(
            insert.returning(SqlEventLogStorageTable.c.id, sort_by_parameter_order=True), rows
        ).all()
        stored = list(zip(entries, ids, strict=True))
        _store_assets(storage, connection, [one for one in stored if one[0].dagster_event_type in ASSET_EVENTS])
        _store_evaluations(storage, connection, stored, [row["event"] for row in rows])


def _row(storage: SqlEventLogStorage, entry: EventLogEntry, serialized: str) -> dict[str, Any]:
    event = entry.get_dagster_event()
    return {
        "run_id": entry.run_id,
        "event": serialized,
        "dagster_event_type": event.event_type_value,
        "timestamp": storage._event_insert_timestamp(entry),  # type: ignore[no-untyped-call]
        "step_key": event.step_key,
        "asset_key": None if event.asset_key is None else event.asset_key.to_string(),
        "partition": event.partition,
    }


def _by_run(rows: Sequence[dict[str, Any]]) -> Mapping[str, list[dict[str, Any]]]:
    by_run: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_run[row["run_id"]].append(row)
    return by_run


def _store_assets(storage: SqlEventLogStorage, connection: sa.Connection, stored: Sequence[_Stored]) -> None:
    """Dagster keeps the last event of each kind for an asset."""
    storage._store_asset_event_tags(connection, [entry for entry, _ in stored], [event_id for _, event_id in stored])
    last = {(entry.get_dagster_event().asset_key, entry.dagster_event_type): (entry, id_) for entry, id_ in stored}
    for entry, event_id in last.values():
        storage._store_asset_event(connection, entry, event_id)


def _store_evaluations(
    storage: SqlEventLogStorage, connection: sa.Connection, stored: Sequence[_Stored], serialized: Sequence[str]
) -> None:
    """Stores one evaluation per check, run and partition; it replaces what the run planned or evaluated before."""
    rows = [
        _evaluation_row(storage, entry, event_id, event)
        for (entry, event_id), event in zip(stored, serialized, strict=True)
        if entry.dagster_event_type is DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    newest = {(row["asset_key"], row["check_name"], row["run_id"], row["partition"]): row for row in rows}
    for asset, check, run_id, partitions in _of_one_check(newest):
        connection.execute(
            sa.delete(AssetCheckExecutionsTable).where(
                _checks.asset_key == asset,
                _checks.check_name == check,
                _checks.run_id == run_id,
                _checks.partition.in_(partitions),
            )
        )
    if newest:
        connection.execute(sa.insert(AssetCheckExecutionsTable), list(newest.values()))


def _of_one_check(keys: Mapping[tuple[str, str, str, str], Any]) -> Iterator[tuple[str, str, str, list[str]]]:
    partitions: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for asset, check, run_id, partition in keys:
        partitions[asset, check, run_id].append(partition)
    for (asset, check, run_id), of_check in partitions.items():
        yield asset, check, run_id, of_check


def _evaluation_row(
    storage: SqlEventLogStorage, entry: EventLogEntry, event_id: int, serialized: str
) -> dict[str, Any]:
    evaluation = entry.get_dagster_event().asset_check_evaluation_data
    target = evaluation.target_materialization_data
    status = AssetCheckExecutionRecordStatus
    return {
        "asset_key": evaluation.asset_key.to_string(),
        "check_name": evaluation.check_name,
        "partition": evaluation.partition,
        "run_id": entry.run_id,
        "execution_status": (status.SUCCEEDED if evaluation.passed else status.FAILED).value,
        "evaluation_event": serialized,
        "evaluation_event_timestamp": storage._event_insert_timestamp(entry),  # type: ignore[no-untyped-call]
        "evaluation_event_storage_id": event_id,
        "materialization_event_storage_id": None if target is None else target.storage_id,
    }
