"""What people write into learned files while answers are counted is never overwritten."""

import shutil
from pathlib import Path

import pytest

from enrichment.rules import DatasetReliability, LearnedLine, RulesError, load_rules
from enrichment.rules.reliability import SourceReliability
from resources.learned_file import write_learned, write_reliability
from tests.support.examples import FROZEN

LINES = {"snov_contacts": {"match_rate": LearnedLine(value=0.6, low=0.5, high=0.7, answers=90, use="proposed")}}
RIGHT = {"industry": DatasetReliability(sources={"serp_organic": SourceReliability(right=8, checked=9)})}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FROZEN, tmp_path / "config"))


def test_a_line_that_was_pinned_meanwhile_stays_and_the_writer_says_so(folder: Path) -> None:
    before = load_rules(folder)
    written = write_learned(folder, LINES, counted_with=before)
    pinned = written.read_text(encoding="utf-8").replace("use: proposed", "use: pinned")
    with pytest.raises(RulesError, match=r"learned.yaml: was edited while answers were counted"):
        write_learned(folder, LINES, counted_with=before)  # a second writer, that began with the first
    written.write_text(pinned, encoding="utf-8")
    with pytest.raises(RulesError, match="run it once more"):
        write_learned(folder, LINES, counted_with=before)
    assert written.read_text(encoding="utf-8") == pinned
    write_learned(folder, LINES, counted_with=load_rules(folder))


def test_so_does_a_line_of_reliability(folder: Path) -> None:
    before = load_rules(folder)
    written = write_reliability(folder, RIGHT, counted_with=before)
    with pytest.raises(RulesError, match=r"reliability.yaml: was edited"):
        write_reliability(folder, {}, counted_with=before)
    write_reliability(folder, RIGHT, counted_with=load_rules(folder))
    assert "right: 8" in written.read_text(encoding="utf-8")
