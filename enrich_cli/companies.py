"""`enrich companies add`: people's files in, companies registered, bad rows listed with their line."""

import csv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from enrich_cli.failure import INCOMPLETE, UsageError
from enrich_cli.rules_at_hand import settings_and_rules
from enrich_cli.show import console
from enrichment.company import NotACompany, company_key, parse_company
from enrichment.ids import new_id
from enrichment.records import Company
from resources.world import open_store_of, utc_now

_READERS = {
    ".csv": pd.read_csv,
    ".xlsx": pd.read_excel,
    ".xls": pd.read_excel,
    ".parquet": pd.read_parquet,
}
_NAMES = ("name", "company", "company_name")
_ADDRESSES = ("domain", "website", "url")
_SHOWN = 20
_FIRST_ROW = 2  # line 1 is the header


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    reason: str


def add_file(path: Path, *, sandbox: bool) -> int:
    """Registers the good rows; the exit code tells whether there were bad ones."""
    settings, _ = settings_and_rules(sandbox=sandbox)
    companies, bad = read_companies(path)
    store = open_store_of(settings)
    try:
        before = {company.key for company in store.companies()}
        added = store.add_companies(companies) if companies else []
    finally:
        store.close()
    new = {company.key for company in added} - before
    console.print(f"{len(new)} companies added, {len(companies) - len(new)} known already, {len(bad)} rows not taken")
    for row in bad[:_SHOWN]:
        console.print(f"  line {row.line}: {row.reason}", markup=False)
    if len(bad) > _SHOWN:
        console.print(f"  and {len(bad) - _SHOWN} more")
    return INCOMPLETE if bad else 0


def read_companies(path: Path) -> tuple[list[Company], list[BadRow]]:
    """The companies of a file, each key once, and the rows that name none. Raises UsageError."""
    table = _table(path)
    columns = {str(column).strip().lower(): column for column in table.columns}
    names = next((columns[c] for c in _NAMES if c in columns), None)
    addresses = next((columns[c] for c in _ADDRESSES if c in columns), None)
    if names is None and addresses is None:
        raise UsageError(f"{path} has no column name, domain or website; rename the one that says who is meant.")
    companies: dict[str, Company] = {}
    bad: list[BadRow] = []
    for line, name, address in _rows(table, names, addresses):
        try:
            company = _company(name, address)
        except NotACompany as error:
            bad.append(BadRow(line, str(error)))
        else:
            companies.setdefault(company.key, company)
    return list(companies.values()), bad


def _table(path: Path) -> pd.DataFrame:
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UsageError(f"{path} is neither CSV, Excel nor Parquet; save it as one of them.")
    try:
        if reader is pd.read_csv:
            return _csv(path)
        return reader(path)  # type: ignore[no-any-return, operator]  # three readers of one shape
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist; check the path.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (ValueError, KeyError, zipfile.BadZipFile, csv.Error) as error:
        raise UsageError(f"{path} cannot be read as {path.suffix[1:]}: {_first_line(error)}") from None


def _csv(path: Path) -> pd.DataFrame:
    """UTF-8, or what Excel writes: UTF-16 with a mark, else Windows-1252. Rows with too many fields are cut."""
    start = path.open("rb").read(2)
    encodings = ["utf-16"] if start in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "cp1252"]
    for encoding in encodings[:-1]:
        try:
            return _read_csv(path, encoding)
        except UnicodeDecodeError:
            continue
    return _read_csv(path, encodings[-1])


def _read_csv(path: Path, encoding: str) -> pd.DataFrame:
    return pd.read_csv(
        path,
        encoding=encoding,
        dtype=str,
        keep_default_na=False,
        engine="python",
        sep=None,
        skip_blank_lines=False,
        on_bad_lines=lambda fields: fields[:50],
    )


def _rows(table: pd.DataFrame, names: Any, addresses: Any) -> Iterator[tuple[int, str, str]]:
    empty = [""] * len(table)
    name_column = empty if names is None else table[names]
    address_column = empty if addresses is None else table[addresses]
    for line, (name, address) in enumerate(zip(name_column, address_column, strict=True), start=_FIRST_ROW):
        yield line, _text(name), _text(address)


def _text(cell: object) -> str:
    return "" if cell is None or cell != cell else str(cell).strip()  # noqa: PLR0124  NaN is not itself


def _company(name: str, address: str) -> Company:
    """The domain decides; a row without one is known by its name until its domain is found. Raises NotACompany."""
    named = parse_company(address) if address else parse_company(name)
    label = parse_company(name).name if name else None
    domain = named.domain
    return Company(new_id("com"), company_key(label or named.name, domain), label or named.name, domain, utc_now())


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
