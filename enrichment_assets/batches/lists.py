"""The companies of a list that a run is given: what was understood of it, and the rows that are left out, for people.

path -> the one reader of lists -> new companies registered -> PartitionList, shown in the log and in metadata
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import dagster as dg

from enrichment.identity.company_list import UnderstoodList
from enrichment.identity.domains import company_key
from enrichment_assets.events.metadata import Metadata, table_markdown
from resources.company_lists import ListTable
from resources.company_lists.company_files import (
    LEFT_OUT,
    ListOptions,
    UnderstoodFile,
    keep_left_out,
    take,
    understand_file,
)
from resources.company_lists.list_reviews import open_reviews, with_decisions
from resources.store import SqlStore


@dataclass(frozen=True, slots=True)
class PartitionList:
    """company_ids: in the order of the list, each once. left_out: the file with the rows that are not taken.

    says: what was understood, a line each.
    """

    company_ids: tuple[str, ...]
    says: tuple[str, ...]
    left_out: Path | None = None
    rows_left_out: tuple[tuple[str, str], ...] = ()

    def metadata(self) -> Metadata:
        shown: Metadata = {"list": dg.MetadataValue.md("\n".join(f"- {line}" for line in self.says))}
        if self.left_out is not None:
            shown["left_out"] = dg.MetadataValue.md(table_markdown(("row", "why it is left out"), self.rows_left_out))
            shown["left_out_file"] = dg.MetadataValue.path(str(self.left_out))
        return shown


def listed_companies(path: Path, store: SqlStore, now: datetime) -> PartitionList:
    """Registers what is new, as `enrich batch start FILE` does. Raises UnreadableList, StoreError."""
    companies = store.companies
    understood = understand_file(
        path.expanduser(), ListOptions(), companies.all(), companies.vendor_ids(), companies.other_keys()
    )
    understood = with_decisions(understood, store)
    left_out = keep_left_out(understood)  # before anything is registered: if this file cannot be written, nothing is
    take(understood, store)
    waiting = open_reviews(understood, store, now)
    rows = tuple((f"line {row.line}", row.because) for row in understood.rows(*LEFT_OUT))
    return PartitionList(_ids(understood, store), tuple(_lines(understood, waiting, left_out)), left_out, rows)


def _ids(understood: UnderstoodFile, store: SqlStore) -> tuple[str, ...]:
    stored = {company.key: company for company in store.companies.all()}
    keys = [company_key(row.entry.name, row.entry.domain) for row in understood.rows("new", "known") if row.entry]
    found = [stored.get(key) or store.companies.by_key(key) for key in keys]
    return tuple(dict.fromkeys(company.company_id for company in found if company is not None))


def _lines(understood: UnderstoodFile, waiting: int, left_out: Path | None) -> Iterator[str]:
    for table, one in understood.lists:
        yield _columns(table, one)
        yield from (f"guessed: {guess}" for guess in table.guessed)
    yield from (f"sheet {title!r}: no list of companies, passed over" for title in understood.passed_over)
    counts = ", ".join(f"{count:,} {fate}" for fate, count in understood.counts.items() if count)
    yield f"{sum(understood.counts.values()):,} rows of {understood.path}: {counts or 'none'}"
    if waiting:
        yield f"{waiting:,} wait for a person: `enrich companies review`"
    if left_out is not None:
        yield f"rows left out are in {left_out}, with the reason: mend them there, and give that file"


def _columns(table: ListTable, one: UnderstoodList) -> str:
    columns = one.columns
    sheet = f"sheet {table.title!r}: " if table.title else ""
    header = "" if columns.header else "no header, decided by the cells: "
    parts = [
        f"{what} from {' or '.join(repr(columns.titles[at]) for at in places)}"
        for what, places in (("name", columns.names), ("website", columns.websites), ("e-mail", columns.emails))
        if places
    ]
    return sheet + header + ", ".join(parts)
