"""The present: the one place where this program reads the calendar.

    ENRICH_TEST_CLOCK unset  ->  the system's clock
    ENRICH_TEST_CLOCK="2026-03-02T12:00:00+00:00"  ->  that instant, which never moves

The variable is for a process under test: only the tests' command runner and Dagster sandbox set it. Waiting and
deadlines are measured with time.monotonic(), which it does not change. A live store refuses to open while it is set.
"""

import os
from datetime import UTC, datetime

TEST_CLOCK = "ENRICH_TEST_CLOCK"


def utc_now() -> datetime:
    """With a time zone, UTC. Raises ValueError: ENRICH_TEST_CLOCK is no ISO 8601 instant."""
    handed_in = os.environ.get(TEST_CLOCK)
    return datetime.fromisoformat(handed_in).astimezone(UTC) if handed_in else datetime.now(UTC)


def is_handed_in() -> bool:
    """Whether the present is an instant that a test chose."""
    return bool(os.environ.get(TEST_CLOCK))
