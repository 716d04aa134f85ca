"""What a file of any kind becomes: rows of cells with the line each begins on, and rows that cannot be read."""

from dataclasses import dataclass

from enrichment.identity.company_list import Lines

OLD_OR_ENCRYPTED = b"\xd0\xcf\x11\xe0"
"""How .xls files begin, and .xlsx files with a password."""


class UnreadableList(ValueError):
    """A file that is no list; the message is one sentence that states what to do."""


@dataclass(frozen=True, slots=True)
class ListTable:
    """One list. title: of the sheet, '' where a file has one. guessed: what was assumed, in words for people."""

    title: str
    rows: Lines
    guessed: tuple[str, ...] = ()
