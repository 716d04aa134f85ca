"""CSV in any dialect to rows: the delimiter that splits the header into most columns, or that the file declares.

lines  ->  dialect, header  ->  (line, cells), or (line, UnreadRow) where quotation marks or commas leave it unclear
"""

import csv
import re
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from enrichment.identity.company_list import Line, cells_of
from enrichment.identity.domains import registrable_domain
from enrichment.identity.list_columns import columns_of, is_header
from enrichment.identity.list_rows import UnreadRow

UNCLOSED = "a quotation mark opens a cell that nothing closes; close it, or take it out"
SWALLOWED = "quotation marks run over several lines that look like rows; close or take out the marks"
TOO_MANY = "it has more cells than there are columns; put the cell that has commas in quotation marks"
_DELIMITERS = ",;\t|"
_RARE_DELIMITERS = "^~¦§\x1e#:"
"""Tried where none of the others splits a header; they also occur in names and addresses."""
_RARE_IN_NAMES = "^~¦§\x1e"
_WIDE_GAP = re.compile(r"(?<=\S)[ \u00a0]{2,}(?=\S)")
_NEARLY_ALL = 0.8
_IN_SINGLE_MARKS = re.compile(r"'[^']*'")
_ONE_QUOTED_CELL = re.compile(r'"(?:[^"]|"")*"[,;]*')
_ONE_COLUMN = "\x1f"  # occurs in no text: each line is one cell, with its commas
_TRIED = (_ONE_COLUMN, *_DELIMITERS)
_DECLARED = re.compile(r'^"?sep=(.)"?\s*$', re.IGNORECASE)
_LOOKED_AT = 20
"""How many lines are searched for a header: titles and remarks may be above it."""

csv.field_size_limit(sys.maxsize)  # no limit to the length of a cell: the file is in memory already


class _Reader(Protocol):
    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class _Dialect:
    """header: its cells, () where there is none. blanks: whether blanks may come before a quotation mark."""

    delimiter: str
    header: tuple[str, ...] = ()
    quote: str = '"'
    blanks: bool = False

    def reader(self, lines: Iterable[str], *, strict: bool) -> _Reader:
        return csv.reader(
            lines, delimiter=self.delimiter, quotechar=self.quote, skipinitialspace=self.blanks, strict=strict
        )

    def splits(self, line: str) -> bool:
        """Whether it has as many delimiters as the header, quotation marks aside."""
        return len(self.header) > 1 and line.count(self.delimiter) == len(self.header) - 1


@dataclass(frozen=True, slots=True)
class CsvRows:
    """All rows that have a cell, titles above the header included; read anew each time they are iterated."""

    lines: Sequence[str]
    dialect: _Dialect
    begin: int

    def __iter__(self) -> Iterator[Line]:
        is_below = False
        for row in _rows(self.lines, self.dialect, self.begin):
            yield _fitted(row, self.dialect) if is_below else row
            is_below = is_below or tuple(cells_of(row)) == self.dialect.header


def csv_rows(lines: Sequence[str], kept: Callable[[Iterable[str]], Sequence[str]] = list) -> CsvRows:
    """lines: each with its end. kept: where lines go that had to be written anew."""
    if _are_quoted_whole(lines):
        lines = kept(map(_unquoted, lines))
    first = lines[: _LOOKED_AT + 1]
    declared = _DECLARED.match(first[0].strip()) if first else None
    begin = 1 if declared else 0
    if declared is None and _has_gaps_for_delimiters(first[:_LOOKED_AT]):
        lines = kept(map(partial(_WIDE_GAP.sub, "\t"), lines))
    dialect = _dialect(list(lines[begin : begin + _LOOKED_AT]), declared[1] if declared else None)
    return CsvRows(lines, _with_marks(dialect, lines), begin)


