"""JSON to rows: a list of objects, of lists or of texts; objects in objects are read by the name of their field.

{"company": {"name": "Acme", "domain": "acme.com"}}  ->  company name: Acme, company domain: acme.com
{"properties": {"name": "Acme"}}                     ->  name: Acme
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from enrichment.identity.company_list import Line
from enrichment.identity.domains import registrable_domain
from enrichment.identity.list_columns import is_header
from enrichment.identity.list_rows import UnreadRow
from enrichment.identity.list_titles import role_of
from resources.company_lists.cells import plain
from resources.company_lists.tables import ListTable, UnreadableList

NumberedRecord = tuple[int, object]
"""The number of a record and its value. Records count from 2, as rows below a header; JSON lines by their line."""

_FIRST_ROW = 2
_DEEPEST = 3
"""How deep a list may be inside other objects."""
_NO_LIST = 'it contains no list; give a list of objects, such as [{"name": "Acme"}].'
_CUT = "it is no JSON: it is cut off, or has signs of JSON where none may be"
_TRANSPARENT = ("properties", "fields", "attributes")
"""Names of objects that only wrap the fields of a record."""
_READ: frozenset[str | None] = frozenset({"website", "profile", "country"})
"""Roles of fields that are read of an object that has a name: domain, website, primary_domain, linkedin_url."""


def json_records(text: str) -> list[NumberedRecord]:
    """JSON lines under this ending are read as such.

    Raises UnreadableList where there is no list, ValueError where it is no JSON.
    """
    try:
        return _numbered(_listed(json.loads(text)))
    except ValueError:
        if len(lines := _json_lines(text)) < 2 or isinstance(lines[0][1], UnreadRow):
            raise
        return lines


def _numbered(values: list[object]) -> list[NumberedRecord]:
    """The first of lists of cells is line 1: it may be a header."""
    return list(enumerate(values, 1 if values and isinstance(values[0], list) else _FIRST_ROW))


def json_line_records(text: str) -> list[NumberedRecord]:
    """One record a line; a file that is one JSON document is read as that. A damaged line is refused alone."""
    records = _json_lines(text)
    if records and isinstance(records[0][1], Mapping):
        return records
    try:
        return _numbered(_listed(json.loads(text)))
    except ValueError:
        if all(isinstance(value, UnreadRow) for _, value in records):
            raise
        return records


def records_table(records: Sequence[NumberedRecord]) -> ListTable:
    """Objects by their keys, in the order in which these come first; plain texts are names; lists are rows."""
    if not records:
        return ListTable("", [])
    rows = [value for _, value in records if not isinstance(value, UnreadRow)]
    if rows and all(isinstance(value, list) for value in rows):
        return ListTable("", [(at, _row(value)) for at, value in records])
    flat = [(at, value if isinstance(value, UnreadRow) else dict(_fields(value))) for at, value in records]
    titles = list(dict.fromkeys(key for _, fields in flat if isinstance(fields, dict) for key in fields))
    shown = [title.encode("utf-8", "replace").decode() for title in titles]
    lines: list[Line] = [
        (at, [fields.get(title) for title in titles] if isinstance(fields, dict) else fields) for at, fields in flat
    ]
    return ListTable("", [(1, shown), *lines])


def _listed(document: object) -> list[object]:
    """A list of records; of a document that wraps one, that list; of a table by columns or by keys, its rows."""
    if isinstance(document, list):
        return document
    if not isinstance(document, Mapping):
        raise UnreadableList(_NO_LIST)
    found = _by_columns(document) or _by_keys(document) or _the_list_in(document) or _one_record(document)
    if not found:
        raise UnreadableList(_NO_LIST)
    return found


def _by_columns(document: Mapping[str, object]) -> list[object]:
    """{'name': ['Acme'], 'domain': ['acme.com']}, or {'0': 'Acme'} in it, or {'columns': [...], 'data': [[...]]}."""
    titles, rows = document.get("columns"), document.get("data")
    if isinstance(titles, list) and isinstance(rows, list) and rows and all(isinstance(row, list) for row in rows):
        return [titles, *rows]
    columns = {name: _in_order(value) for name, value in document.items()}
    lengths = {len(column) for column in columns.values() if column is not None}
    if None in columns.values() or len(lengths) != 1 or not any(role_of(name) for name in columns):
        return []
    whole = cast("list[list[object]]", list(columns.values()))
    return [dict(zip(columns, row, strict=True)) for row in zip(*whole, strict=True)]


def _in_order(column: object) -> list[object] | None:
    """The values of a column in the order of their rows; where rows are numbered, by number, with None for gaps."""
    if isinstance(column, Mapping) and column and all(re.fullmatch(r"\d+", str(key)) for key in column):
        return [column[key] for key in sorted(column, key=int)]
    is_column = isinstance(column, list) and not any(isinstance(value, list | Mapping) for value in column)
    return cast("list[object]", column) if is_column else None


def _by_keys(document: Mapping[str, object]) -> list[object]:
    """{'acme.com': {'name': 'Acme'}}, {'Acme': {'website': ...}}, {'Acme': 'acme.com'}: the key is read too."""
    if not document or any(role_of(key) for key in document):
        return []
    if all(isinstance(value, Mapping) and any(map(role_of, value)) for value in document.values()):
        return [
            {"domain" if registrable_domain(key) else "name": key, **cast("dict[str, object]", value)}
            if not key.isdigit()
            else value
            for key, value in document.items()
        ]
    if all(isinstance(value, str) and registrable_domain(value) for value in document.values()):
        return [{"name": key, "domain": value} for key, value in document.items()]
    return []


def _the_list_in(document: Mapping[str, object]) -> list[object]:
    """The one list of a document, or of several the one of companies; else that of the objects inside."""
    level: list[Mapping[str, object]] = [document]
    for _ in range(_DEEPEST):
        values = [value for one in level for value in one.values()]
        lists = [value for value in values if isinstance(value, list) and value]
        found = lists if len(lists) == 1 else [one for one in lists if _are_companies(one)]
        if len(found) == 1:
            return found[0]
        level = [value for value in values if isinstance(value, Mapping)]
    return []


def _are_companies(records: list[object]) -> bool:
    return all(isinstance(record, Mapping) and any(map(role_of, record)) for record in records)


def _one_record(document: Mapping[str, object]) -> list[object]:
    return [document] if is_header([str(key) for key in document]) else []


def _json_lines(text: str) -> list[NumberedRecord]:
    return [(at, _line(line)) for at, line in enumerate(text.split("\n"), start=1) if line.strip()]


def _line(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return UnreadRow(line, _CUT)


def _row(value: object) -> Sequence[object] | UnreadRow:
    return [plain(cell) for cell in value] if isinstance(value, list) else cast("UnreadRow", value)


def _fields(value: object) -> Iterator[tuple[str, object]]:
    if not isinstance(value, Mapping):
        yield "name", plain(value)
        return
    for key, inner in value.items():
        if isinstance(inner, Mapping) and str(key).lower() in _TRANSPARENT:
            yield from ((str(name), plain(one)) for name, one in inner.items())
        elif isinstance(inner, Mapping) and (named := next((one for one in inner if str(one).lower() == "name"), None)):
            yield str(key), plain(inner[named])
            yield from (
                (_within(str(key), str(name)), plain(one)) for name, one in inner.items() if role_of(str(name)) in _READ
            )
        else:
            yield str(key), plain(inner)


def _within(key: str, name: str) -> str:
    """'company domain'; of a field whose name says no more beside that of the object, the name alone."""
    return joined if role_of(joined := f"{key} {name}") in _READ else name
