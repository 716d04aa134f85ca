"""How a command ends, in a process of its own: what libraries say of themselves is no message to its user."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.examples import FROZEN


def test_a_command_that_opened_the_warehouse_ends_without_warnings_of_leaks(tmp_path: Path) -> None:
    home = {"ENRICH_HOME": str(tmp_path), "ENRICH_CONFIG": str(FROZEN)}
    command = [sys.executable, "-c", "from enrich_cli.main import main; main()", "publish", "--sandbox"]
    for _ in range(2):  # what is published is read once there is some
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | home)
        assert (done.returncode, done.stderr) == (0, "")