def _with_marks(dialect: _Dialect, lines: Iterable[str]) -> _Dialect:
    """The dialect with the quotation mark that its lines use."""
    delimiter = re.escape(dialect.delimiter)
    behind_blanks = re.compile(rf'(?:^|{delimiter})[ ]+"')
    in_single = re.compile(rf"(?:^|{delimiter})'[^'\n]*{delimiter}[^'\n]*'(?:{delimiter}|\s*$)")
    is_double = is_single = False
    for line in lines:
        if '"' in line:
            is_double = True
            if behind_blanks.search(line):
                return replace(dialect, blanks=True)
        elif not is_double and not is_single and "'" in line:
            is_single = in_single.search(line) is not None
    if not is_double and len(dialect.header) > 1 and all(map(_IN_SINGLE_MARKS.fullmatch, dialect.header)):
        return replace(dialect, quote="'", header=tuple(cell[1:-1] for cell in dialect.header))
    return replace(dialect, quote="'") if is_single and not is_double else dialect


def _dialect(lines: list[str], declared: str | None) -> _Dialect:
    """What splits the header into most columns; without a header, what splits every row alike; else nothing.

    csv.Sniffer guesses from all rows, and fails on commas in names.
    """
    tried = (declared,) if declared else _TRIED
    rows = {d: [list(map(str, cells_of(row))) for row in _rows(lines, _Dialect(d), 0)] for d in tried}
    headers = {d: max((row for row in some if is_header(row)), key=len, default=[]) for d, some in rows.items()}
    widest: str = max(headers, key=lambda delimiter: len(headers[delimiter]))
    if declared is None and len(headers[widest]) < 2 and (rare := _rare_dialect(lines)) is not None:
        return rare
    if declared or headers[widest]:
        return _Dialect(widest, tuple(headers[widest]))
    rows |= {d: [list(map(str, cells_of(row))) for row in _rows(lines, _Dialect(d), 0)] for d in _RARE_IN_NAMES}
    alike = [d for d, some in rows.items() if some and len({len(row) for row in some}) == 1 and len(some[0]) > 1]
    return _Dialect(alike[0] if alike else _ONE_COLUMN)


def _rare_dialect(lines: list[str]) -> _Dialect | None:
    """A dialect whose delimiter is in the header, and in nearly all lines below it as often or more."""
    for delimiter in _RARE_DELIMITERS:
        rows = [tuple(map(str, cells_of(row))) for row in _rows(lines, _Dialect(delimiter), 0)]
        at = next((at for at, row in enumerate(rows) if len(row) > 1 and is_header(row)), None)
        if at is not None and rows[at + 1 :]:
            below = [len(row) >= len(rows[at]) for row in rows[at + 1 :]]
            if sum(below) >= _NEARLY_ALL * len(below):
                return _Dialect(delimiter, rows[at])
    return None


def _are_quoted_whole(lines: Iterable[str]) -> bool:
    """Whether each line is one quoted cell, as exports are that were quoted once more; its quotes are then doubled."""
    header, count = "", 0
    for line in filter(None, map(str.strip, lines)):
        if _ONE_QUOTED_CELL.fullmatch(line) is None:
            return False
        header, count = header or _unquoted(line), count + 1
    return count > 1 and any(
        is_header(cells) for d in _DELIMITERS for cells in csv.reader([header], delimiter=d) if len(cells) > 1
    )


def _unquoted(line: str) -> str:
    text = line.strip().rstrip(",;")
    return (text[1:-1].replace('""', '"') if text else "") + "\n"


def _has_gaps_for_delimiters(lines: Sequence[str]) -> bool:
    """Whether gaps of two blanks or more part the header into columns, and nearly all lines below it alike."""
    shown = [line.strip() for line in lines if line.strip()]
    if len(shown) < 2 or any(d in shown[0] for d in _DELIMITERS):
        return False
    header = _WIDE_GAP.split(shown[0])
    below = [len(_WIDE_GAP.split(line)) == len(header) for line in shown[1:]]
    return len(header) > 1 and is_header(header) and sum(below) >= _NEARLY_ALL * len(below)


