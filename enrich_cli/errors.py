"""Say what went wrong in one sentence, and leave with the exit code that belongs to it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

WRONG_USAGE = 2
INCOMPLETE = 3
REFUSED_BY_CAP = 4
AMBIGUOUS = 5
INTERRUPTED = 130
_OURS = {"enrichment", "resources", "enrich_cli", "enrichment_assets"}


class UsageError(Exception):
    """Something the user can mend; the message says what to do."""


@contextmanager
def failing_in_one_sentence() -> Iterator[None]:
    """Known errors become `error: ...` on stderr and an exit code. Programming errors are not hidden."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as ended:  # typer makes an interrupt an exit
        code = INTERRUPTED if isinstance(ended, KeyboardInterrupt) else ended.code
        if code == INTERRUPTED:
            print("stopped; what was bought is kept", file=sys.stderr)  # noqa: T201  the command line speaks
        sys.exit(code)
    except Exception as error:  # our own errors are told by the module they are from; others go on
        if type(error).__module__.split(".")[0] not in _OURS:
            raise
        print(f"error: {error}", file=sys.stderr)  # noqa: T201  the command line speaks
        sys.exit(AMBIGUOUS if type(error).__name__ == "AmbiguousCompany" else WRONG_USAGE)
