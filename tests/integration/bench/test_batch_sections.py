"""The sections of the bench of batches run, at the smallest size: they listen inside the vendors' clients."""

from pathlib import Path

import pytest

from bench.batch.limits import under_limits
from bench.batch.throughput import beside_a_bare_script


def test_a_worker_is_measured_beside_a_script_that_makes_its_calls(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    beside_a_bare_script(tmp_path, companies=3, seed=1)

    lines = capsys.readouterr().out
    assert "worker" in lines
    assert "httpx" in lines
    assert "aiohttp" in lines


def test_hours_under_the_shipped_limits_are_played(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    under_limits(tmp_path, companies=4, seed=1)

    assert "apollo" in capsys.readouterr().out
