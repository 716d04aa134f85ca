"""A copy of the rules that tests work by, to be edited."""

import shutil
from pathlib import Path

import pytest

from tests.support.examples import FROZEN


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    shutil.copytree(FROZEN, folder)
    return folder
