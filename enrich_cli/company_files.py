"""Files of companies as people keep them: each good row a company, each bad one with its line and the reason.

file -> its header and (line, cells) row by row -> companies, each key once, and BadRow(line, reason)
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from enrich_cli.bootstrap import opened_store
from enrich_cli.errors import UsageError
from enrichment.domain.ids import new_id
from enrichment.domain.records import Company
from enrichment.identity.domains import NotACompany, company_key, parse_company
from resources.wiring import utc_now

_NAMES = ("name", "company", "company name")
_ADDRESSES = ("domain", "website", "url")
_DELIMITERS = ",;\t|"
_ONE_COLUMN = "\x1f"  # a delimiter that occurs in no name: then a comma belongs to the cell
_LONGEST_HEADER = 20  # lines
_FIRST_ROW = 2  # line 1 is the header
_UNCLOSED = "a quotation mark opens a cell that nothing closes; close it, or take it out"

_Row = tuple[int, Sequence[object] | None]  # the line it begins on, and its cells; None: a cell in it does not end


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class AddedFile:
    """new, known: how many companies of the file were not, and were, registered before."""

    new: int
    known: int
    bad_rows: list[BadRow]


def add_file(path: Path, *, sandbox: bool) -> AddedFile:
    """Registers the good rows. Raises UsageError: the file is no list of companies."""
    companies, bad = read_companies(path)
    with opened_store(sandbox=sandbox) as (_, _, store):
        before = {company.key for company in store.companies.all()}
        added = store.companies.add(companies) if companies else []
    new = len({company.key for company in added} - before)
    return AddedFile(new, len(companies) - new, bad)


def read_companies(path: Path) -> tuple[list[Company], list[BadRow]]:
    """The companies of a file, each key once, and the rows that name none. Raises UsageError."""
    header, rows = _sheet(path)
    columns = {column: at for at, column in reversed(list(enumerate(map(_as_column, header))))}
    name_at = next((columns[c] for c in _NAMES if c in columns), None)
    address_at = next((columns[c] for c in _ADDRESSES if c in columns), None)
    if name_at is None and address_at is None:
        raise UsageError(f"{path} has no column name, domain or website; rename the one that names the company.")
    companies: dict[str, Company] = {}
    bad: list[BadRow] = []
    for line, cells in rows:
        try:
            company = _company_in(cells, name_at, address_at)
        except NotACompany as error:
            bad.append(BadRow(line, str(error)))
        else:
            companies.setdefault(company.key, company)
    return list(companies.values()), bad


def _as_column(cell: object) -> str:
    return _text(cell).replace("_", " ").lower()


def _sheet(path: Path) -> tuple[Sequence[object], Iterable[_Row]]:
    try:
        match path.suffix.lower():
            case ".csv":
                return _of_csv(path)
            case ".xlsx":
                return _of_table(pd.read_excel(path))
            case ".parquet":
                return _of_table(pd.read_parquet(path))
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist; check the path.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (ValueError, KeyError, zipfile.BadZipFile):
        kind = path.suffix[1:].lower()
        raise UsageError(f"{path} is not what its ending says; save it as {kind} once more, or as CSV.") from None
    raise UsageError(f"{path} is neither CSV, Excel (.xlsx) nor Parquet; save it as one of them.")


def _of_table(table: pd.DataFrame) -> tuple[Sequence[object], Iterable[_Row]]:
    plain = table.astype(object).where(table.notna(), None)
    return list(table.columns), enumerate(plain.itertuples(index=False, name=None), start=_FIRST_ROW)


def _of_csv(path: Path) -> tuple[Sequence[object], Iterable[_Row]]:
    text = _decoded(path.read_bytes())
    if text is None:
        raise UsageError(f"{path} is no text; save the table as CSV in UTF-8.")
    lines = list(io.StringIO(text, newline=""))  # splitlines() would also split where a form feed is
    first = next(_rows(lines, _ONE_COLUMN), None)
    if first is None:
        raise UsageError(f"{path} is empty; give it a first line such as name,website and a company per line.")
    rows = _rows(lines, _delimiter(lines[first[0] - 1 :]))
    line, header = next(rows)
    if header is None:
        raise UsageError(f"{path}, line {line}: {_UNCLOSED}.")
    return header, rows


def _decoded(content: bytes) -> str | None:
    """UTF-8, or what Excel writes: UTF-16 with a mark, else Windows-1252. None: it is no text."""
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None


def _delimiter(lines: list[str]) -> str:
    """Sniffed from the header alone, as names in the rows contain commas; without a preference the most frequent."""
    sniffer = csv.Sniffer()
    sniffer.preferred = []
    try:
        return sniffer.sniff(_header(lines), _DELIMITERS).delimiter
    except csv.Error:
        return _ONE_COLUMN


def _header(lines: list[str]) -> str:
    """The first line, and those after it that a quoted cell goes on in."""
    header = ""
    for line in lines[:_LONGEST_HEADER]:
        header += line
        if header.count('"') % 2 == 0:
            break
    return header


def _rows(lines: list[str], delimiter: str) -> Iterator[_Row]:
    """Blank lines are no rows. After a quotation mark that is not closed the next line begins a row again."""
    begin = 0
    while begin < len(lines):
        rest = map(lines.__getitem__, range(begin, len(lines)))
        reader = csv.reader(rest, delimiter=delimiter, strict=True)
        resumed = begin
        try:
            for cells in reader:
                if cells:
                    yield begin + 1, cells
                begin = resumed + reader.line_num
        except csv.Error:  # raised at the quotation mark that comes next, or at the end of the file
            yield begin + 1, _alone(lines[begin], delimiter)
            begin += 1


def _alone(line: str, delimiter: str) -> list[str] | None:
    """A line by itself, read as leniently as csv can; None: its last cell goes on behind it."""
    reader = csv.reader([line, ""], delimiter=delimiter)
    try:
        cells = next(reader)
    except csv.Error:
        return None
    return cells if reader.line_num == 1 else None


def _text(cell: object) -> str:
    """On one line: a break within a cell is a space."""
    return "" if cell is None else " ".join(str(cell).split())


def _company_in(cells: Sequence[object] | None, name_at: int | None, address_at: int | None) -> Company:
    if cells is None:
        raise NotACompany(_UNCLOSED)
    name, address = ("" if at is None or at >= len(cells) else _text(cells[at]) for at in (name_at, address_at))
    return _company(name, address)


def _company(name: str, address: str) -> Company:
    """The domain decides; a row without one is known by its name until its domain is found. Raises NotACompany."""
    named = parse_company(address) if address else parse_company(name)
    label = parse_company(name).name if name else None
    domain = named.domain
    return Company(new_id("com"), company_key(label or named.name, domain), label or named.name, domain, utc_now())
