"""A list that was sent, of companies or of people: read, and what each of its columns was read as.

bytes of a file -> ListedCompanies
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from enrichment.identity.company_list import read_rows
from enrichment.identity.list_columns import ListColumns, NoCompanyColumn
from enrichment.identity.list_fates import ListRow
from resources.company_lists import UnreadableList, read_list
from service.problems import ApiProblem
from service.views.batches import LeftOut

MOST_COMPANIES = 10_000
"""The most companies of one batch."""
_OPTION = ", or name it, as in --map"  # what only the command line has


@dataclass(frozen=True, slots=True)
class StatedBeside:
    """What a list states of a company beside the text that names it. country: its code."""

    name: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class ListedCompanies:
    """What a list was understood as. columns: sheet, title of a column, what it was read as. assumed: in words.

    texts: each once. beside: text -> what else the first of its rows states. repeated, empty: rows.
    """

    texts: list[str]
    left_out: list[LeftOut]
    columns: tuple[tuple[str, str, str], ...]
    assumed: tuple[str, ...]
    beside: Mapping[str, StatedBeside] = field(default_factory=dict)
    repeated: int = 0
    empty: int = 0


def listed_in(body: bytes, suffix: str) -> ListedCompanies:
    """suffix: of a file of its kind. Blocks. Raises ApiProblem: it is no list, names no company, or too many."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"list{suffix}"
        path.write_bytes(body)
        try:
            tables = read_list(path)
            lists = [(table.title, read_rows(table.rows)) for table in tables]
        except (UnreadableList, NoCompanyColumn) as error:
            why = str(error).replace(str(path), "The list").partition(_OPTION)[0].rstrip(".")
            raise ApiProblem("invalid", f"{why}.") from None
    rows = [row for _, one in lists for row in one.entries]
    entries = [row for row in rows if not isinstance(row, ListRow)]
    beside: dict[str, StatedBeside] = {}
    for row in entries:
        beside.setdefault(str(row.domain or row.name), StatedBeside(row.name, row.evidence.country))
    if len(beside) > MOST_COMPANIES:
        counts = f"This list has {len(beside):,} companies, a batch takes {MOST_COMPANIES:,} at most"
        raise ApiProblem("too_large", f"{counts}: send several lists.")
    refused = [row for row in rows if isinstance(row, ListRow) and row.fate != "empty"]
    return ListedCompanies(
        list(beside),
        [LeftOut(company=f"line {row.line}", code="not_a_company", because=row.because) for row in refused],
        tuple((title, *column) for title, one in lists for column in _columns(one.columns)),
        tuple(dict.fromkeys(guess for table in tables for guess in table.guessed)),
        beside=beside,
        repeated=len(entries) - len(beside),
        empty=len(rows) - len(entries) - len(refused),
    )


def _columns(columns: ListColumns) -> Iterator[tuple[str, str]]:
    """Each column with what it was read as, in the order of the list; of people their companies are taken."""
    read_as = {**dict.fromkeys(columns.countries, "country"), **dict.fromkeys(columns.emails, "email, for its domain")}
    read_as |= dict.fromkeys(columns.websites, "website") | dict.fromkeys(columns.profiles, "page on a directory")
    read_as |= dict.fromkeys(columns.names, "name of the company") | {at: f"id: {kind}" for at, kind in columns.ids}
    width = max([len(columns.titles), *(at + 1 for at in read_as)], default=0)
    for at in range(width):
        title = columns.titles[at] if at < len(columns.titles) and columns.titles[at] else f"column {at + 1}"
        yield title, read_as.get(at, "not used")
