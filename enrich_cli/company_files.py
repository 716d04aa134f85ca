"""`enrich companies add`: what a file of companies was understood to contain, and taking it.

file  ->  UnderstoodFile: each list of it, its columns, the fate of each row
      ->  new companies registered, rows left out in a file beside it
"""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast, get_args

from enrich_cli.errors import UsageError
from enrichment.domain.ids import new_id
from enrichment.domain.records import Company
from enrichment.identity.company_list import UnderstoodList, understand
from enrichment.identity.domains import company_key
from enrichment.identity.list_columns import ColumnContent, NoCompanyColumn
from enrichment.identity.list_rows import Fate, ListEntry, Row
from enrichment.identity.names import name_form
from resources.clock import utc_now
from resources.company_lists import ListTable, UnreadableList, read_list
from resources.store import SqlStore

LEFT_OUT: tuple[Fate, ...] = ("refused", "ambiguous", "empty")
"""Rows that no company is taken from."""


@dataclass(frozen=True, slots=True)
class ListOptions:
    """What a person declares of a file. sheet: of Excel. columns: title -> what it contains."""

    sheet: str | None = None
    encoding: str | None = None
    columns: Mapping[str, ColumnContent] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnderstoodFile:
    """passed_over: sheets that are no list of companies."""

    path: Path
    lists: tuple[tuple[ListTable, UnderstoodList], ...]
    passed_over: tuple[str, ...] = ()

    def rows(self, *fates: Fate) -> list[Row]:
        return [row for _, one in self.lists for row in one.sorted.rows if not fates or row.fate in fates]

    @property
    def counts(self) -> dict[Fate, int]:
        """Fate -> rows; they add up to the rows of the file."""
        return {fate: len(self.rows(fate)) for fate in get_args(Fate)}


def asked_columns(text: str | None) -> dict[str, ColumnContent]:
    """'Account=name,Web=website' -> title -> what it contains. Raises UsageError."""
    declared: dict[str, ColumnContent] = {}
    for pair in (text or "").split(","):
        title, _, content = (part.strip() for part in pair.partition("="))
        content = "website" if content == "domain" else content
        if pair and (not title or content not in get_args(ColumnContent)):
            raise UsageError(f"--map takes pairs such as 'Account=name,Web=website', not {pair!r}.")
        if pair:
            declared[title] = cast("ColumnContent", content)
    return declared


def understand_file(path: Path, options: ListOptions, registered: Sequence[Company]) -> UnderstoodFile:
    """Reads a file and sorts its rows by which companies are registered; writes nothing. Raises UsageError."""
    try:
        tables = read_list(path, sheet=options.sheet, encoding=options.encoding)
    except UnreadableList as error:
        raise UsageError(str(error)) from None
    if not any(table.rows for table in tables):
        raise UsageError(f"{path} is empty; give it a first line such as name,website and a company per line.")
    registry = _Registry(registered)
    lists: list[tuple[ListTable, UnderstoodList]] = []
    passed_over: list[str] = []
    for table in tables:
        try:
            found = understand(table.rows, declared=options.columns, known=registry.known, same_name=registry.named)
        except NoCompanyColumn as error:
            if len(tables) == 1:
                raise UsageError(f"{path}: {error}.") from None
            passed_over.append(table.title)
        else:
            lists.append((table, found))
    if not lists:
        raise UsageError(f"{path}: none of its sheets ({', '.join(passed_over)}) has a column of names or websites.")
    return UnderstoodFile(path, tuple(lists), tuple(passed_over))


def take(understood: UnderstoodFile, store: SqlStore) -> int:
    """Registers the companies that are new; how many that were."""
    now = utc_now()
    before = {company.company_id for company in store.companies.all()}
    fresh = [
        Company(new_id("com"), company_key(entry.name, entry.domain), entry.name, entry.domain, now)
        for entry in (row.entry for row in understood.rows("new"))
        if entry is not None
    ]
    added = {company.company_id for company in store.companies.add(fresh)} if fresh else set[str]()
    return len(added - before)


def write_left_out(understood: UnderstoodFile) -> Path | None:
    """The rows that were not taken, with the reason, as CSV beside the file: mend them there and add that file."""
    if not understood.rows(*LEFT_OUT):
        return None
    path = understood.path.with_name(f"{understood.path.stem}.left-out.csv")
    with path.open("w", encoding="utf-8-sig", newline="") as lines:
        writer = csv.writer(lines)
        for table, one in understood.lists:
            cells = dict(table.rows)
            writer.writerow([*(one.columns.titles if one.columns.header else ()), "problem"])
            writer.writerows([*_texts(cells[row.line]), row.because] for row in one.sorted.of(*LEFT_OUT))
    return path


def _texts(cells: Sequence[object] | None) -> Iterator[str]:
    return ("" if cell is None else str(cell) for cell in cells or ())


class _Registry:
    """The registered companies, by key and by spelling of the name."""

    def __init__(self, companies: Sequence[Company]) -> None:
        self._by_key = {company.key: company.company_id for company in companies}
        self._by_spelling = defaultdict[str, set[str]](set)
        for company in companies:
            for spelling in name_form(company.name or "").spellings:
                self._by_spelling[spelling].add(company.company_id)

    def known(self, entry: ListEntry) -> Sequence[str]:
        key = company_key(entry.name, entry.domain)
        return (self._by_key[key],) if key in self._by_key else ()

    def named(self, entry: ListEntry) -> Sequence[str]:
        spellings = name_form(entry.name or "").spellings
        return sorted(set[str]().union(*(self._by_spelling.get(spelling, ()) for spelling in spellings)))
