"""The terminal: its width, a line of progress, and an answer printed as JSON or for people.

show(view, data, as_json=...)        age(seconds) -> '3 d'        as_plain(record) -> JSON-ready data
"""

import dataclasses
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self

from pydantic import BaseModel
from rich.console import Console, Group, RenderableType
from rich.status import Status
from rich.text import Text

from enrichment.domain.requests import Event
from resources.advice import advised

_WIDTH_OF_A_FILE = 160  # of output that goes to a file or a pipe, which have no width


def _console() -> Console:
    probe = Console()
    if probe.is_terminal:
        return probe
    columns = os.environ.get("COLUMNS", "")
    return Console(width=int(columns) if columns.isdecimal() and int(columns) else _WIDTH_OF_A_FILE)


console = _console()
errors = Console(stderr=True)


def show(view: RenderableType, data: object, *, as_json: bool, on: Console = console) -> None:
    """Prints the data as JSON, or else the view, on stdout. Lines that must not be broken are never cut either."""
    if as_json:
        for part in json.JSONEncoder(indent=2, default=str).iterencode(data):
            sys.stdout.write(part)
        sys.stdout.write("\n")
    else:
        on.print(_as_to_be_typed(view), crop=False)


def _as_to_be_typed(view: RenderableType) -> RenderableType:
    """The view, with --sandbox in the commands that its sentences advise; tables do that themselves."""
    if isinstance(view, Group):
        return Group(*(_as_to_be_typed(part) for part in view.renderables), fit=view.fit)
    if not isinstance(view, Text):
        return view
    sentence = advised(view.plain, sandbox="--sandbox" in sys.argv)
    return view if sentence == view.plain else Text(sentence, style=view.style)


class StreamedList(list[Any]):
    """A list in JSON whose values are made one after another, while it is written."""

    def __init__(self, values: Callable[[], Iterable[Any]]) -> None:
        super().__init__()
        self._values = values

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values())

    def __bool__(self) -> bool:
        return any(True for _ in self)


class ProgressLine:
    """One line on stderr with what is happening now; nothing where stderr is no terminal."""

    def __init__(self) -> None:
        self._status: Status | None = errors.status("asking") if errors.is_terminal else None

    def __enter__(self) -> Self:
        if self._status:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status:
            self._status.stop()

    def watch(self, event: Event) -> None:
        if self._status:
            self._status.update(f"{event.stage}: {event.what} {event.data.get('source', '')}")


def age(seconds: int) -> str:
    """'3 d', '5 h', '12 min', 'now'."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "now"


def as_plain(record: Any) -> Any:
    """A frozen record as JSON-ready data."""
    if isinstance(record, BaseModel):
        return record.model_dump(mode="json")
    if dataclasses.is_dataclass(record) and not isinstance(record, type):
        return {f.name: as_plain(getattr(record, f.name)) for f in dataclasses.fields(record)}
    if isinstance(record, Mapping):
        return {str(key): as_plain(value) for key, value in record.items()}
    if isinstance(record, frozenset | set):
        return sorted(as_plain(item) for item in record)
    if isinstance(record, tuple | list):
        return [as_plain(item) for item in record]
    return record
