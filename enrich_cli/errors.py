"""Print what went wrong in one sentence, and leave with the exit code that belongs to it.

known error -> `error: ...` on stderr, 2 or 5        interrupt -> 130        any other error -> traceback
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from resources.advice import advised

WRONG_USAGE = 2
INCOMPLETE = 3
REFUSED_BY_CAP = 4
AMBIGUOUS = 5
INTERRUPTED = 130
_DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
_NO_SPACE = "There is no space left where this is written to: free some. What was bought is kept."
_OURS = {"enrichment", "resources", "enrich_cli", "enrichment_assets"}


class UsageError(Exception):
    """What the user typed cannot be done; the message states what to do instead."""


@contextmanager
def failing_in_one_sentence() -> Iterator[None]:
    """Known errors become `error: ...` on stderr and an exit code. Programming errors are not hidden."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as ended:  # typer makes an interrupt an exit
        code = INTERRUPTED if isinstance(ended, KeyboardInterrupt) else ended.code
        if code == INTERRUPTED:
            print("stopped; what was added or bought until then is kept", file=sys.stderr)  # noqa: T201  the command line prints
        sys.exit(code)
    except OSError as error:
        if error.errno not in _DISK_FULL:
            raise
        print(f"error: {_NO_SPACE}", file=sys.stderr)  # noqa: T201  the command line prints
        _leave_unwritten()
        sys.exit(WRONG_USAGE)
    except Exception as error:  # known errors are recognised by their module; all others are raised again
        if type(error).__module__.split(".")[0] not in _OURS:
            raise
        sentence = advised(str(error), sandbox="--sandbox" in sys.argv)
        print(f"error: {sentence}", file=sys.stderr)  # noqa: T201  the command line prints
        sys.exit(AMBIGUOUS if type(error).__name__ == "AmbiguousCompany" else WRONG_USAGE)


def check_time_zone() -> None:
    """Raises UsageError where TZ names no zone: a library reads it as it is imported. All times here are UTC."""
    if not (zone := os.environ.get("TZ")):
        return
    from zoneinfo import ZoneInfo  # noqa: PLC0415  not needed by most

    try:
        ZoneInfo(zone)
    except (ValueError, OSError, LookupError):
        raise UsageError(f"TZ is {zone!r}, which names no time zone: set one such as UTC, or unset it.") from None


def _leave_unwritten() -> None:
    """Python writes out what is left of stdout at its end, which would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
