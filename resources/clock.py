"""The present: the one place where this program reads the calendar.

    ENRICH_TEST_CLOCK unset  ->  the system's clock
    ENRICH_TEST_CLOCK="2026-03-02T12:00:00+00:00"  ->  that instant, which never moves
    ENRICH_TEST_CLOCK="2026-03-02T12:00:00+00:00 since 81.5"  ->  running on from it since time.monotonic() was 81.5

The variable is for a process under test: only the tests' command runner and Dagster sandbox set it. Waiting and
deadlines are measured with time.monotonic(), which it does not change. A live store refuses to open while it is set.
"""

import os
import time
from datetime import UTC, datetime, timedelta

TEST_CLOCK = "ENRICH_TEST_CLOCK"


def utc_now() -> datetime:
    """The present time in UTC, with its time zone. Raises ValueError: ENRICH_TEST_CLOCK cannot be read."""
    handed_in, _, began = os.environ.get(TEST_CLOCK, "").partition(" since ")
    if not handed_in:
        return datetime.now(UTC)
    passed = timedelta(seconds=time.monotonic() - float(began)) if began else timedelta()
    return datetime.fromisoformat(handed_in).astimezone(UTC) + passed


def is_handed_in() -> bool:
    """Whether the present is an instant that a test chose."""
    return bool(os.environ.get(TEST_CLOCK))
