"""Waiting for what another thread or process does: as short as it takes, and an error only where nothing happens."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 600
"""Nothing waits for it to pass: a machine with other work may take long, and what is broken takes for ever."""
_LOOK_AGAIN_SECONDS = 0.01


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Returns once the condition is true. Raises AssertionError after PATIENCE_SECONDS: then something is broken."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {PATIENCE_SECONDS} s: {what}")
        time.sleep(_LOOK_AGAIN_SECONDS)
