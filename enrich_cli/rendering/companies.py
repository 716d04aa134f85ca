"""How `enrich companies add` looks: what was understood, what was taken, and what was left out, with its line."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from enrich_cli.terminal import StreamedList
from enrichment.domain.json_values import Json
from enrichment.domain.numbers import in_number
from enrichment.identity.company_list import UnderstoodList
from enrichment.identity.list_columns import ListColumns
from enrichment.identity.list_fates import Fate, ListRow
from resources.advice import advised
from resources.company_lists import ListTable
from resources.company_lists.company_files import LEFT_OUT, PlacedRow, Taken, UnderstoodFile

_NOT_REPORTED: tuple[Fate, ...] = ("new", "known", "same as another row")


def understood_view(understood: UnderstoodFile) -> RenderableType:
    seen = understood.overview
    lists = zip(understood.lists, seen.examples, strict=True)
    return Group(
        *(part for (table, one), examples in lists for part in _list_view(table, one.columns, examples)),
        *(Text(f"Sheet {title!r}: no list of companies, passed over") for title in understood.passed_over),
        _counts(understood),
        *_places(understood),
        *_lines(understood, seen.left_out, "", count=sum(seen.counts[fate] for fate in LEFT_OUT)),
        *_lines(understood, seen.remarks, "taken, but ", count=seen.remark_count),
    )


def _list_view(table: ListTable, columns: ListColumns, examples: Sequence[ListRow]) -> Iterator[RenderableType]:
    title = f"Sheet {table.title!r}: " if table.title else ""
    yield Text(f"{title}{_columns_line(columns)}")
    yield from _profiles_line(columns)
    for guess in table.guessed:
        yield Text(f"  Guessed: {guess}; give --encoding if that is wrong")
    grid = Grid(box=None, padding=(0, 2), header_style="dim")
    for name in ("line", "name", "website", "is"):
        grid.add_column(name)
    for row in examples:
        fate = f"same as line {row.same_as}" if row.same_as else row.fate
        named = (row.entry.name, row.entry.domain) if row.entry else ()
        grid.add_row(str(row.line), *(Text(value or "") for value in named), fate)
    yield grid


def _columns_line(columns: ListColumns) -> str:
    websites = tuple(at for at in columns.websites if at not in columns.profiles)
    parts = [
        f"{what} from {_titles(columns, places, ' or ')}"
        for what, places in (
            ("name", columns.names),
            ("website", websites),
            ("e-mail", columns.emails),
            ("country", columns.countries),
            ("id", tuple(at for at, _ in columns.ids)),
        )
        if places
    ]
    people = "a list of people: their companies are taken; " if columns.of_people else ""
    header = "" if columns.header else "no header: decided by the cells; "
    return people + header + ", ".join(parts)


def _profiles_line(columns: ListColumns) -> Iterator[Text]:
    if columns.profiles:
        pages = f"profile pages from {_titles(columns, columns.profiles, ' and ')}"
        yield Text(f"  {pages}: they do not tell a company's website")


def _titles(columns: ListColumns, places: Sequence[int], between: str) -> str:
    return between.join(repr(columns.titles[at]) for at in places)


def _counts(understood: UnderstoodFile) -> Text:
    counts = understood.counts
    shown = ", ".join(f"{count:,} {fate}" for fate, count in counts.items() if count)
    return Text(f"{in_number(sum(counts.values()), 'row')}: {shown or 'none'}")


def _places(understood: UnderstoodFile) -> Iterator[Text]:
    """The lines of rows that are not reported one by one, as nothing is wrong with them."""
    for fate in _NOT_REPORTED:
        rows, count = understood.overview.first[fate], understood.counts[fate]
        if rows:
            lines = [_line_of(understood, row) for row in rows]
            more = f" and {count - len(rows):,} more" if count > len(rows) else ""
            yield Text(f"  {fate}: line{'s' if count > 1 else ''} {', '.join(lines)}{more}")


def _lines(understood: UnderstoodFile, rows: Sequence[PlacedRow], prefix: str, *, count: int) -> Iterator[Text]:
    """Line numbers of rows. count: how many rows there are; `rows` has only the first of them."""
    for placed in rows:
        yield Text(f"  line {_line_of(understood, placed)}: {prefix}{placed.row.because}")
    if count > len(rows):
        yield Text(f"  and {count - len(rows):,} more")


def _line_of(understood: UnderstoodFile, placed: PlacedRow) -> str:
    """The line of a row; where a file has several lists, with the sheet."""
    return str(placed.row.line) if len(understood.lists) == 1 else f"{placed.row.line} of {placed.sheet!r}"


def taken_view(taken: Taken, left_out: Path | None, *, waiting: int, sandbox: bool) -> RenderableType:
    """left_out: the file with the rows that were not taken. waiting: rows that a person is asked about."""
    lines = [Text(f"{in_number(taken.added, 'company')} added")]
    if taken.learned:
        known = in_number(taken.learned, "registered company has", "registered companies have")
        lines.append(Text(f"{known} a website now"))
    return Group(*lines, left_out_view(left_out, waiting=waiting, sandbox=sandbox))


def left_out_view(left_out: Path | None, *, waiting: int, sandbox: bool) -> RenderableType:
    """left_out: the file with the rows that were not taken. waiting: rows that a person is asked about."""
    lines = [Text(f"Rows left out are in {left_out}: mend them there and add that file")] if left_out else []
    if waiting:
        wait = in_number(waiting, "of them waits", "of them wait")
        how = f"{wait}: `enrich companies review` asks which company each one means"
        lines.append(Text(advised(how, sandbox=sandbox)))
    return Group(*lines)


def understood_json(understood: UnderstoodFile, taken: Taken, left_out: Path | None, *, waiting: int = 0) -> Json:
    """left_out: the file with the rows that were not taken. waiting: rows that a person is asked about."""
    return {
        "file": str(understood.path),
        "counts": dict(understood.counts),
        "added": taken.added,
        "learned": taken.learned,
        "waiting_for_review": waiting,
        "left_out_file": str(left_out) if left_out else None,
        "lists": [_list_json(table, one) for table, one in understood.lists],
        "passed_over": list(understood.passed_over),
    }


def _list_json(table: ListTable, one: UnderstoodList) -> Json:
    columns = one.columns
    return {
        "sheet": table.title or None,
        "guessed": list(table.guessed),
        "columns": {
            "name": [columns.titles[at] for at in columns.names],
            "website": [columns.titles[at] for at in columns.websites if at not in columns.profiles],
            "profile": [columns.titles[at] for at in columns.profiles],
            "email": [columns.titles[at] for at in columns.emails],
            "country": [columns.titles[at] for at in columns.countries],
            "id": [columns.titles[at] for at, _ in columns.ids],
        },
        "of_people": columns.of_people,
        "rows": StreamedList(lambda: map(_row_json, one.sorted.rows)),
    }


def _row_json(row: ListRow) -> Json:
    return {
        "line": row.line,
        "fate": row.fate,
        "name": row.entry.name if row.entry else None,
        "domain": row.entry.domain if row.entry else None,
        "same_as_line": row.same_as,
        "because": row.because or None,
    }
