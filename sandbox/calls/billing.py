"""Billing: what each vendor charged each key, in the vendor's own unit.

bill -> one row;  invoice -> {vendor: {unit: units}}
remember -> repeat: an answer the vendor repeats for free
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.clock import SandboxClock
from sandbox.companies.coverage import NotDeclared
from sandbox.state_file import StateFile

_TABLES = (
    """CREATE TABLE IF NOT EXISTS lines (
        id INTEGER PRIMARY KEY, vendor TEXT NOT NULL, key TEXT NOT NULL, unit TEXT NOT NULL,
        units INTEGER NOT NULL, asked TEXT NOT NULL, at REAL NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS repeats (
        vendor TEXT NOT NULL, key TEXT NOT NULL, asked TEXT NOT NULL, until REAL NOT NULL, answer TEXT NOT NULL,
        PRIMARY KEY (vendor, key, asked))""",
    "CREATE INDEX IF NOT EXISTS repeats_until ON repeats (until)",
)


@dataclass(frozen=True)
class Billing:
    """Kept in the state file. A line of a job that is not ready is dated in the future, and not yet on the invoice.

    units: vendor -> what it charges in, as its class declares it.
    """

    state: StateFile
    clock: SandboxClock
    units: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        for table in _TABLES:
            self.state.run(table)

    def bill(self, vendor: str, key: str, *, unit: str, units: int, asked: str, at: float | None = None) -> None:
        """Charge `units`; nothing is written for zero. `at`: seconds since 1970, now if not given.

        Raises NotDeclared for a unit that the vendor does not declare.
        """
        if unit not in self.units.get(vendor, ()):
            raise NotDeclared(f"{vendor} declares no unit {unit}: add it to `units` of its class in sandbox/vendors")
        if units <= 0:
            return
        self.state.run(
            "INSERT INTO lines (vendor, key, unit, units, asked, at) VALUES (?, ?, ?, ?, ?, ?)",
            *(vendor, key, unit, units, asked, self.clock.now() if at is None else at),
        )

    def invoice(self, key: str | None = None) -> dict[str, dict[str, int]]:
        """Units per vendor, zeros included, of one key or of all."""
        total = {vendor: dict.fromkeys(units, 0) for vendor, units in self.units.items()}
        for row in self.state.rows(
            "SELECT vendor, unit, SUM(units) AS units FROM lines"
            " WHERE at <= ? AND (? IS NULL OR key = ?) GROUP BY vendor, unit",
            *(self.clock.now(), key, key),
        ):
            total.setdefault(row["vendor"], {})[row["unit"]] = row["units"]
        return total

    def lines(self, key: str | None = None) -> list[dict[str, Any]]:
        rows = self.state.rows(
            "SELECT vendor, key, unit, units, asked, at FROM lines"
            " WHERE at <= ? AND (? IS NULL OR key = ?) ORDER BY id",
            *(self.clock.now(), key, key),
        )
        return [dict(row) for row in rows]

    def repeat(self, vendor: str, key: str, asked: str) -> Any:
        """The answer to this question, if the vendor still repeats it for free; else None."""
        rows = self.state.rows(
            "SELECT answer FROM repeats WHERE vendor = ? AND key = ? AND asked = ? AND until > ?",
            *(vendor, key, asked, self.clock.now()),
        )
        return json.loads(rows[0]["answer"]) if rows else None

    def remember(self, vendor: str, key: str, asked: str, *, answer: object, seconds: float) -> None:
        """Repeat `answer` for free for `seconds` of the vendor's time."""
        now = self.clock.now()
        self.state.run("DELETE FROM repeats WHERE until <= ?", now)
        self.state.run(
            "INSERT OR REPLACE INTO repeats VALUES (?, ?, ?, ?, ?)",
            *(vendor, key, asked, now + self.clock.span(seconds), json.dumps(answer)),
        )
