"""What a file of companies was understood to contain, and taking it.

file  ->  UnderstoodFile: each list of it, its columns, the fate of each row
      ->  rows left out in a file beside it, new companies registered
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TypeVar, get_args

from enrichment.domain.companies import Alias, Cause, Company
from enrichment.domain.ids import new_id
from enrichment.identity.company_list import Lines, ReadList, UnderstoodList, read_rows, sorted_lists
from enrichment.identity.countries import country_code
from enrichment.identity.domains import company_key
from enrichment.identity.list_columns import ColumnContent, NoCompanyColumn
from enrichment.identity.list_fates import Fate, ListRow
from enrichment.identity.list_rows import ListEntry
from enrichment.identity.names import name_form
from resources.clock import utc_now
from resources.company_lists import LeftOutRows, ListTable, Spool, UnreadableList, read_list, write_left_out
from resources.company_lists.left_out import LeftOutRow
from resources.store import SqlStore

T = TypeVar("T")
LEFT_OUT: tuple[Fate, ...] = ("refused", "ambiguous", "empty")
"""Fates of rows from which no company is taken."""
EXAMPLES = 5
"""How many rows of each list are shown as examples of how it was understood."""
SHOWN = 20
"""How many rows of each fate are shown with their line numbers."""
_AT_A_TIME = 1_000
"""How many companies are registered in one transaction."""


@dataclass(frozen=True, slots=True)
class ListOptions:
    """What a person declares of a file. sheet: of Excel. columns: title -> what it contains."""

    sheet: str | None = None
    encoding: str | None = None
    columns: Mapping[str, ColumnContent] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A row and the title of its sheet."""

    sheet: str
    row: ListRow


@dataclass(frozen=True, slots=True)
class Overview:
    """What people are shown of a file of any length.

    counts: fate -> rows; they add up to the rows of the file. first: the first rows of each fate; remarks: rows that a
    company is taken from, but not all that they say, and how many there are. examples: the first rows of each list that
    name a company. learning: how many rows give a registered company its website.
    """

    counts: Mapping[Fate, int]
    first: Mapping[Fate, Sequence[PlacedRow]]
    left_out: Sequence[PlacedRow]
    remarks: Sequence[PlacedRow]
    remark_count: int
    examples: Sequence[Sequence[ListRow]]
    learning: int


@dataclass(frozen=True, slots=True)
class UnderstoodFile:
    """passed_over: sheets that are no list of companies."""

    path: Path
    lists: tuple[tuple[ListTable, UnderstoodList], ...]
    overview: Overview
    passed_over: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, path: Path, lists: Iterable[tuple[ListTable, UnderstoodList]], passed_over: Iterable[str] = ()
    ) -> "UnderstoodFile":
        listed = tuple(lists)
        return cls(path, listed, _overview(listed), tuple(passed_over))

    def rows(self, *fates: Fate) -> Iterator[ListRow]:
        """All rows of the file: they come one after another."""
        return (row for _, one in self.lists for row in one.sorted.rows if not fates or row.fate in fates)

    @property
    def counts(self) -> Mapping[Fate, int]:
        """Fate -> rows; they add up to the rows of the file."""
        return self.overview.counts


def _overview(lists: Sequence[tuple[ListTable, UnderstoodList]]) -> Overview:
    """Counts what the lists contain, in one pass over the rows."""
    counts, remark_count, learning = Counter[Fate](), 0, 0
    first: dict[Fate, list[PlacedRow]] = {fate: [] for fate in get_args(Fate)}
    left_out, remarks, examples = list[PlacedRow](), list[PlacedRow](), list[list[ListRow]]()
    for table, one in lists:
        examples.append([])
        for row in one.sorted.rows:
            counts[row.fate] += 1
            learning += row.learns_for is not None
            placed = PlacedRow(table.title, row)
            _append(placed, first[row.fate], most=SHOWN)
            if row.fate in LEFT_OUT:
                _append(placed, left_out, most=SHOWN)
            elif row.because and row.fate in ("new", "known"):
                remark_count += 1
                _append(placed, remarks, most=SHOWN)
            if row.entry is not None:
                _append(row, examples[-1], most=EXAMPLES)
    whole = {fate: counts[fate] for fate in get_args(Fate)}
    return Overview(whole, first, left_out, remarks, remark_count, examples, learning)


