"""JSON to rows: a list of objects, of lists or of texts; objects in objects are read by the name of their field.

{"company": {"name": "Acme", "domain": "acme.com"}}  ->  company name: Acme, company domain: acme.com
{"properties": {"name": "Acme"}}                     ->  name: Acme
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from enrichment.identity.list_rows import UnreadRow
from resources.company_lists.cells import plain
from resources.company_lists.tables import Line, ListTable, UnreadableList

NumberedRecord = tuple[int, object]
"""Where it is, counted from 2 as below a header, or the line of JSON lines; and its value."""

_FIRST_ROW = 2
_NO_LIST = 'it contains no list; give a list of objects, such as [{"name": "Acme"}].'
_CUT = "it is no JSON: it is cut off, or has signs of JSON where none may be"
_TRANSPARENT = ("properties", "fields", "attributes")
"""Objects that only wrap the fields of a record."""
_FIELDS = ("domain", "website", "url", "country")
"""What is read of an object that has a name."""


def json_records(text: str) -> list[NumberedRecord]:
    """Raises UnreadableList where there is no list, ValueError where it is no JSON."""
    return list(enumerate(_listed(json.loads(text)), _FIRST_ROW))


def json_line_records(text: str) -> list[NumberedRecord]:
    """A line each; a whole document of JSON under this ending is read as one. A damaged line costs only itself."""
    lines = [(at, line) for at, line in enumerate(text.split("\n"), start=1) if line.strip()]
    records = [(at, _line(line)) for at, line in lines]
    if records and isinstance(records[0][1], Mapping):
        return records
    try:
        return json_records(text)
    except ValueError:
        if all(isinstance(value, UnreadRow) for _, value in records):
            raise
        return records


def records_table(records: Sequence[NumberedRecord]) -> ListTable:
    """Objects by their keys, in the order in which these come first; plain texts are names; lists are rows."""
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
    """A list of records, or the one list of objects that a document contains."""
    if isinstance(document, list):
        return document
    if not isinstance(document, Mapping):
        raise UnreadableList(_NO_LIST)
    lists = [value for value in document.values() if isinstance(value, list) and value]
    if len(lists) == 1:
        return cast("list[object]", lists[0])
    raise UnreadableList(_NO_LIST)


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
        if isinstance(inner, Mapping) and key in _TRANSPARENT:
            yield from ((str(name), plain(one)) for name, one in inner.items())
        elif isinstance(inner, Mapping) and "name" in inner:
            yield str(key), plain(inner["name"])
            yield from ((f"{key} {name}", plain(inner[name])) for name in _FIELDS if name in inner)
        else:
            yield str(key), plain(inner)
