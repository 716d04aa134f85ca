"""The measurement of titles: accuracy beside the published figures, and what was taken for what."""

from pathlib import Path

import pytest

from bench.job_titles.__main__ import accuracy, main

POSITIONS = """cv_id,position,department,seniority
1,CEO,Other,Management
1,"Head of Sales, EMEA",Sales,Director
2,Sales Manager,Sales,Professional
2,Software Engineer,Information Technology,Senior
"""
TITLES = "title,level,area\nVP Sales,VP,Business\nFormer CEO,Other,Other\n"


def test_accuracy_is_the_share_that_is_equal() -> None:
    assert accuracy([("a", "a"), ("a", "b"), ("b", "b"), ("c", "b")]) == 0.5


def test_the_figures_are_printed_beside_the_published_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cv_positions_annotated.csv").write_text(POSITIONS, encoding="utf-8")
    (tmp_path / "titles_level_area.csv").write_text(TITLES, encoding="utf-8")
    main(tmp_path)
    printed = capsys.readouterr().out
    assert [line.split()[-3:] for line in printed.splitlines()[1:3]] == [
        ["0.50", "0.54", "0.58"],
        ["1.00", "0.60", "0.80"],
    ]
    assert [line.split()[-1] for line in printed.splitlines()[3:5]] == ["0.75", "1.00"]
    assert "Professional             Lead 1" in printed
