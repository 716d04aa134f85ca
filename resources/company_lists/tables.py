"""What a file of any kind becomes: rows of cells with the line each begins on, and rows that cannot be read."""

from collections.abc import Sequence
from dataclasses import dataclass

from enrichment.identity.list_rows import UnreadRow

OLD_OR_ENCRYPTED = b"\xd0\xcf\x11\xe0"
"""How .xls files begin, and .xlsx files with a password."""
Line = tuple[int, Sequence[object] | UnreadRow]
"""Where a row begins, counted from 1, and its cells; or what is there, and why these are no cells."""


class UnreadableList(ValueError):
    """A file that is no list; the message is one sentence that states what to do."""


@dataclass(frozen=True, slots=True)
class ListTable:
    """One list. title: of the sheet, '' where a file has one. guessed: what was assumed, in words for people."""

    title: str
    rows: Sequence[Line]
    guessed: tuple[str, ...] = ()
