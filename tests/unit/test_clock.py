"""One place reads the calendar, a test can hand in the instant, and no test asks which day it is."""

import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from resources.clock import TEST_CLOCK, utc_now
from resources.settings import Settings, SettingsError
from resources.wiring import open_store_of
from tests.support.manual_clock import NOON

ROOT = Path(__file__).parents[2]
READS = re.compile(
    r"utc_now\(|datetime\.now\(|utcnow\(|\.today\(|\btime\.time\b|\btime_ns\(|create_app\((?!.*read_time)"
)
"""What asks for the present; a sandbox without read_time does too."""
ALLOWED = {
    "tests/unit/test_clock.py": "tests the clock itself",
}
PRODUCT = ("enrichment", "resources", "enrichment_assets", "enrich_cli", "service")


def readers(*folders: str, pattern: re.Pattern[str]) -> set[str]:
    """Files below these folders that match in some line."""
    files = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return {
        str(path.relative_to(ROOT))
        for path in files
        if any(pattern.search(line) for line in path.read_text(encoding="utf-8").splitlines())
    }


def test_no_test_reads_the_wall_clock() -> None:
    assert readers("tests", pattern=READS) == ALLOWED.keys()


def test_the_program_reads_the_calendar_in_one_place() -> None:
    assert readers(*PRODUCT, pattern=re.compile(r"datetime\.now\(|utcnow\(|date\.today\(")) == {"resources/clock.py"}


def test_a_process_under_test_can_be_handed_an_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TEST_CLOCK, "2026-03-02T13:00:00+01:00")
    assert utc_now() == NOON
    assert utc_now().tzinfo is UTC
    monkeypatch.setenv(TEST_CLOCK, f"2026-03-02T13:00:00+01:00 since {time.monotonic() - 60}")
    assert utc_now() >= NOON + timedelta(seconds=60)


def test_without_one_it_is_the_present(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TEST_CLOCK, raising=False)
    before = datetime.now(UTC)
    assert before <= utc_now() <= datetime.now(UTC)


def test_a_live_store_refuses_a_clock_that_was_handed_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(TEST_CLOCK, NOON.isoformat())
    with pytest.raises(SettingsError, match="unset it, since a live store needs the real time"):
        open_store_of(Settings(enrich_home=tmp_path, enrich_world="live"))
    assert list(tmp_path.iterdir()) == []