def _append(value: T, values: list[T], *, most: int) -> None:
    if len(values) < most:
        values.append(value)


@dataclass(frozen=True, slots=True)
class Taken:
    """added: new companies. learned: registered companies whose website was not known."""

    added: int
    learned: int


def understand_file(
    path: Path,
    options: ListOptions,
    registered: Sequence[Company],
    vendor_ids: Mapping[str, Sequence[str]] | None = None,
    other_keys: Mapping[str, Sequence[str]] | None = None,
) -> UnderstoodFile:
    """Reads a file and sorts its rows by which companies are registered; writes nothing. Raises UnreadableList.

    vendor_ids: id at a vendor -> company_ids. other_keys: former key, other name or domain -> company_ids.
    """
    tables = read_list(path, sheet=options.sheet, encoding=options.encoding)
    if not any(True for table in tables for _ in table.rows):
        raise UnreadableList(f"{path} is empty; give it a first line such as name,website and a company per line.")
    return _understood(path, tables, options, _Registry(registered, vendor_ids or {}, other_keys or {}))


def _understood(path: Path, tables: Sequence[ListTable], options: ListOptions, registry: "_Registry") -> UnderstoodFile:
    lists: list[tuple[ListTable, ReadList]] = []
    passed_over: list[str] = []
    for table in tables:
        try:
            found = read_rows(table.rows, declared=options.columns, sheet=table.title, kept=Spool)
        except NoCompanyColumn as error:
            if len(tables) == 1:
                raise UnreadableList(f"{path}: {error}.") from None
            passed_over.append(table.title)
        else:
            lists.append((table, found))
    if not lists:
        sheets = ", ".join(passed_over)
        raise UnreadableList(f"{path}: none of its sheets ({sheets}) has a column of names or websites.")
    understood = sorted_lists(
        [one for _, one in lists],
        known=registry.known,
        same_name=registry.named,
        same_id=registry.with_id,
        all_have_domains=registry.all_have_domains,
        kept=Spool,
    )
    return UnderstoodFile.of(path, zip((table for table, _ in lists), understood, strict=True), passed_over)


def take(understood: UnderstoodFile, store: SqlStore) -> Taken:
    """Registers the companies that are new, and the websites of companies that were known by name alone.

    Writes in batches of rows, one transaction each. If it is stopped, adding the same list again adds the rest.
    """
    now = utc_now()
    added = 0
    new = (row.entry for row in understood.rows("new") if row.entry is not None)
    while entries := list(islice(new, _AT_A_TIME)):
        added += _register(entries, understood.path.name, store, now)
    learned = 0
    if understood.overview.learning:
        learned = sum(_learn(row, understood.path.name, store, now) for row in understood.rows("known"))
    return Taken(added, learned)


def _register(entries: Sequence[ListEntry], origin: str, store: SqlStore, now: datetime) -> int:
    """Registers companies; returns how many were not registered by another process meanwhile."""
    fresh = [
        Company(
            new_id("com"),
            company_key(entry.name, entry.domain),
            entry.name,
            entry.domain,
            now,
            country_code(entry.country) or None,
        )
        for entry in entries
    ]
    taken = store.companies.add(fresh)
    store.companies.add_aliases(
        [
            Alias(one, company.company_id, "id", entry.name, origin, now)
            for entry, company in zip(entries, taken, strict=True)
            for one in sorted(entry.ids)
        ]
    )
    return len({company.company_id for company in taken} & {company.company_id for company in fresh})


