"""Work a vendor does in the background: a handle now, the result when it is ready.

open -> Job (its result already known, its time not yet come) -> find, by any process, after any restart
"""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.clock import SandboxClock
from sandbox.seeded_random import token
from sandbox.state_file import StateFile

_TABLE = """CREATE TABLE IF NOT EXISTS jobs (
    handle TEXT PRIMARY KEY, vendor TEXT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, asked TEXT NOT NULL,
    created REAL NOT NULL, ready_at REAL NOT NULL, failed INTEGER NOT NULL, result TEXT NOT NULL)"""
_INDEX = "CREATE INDEX IF NOT EXISTS jobs_ready ON jobs (vendor, key, ready_at)"

SLOWER = 10


@dataclass(frozen=True)
class Job:
    """`created` and `ready_at` are seconds since 1970 on the sandbox's clock."""

    handle: str
    kind: str
    asked: dict[str, Any]
    created: float
    ready_at: float
    failed: bool
    result: Any


@dataclass(frozen=True)
class Jobs:
    state: StateFile
    clock: SandboxClock
    seed: int

    def __post_init__(self) -> None:
        self.state.run(_TABLE)
        self.state.run(_INDEX)

    def open(
        self,
        vendor: str,
        key: str,
        *,
        kind: str,
        asked: dict[str, Any],
        result: Any,
        seconds: float,
        fault: str | None = None,
        prefix: str = "",
        length: int = 32,
    ) -> Job:
        """Start work that takes `seconds` of vendor time. `slow_job` takes ten times that, `failing_job` fails."""
        number = self.state.rows("SELECT COALESCE(MAX(rowid), 0) AS n FROM jobs")[0]["n"]
        handle = prefix + token(length, self.seed, vendor, key, kind, json.dumps(asked, sort_keys=True), number)
        now = self.clock.now()
        ready_at = now + self.clock.span(seconds * (SLOWER if fault == "slow_job" else 1))
        job = Job(handle, kind, asked, now, ready_at, fault == "failing_job", result)
        self.state.run(
            "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(handle, vendor, key, kind, json.dumps(asked), now, ready_at, int(job.failed), json.dumps(result)),
        )
        return job

    def find(self, vendor: str, handle: str) -> Job | None:
        rows = self.state.rows("SELECT * FROM jobs WHERE vendor = ? AND handle = ?", vendor, handle)
        if not rows:
            return None
        row = rows[0]
        return Job(
            row["handle"],
            row["kind"],
            json.loads(row["asked"]),
            row["created"],
            row["ready_at"],
            bool(row["failed"]),
            json.loads(row["result"]),
        )

    def running(self, job: Job) -> bool:
        return self.clock.now() < job.ready_at

    def waits(self, vendor: str, key: str, dataset_id: str) -> list[float]:
        """Seconds until each running job of this dataset is ready, the first one first."""
        now = self.clock.now()
        rows = self.state.rows(
            "SELECT ready_at FROM jobs WHERE vendor = ? AND key = ? AND ready_at > ?"
            " AND json_extract(asked, '$.dataset_id') = ? ORDER BY ready_at",
            *(vendor, key, now, dataset_id),
        )
        return [row["ready_at"] - now for row in rows]
