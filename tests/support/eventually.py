"""Waiting for what another thread or process does: as short as it takes, and an error only where nothing happens."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 600
"""Nothing waits for it to pass: a machine with other work may take long, and what is broken takes for ever."""
_LOOK_AGAIN_SECONDS = (0.01, 0.2)
"""At least, and at most; in between a twentieth of the wait so far: many conditions are queries, which take CPU."""


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Returns once the condition is true. Raises AssertionError after PATIENCE_SECONDS: then something is broken."""
    least, most = _LOOK_AGAIN_SECONDS
    began = time.monotonic()
    while not condition():
        waited = time.monotonic() - began
        if waited > PATIENCE_SECONDS:
            raise AssertionError(f"not within {PATIENCE_SECONDS} s: {what}")
        time.sleep(min(max(least, waited / 20), most))
