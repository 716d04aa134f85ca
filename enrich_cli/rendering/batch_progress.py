"""A batch while it is at work: one live table on a terminal, one line a minute in a log."""

import sys
import time
from typing import Self

from rich.console import Console
from rich.live import Live

from enrich_cli.rendering.batch import batch_line, batch_view
from enrichment.domain.batches import BatchSummary
from resources.clock import utc_now

_SECONDS_BETWEEN_LINES = 60.0


class LiveBatch:
    """Progress shown on stderr, so that the answer on stdout stays whole."""

    def __init__(self, *, sandbox: bool) -> None:
        console = Console(stderr=True)
        self._sandbox = sandbox
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._next_line = time.monotonic() + _SECONDS_BETWEEN_LINES

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def watch(self, summary: BatchSummary) -> None:
        if self._live is not None:
            self._live.update(batch_view(summary, utc_now(), sandbox=self._sandbox, by_worker=True), refresh=True)
        elif time.monotonic() >= self._next_line:
            self._next_line += _SECONDS_BETWEEN_LINES
            sys.stderr.write(f"{batch_line(summary, utc_now())}\n")
            sys.stderr.flush()
