"""`make cluster` where its parts are not installed: the whole of it needs Redis, and so is tried by hand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from enrich_cli.development.cluster import verdict

ROOT = Path(__file__).parents[4]


def test_where_redis_is_missing_it_says_how_to_install_it_and_starts_nothing(tmp_path: Path) -> None:
    environment = os.environ | {"PATH": str(tmp_path), "ENRICH_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "enrich_cli.development.cluster"]
    ended = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr == (
        "error: Redis is not installed: `apt-get install redis-server` on Debian and Ubuntu, then try again.\n"
    )
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("billed", "settled", "uncertain", "word"),
    [
        (147, 147, 0, "equal"),
        (147, 147, 3, "equal"),
        (149, 147, 3, "equal but for the uncertain"),
        (151, 147, 3, "differ"),
        (146, 147, 3, "differ"),
    ],
)
def test_an_invoice_is_that_of_the_ledger_where_uncertain_purchases_explain_the_rest(
    billed: int, settled: int, uncertain: int, word: str
) -> None:
    assert verdict(billed, settled, uncertain) == word