def _rows(lines: Sequence[str], dialect: _Dialect, begin: int) -> Iterator[Line]:
    """Blank lines are no rows. Lines that quotation marks make one row by mistake are refused, each by itself."""
    while begin < len(lines):
        resumed = begin
        reader = dialect.reader(map(lines.__getitem__, range(begin, len(lines))), strict=True)
        try:
            for cells in reader:
                end = resumed + reader.line_num
                if end - begin > 1 and all(map(dialect.splits, lines[begin:end])):
                    yield from _refused(lines, begin, end, SWALLOWED)
                elif cells:
                    yield begin + 1, cells
                begin = end
        except csv.Error as error:  # raised at the quotation mark that comes next, or at the end of the file
            ends = "unexpected end" in str(error)
            begin = yield from _recovered(lines, dialect, begin, resumed + reader.line_num, ends=ends)


def _recovered(
    lines: Sequence[str], dialect: _Dialect, begin: int, end: int, *, ends: bool
) -> Generator[Line, None, int]:
    """Rows of lines that cannot be read together: each line by itself, if possible; and the line to go on with.

    ends: the cell that is open goes on to the end of the file.
    """
    if (cells := _alone(lines[begin], dialect)) is not None:
        yield begin + 1, cells
        return begin + 1
    yield from _refused(lines, begin, begin + 1, UNCLOSED)
    last = end - 1
    if ends:
        following = next((at for at in range(begin + 1, end) if _is_row(lines[at], dialect)), end)
        yield from _refused(lines, begin + 1, following, SWALLOWED)
        return following
    inner = [at for at in range(begin + 1, last) if lines[at].strip()]
    if not all(_is_row(lines[at], dialect) for at in inner):
        yield from _refused(lines, begin + 1, end, SWALLOWED)
        return end
    for at in inner:
        yield at + 1, _alone(lines[at], dialect) or []
    if last > begin and lines[last].count(dialect.quote) % 2 and _alone(lines[last], dialect) is not None:
        yield from _refused(lines, last, end, SWALLOWED)
        return end
    return max(last, begin + 1)


def _refused(lines: Sequence[str], begin: int, end: int, because: str) -> Iterator[Line]:
    for at in range(begin, end):
        if lines[at].strip():
            yield at + 1, UnreadRow(lines[at].rstrip("\r\n"), because)


def _is_row(line: str, dialect: _Dialect) -> bool:
    """Whether a line is a whole row by itself: it has the header's cells, and each mark in it its counterpart."""
    cells = _alone(line, dialect)
    fits = cells is not None and (not dialect.header or len(cells) == len(dialect.header))
    return fits and line.count(dialect.quote) % 2 == 0


def _alone(line: str, dialect: _Dialect) -> list[str] | None:
    """A line by itself, read as leniently as csv can; None: its last cell goes on behind it."""
    reader = dialect.reader([line, ""], strict=False)
    cells = next(reader)
    return cells if reader.line_num == 1 else None


def _fitted(row: Line, dialect: _Dialect) -> Line:
    """A row with more cells than the header: 'Acme, Inc.' is put together again, where that is certain."""
    line, cells = row
    width = len(dialect.header)
    if dialect.delimiter == ":" and not isinstance(cells, UnreadRow):
        cells = _with_schemes(_texts(cells))
        row = line, cells
    if (
        isinstance(cells, UnreadRow)
        or not width
        or len(cells) <= width
        or not any(map(str.strip, _texts(cells[width:])))
    ):
        return row
    websites = columns_of(dialect.header).websites
    if any(registrable_domain(text) for text in _texts([cells[at] for at in websites])):
        return row
    joined = list[str]()
    for text in _texts(cells):
        if joined and text.startswith(" ") and text.strip():
            joined[-1] += f"{dialect.delimiter}{text}"
        else:
            joined.append(text)
    if len(joined) == width:
        return line, joined
    return line, UnreadRow(dialect.delimiter.join(_texts(cells)), TOO_MANY)


def _with_schemes(cells: list[str]) -> list[str]:
    """'https' and '//acme.com', which a colon parted, put together again."""
    joined = list[str]()
    for cell in cells:
        if joined and cell.startswith("//") and joined[-1].lower().strip() in {"http", "https"}:
            joined[-1] += f":{cell}"
        else:
            joined.append(cell)
    return joined


def _texts(cells: Sequence[object]) -> list[str]:
    return [str(cell) for cell in cells]
