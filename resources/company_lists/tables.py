"""What a file of any kind becomes: rows of cells with the line each begins on."""

from collections.abc import Sequence
from dataclasses import dataclass

Line = tuple[int, Sequence[object] | None]
"""Where a row begins, counted from 1, and its cells; None: a cell in it does not end."""


class UnreadableList(ValueError):
    """A file that is no list; the message is one sentence that states what to do."""


@dataclass(frozen=True, slots=True)
class ListTable:
    """One list. title: of the sheet, '' where a file has one. guessed: what was assumed, in words for people."""

    title: str
    rows: Sequence[Line]
    guessed: tuple[str, ...] = ()
