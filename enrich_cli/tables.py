"""Tables that 80 columns can show: an id is never broken, a name breaks after '_' or ':', nothing is cut.

listing('verdict', 'wrong', whole=('verdict',)) -> Table        Name('google_knowledge_graph') -> a cell
"""

import re
from collections.abc import Collection

from rich.box import SIMPLE_HEAD, Box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

_PIECE = re.compile(r"[^_:]*[_:]|[^_:]+")


def listing(*columns: str, whole: Collection[str] = (), box: Box = SIMPLE_HEAD) -> Table:
    """whole: columns of what is for copying, never broken."""
    table = Table(box=box, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(
            column,
            no_wrap=column in whole,
            overflow="fold",
            min_width=max(map(len, column.split()), default=0),
        )
    return table


class Name:
    """A name of the rules or a key as a cell; where the column is narrow, it is broken between its words."""

    def __init__(self, name: str, style: str = "") -> None:
        self._name, self._style = name, style

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text("\n".join(_lines(self._name, options.max_width)), style=self._style, overflow="fold")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widest = max(map(len, _pieces(self._name)), default=0)
        return Measurement(widest, len(self._name)).with_maximum(options.max_width)


def _pieces(name: str) -> list[str]:
    return [piece for word in name.split(" ") for piece in _PIECE.findall(word)]


def _lines(name: str, width: int) -> list[str]:
    """The name in lines of at most this width where its pieces allow that."""
    lines = [""]
    for index, word in enumerate(name.split(" ")):
        between = " " if index else ""
        for piece in _PIECE.findall(word):
            if lines[-1] and len(lines[-1]) + len(between) + len(piece) > width:
                lines.append(piece)
            else:
                lines[-1] += between + piece
            between = ""
    return lines