def _learn(row: ListRow, origin: str, store: SqlStore, now: datetime) -> bool:
    """Whether the row gives a registered company its website."""
    if row.learns_for is None or row.entry is None or (domain := row.entry.domain) is None:
        return False
    cause = Cause("enrich companies add", now, f"line {row.line} of {origin} names its website")
    store.companies.rekey(row.learns_for, key=domain, name=None, domain=domain, cause=cause)
    return True


def keep_left_out(understood: UnderstoodFile) -> Path | None:
    """Writes the rows that are not taken beside the file, with the reason. Raises UnreadableList where it cannot."""
    if not any(understood.counts[fate] for fate in LEFT_OUT):
        return None
    return write_left_out(understood.path, [_left_out(table, one) for table, one in understood.lists])


def _left_out(table: ListTable, one: UnderstoodList) -> LeftOutRows:
    titles = one.columns.titles if one.columns.header else one.columns.readable_titles()
    return LeftOutRows(titles, _RowsOf(table.rows, one.sorted.rows))


@dataclass(frozen=True, slots=True)
class _RowsOf:
    """The cells of the rows that are left out, beside what is wrong with them. Both come in the order of the list."""

    lines: Lines
    rows: Iterable[ListRow]

    def __iter__(self) -> Iterator[LeftOutRow]:
        lines = iter(self.lines)
        for row in self.rows:
            if row.fate in LEFT_OUT:
                yield next(cells for line, cells in lines if line == row.line), row.because


class _Registry:
    """The registered companies, by key, by what else leads to them, by id at a vendor and by spelling of the name."""

    def __init__(
        self,
        companies: Sequence[Company],
        vendor_ids: Mapping[str, Sequence[str]],
        other_keys: Mapping[str, Sequence[str]],
    ) -> None:
        self._vendor_ids, self._other_keys = vendor_ids, other_keys
        self._by_id = {company.company_id: company for company in companies} if vendor_ids or other_keys else {}
        self._by_key = {company.key: company for company in companies}
        self.all_have_domains = all(company.domain is not None for company in companies)

    def known(self, entry: ListEntry) -> Sequence[Company]:
        """Companies with the key of the row, or with another name equal to it; the latter without their own name."""
        if not self._by_key and not self._other_keys:
            return []
        key = company_key(entry.name, entry.domain)
        found = [self._by_key[key]] if key in self._by_key else []
        led = [self._by_id[company_id] for company_id in self._other_keys.get(key, ())]
        if entry.domain is not None:
            return found or led
        return [*found, *(replace(company, name=None) for company in led)]

    def with_id(self, entry: ListEntry) -> Sequence[Company]:
        if not entry.ids or not self._vendor_ids:
            return ()
        ids = {company_id for one in sorted(entry.ids) for company_id in self._vendor_ids.get(one, ())}
        return [self._by_id[company_id] for company_id in sorted(ids)]

    def named(self, entry: ListEntry) -> Sequence[Company]:
        found: dict[str, Company] = {}
        indexes = [self._without_domain] if entry.domain is not None else [self._without_domain, self._with_domain]
        for index in filter(None, indexes):
            for spelling in sorted(name_form(entry.name or "").spellings):
                found |= index.get(spelling, {})
        return list(found.values())

    @cached_property
    def _without_domain(self) -> "_BySpelling":
        return _by_spelling(company for company in self._by_key.values() if company.domain is None)

    @cached_property
    def _with_domain(self) -> "_BySpelling":
        """Made for the first row without a domain: taking the names of a hundred thousand apart takes seconds."""
        return _by_spelling(company for company in self._by_key.values() if company.domain is not None)


_BySpelling = Mapping[str, Mapping[str, Company]]
"""Spelling -> company_id -> company."""


def _by_spelling(companies: Iterable[Company]) -> _BySpelling:
    found = defaultdict[str, dict[str, Company]](dict)
    for company in companies:
        for spelling in name_form(company.name or "").spellings:
            found[spelling][company.company_id] = company
    return found
