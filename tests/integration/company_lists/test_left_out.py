"""The file of rows left out: it runs nothing, replaces nothing, and can be added like any list."""

import csv
from pathlib import Path

import pytest

from enrichment.identity.list_rows import LinkedText, UnreadRow, cell_text
from resources.company_lists import LeftOutRows, UnreadableList, write_left_out

ROWS = [LeftOutRows(("name", "website"), [(["-", "facebook.com/x"], "no company")])]


def lines(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_would_run_is_written_with_an_apostrophe_and_read_without(
    tmp_path: Path, start: str
) -> None:
    cell = f"{start}cmd|x"
    written = lines(write_left_out(tmp_path / "list.csv", [LeftOutRows(("name",), [([cell], "no company")])]))[1][0]
    assert written == f"'{cell}"
    assert cell_text(written) == cell_text(cell)


def test_a_file_that_is_there_is_never_changed(tmp_path: Path) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("mine")
    (tmp_path / "list.csv.left-out.csv").symlink_to(precious)
    (tmp_path / "list.csv.left-out.2.csv").mkdir()
    path = write_left_out(tmp_path / "list.csv", ROWS)
    assert path.name == "list.csv.left-out.3.csv"
    assert precious.read_text() == "mine"
    assert write_left_out(tmp_path / "list.csv", ROWS) == path, "one that says the same is enough"


@pytest.mark.parametrize(
    ("list_name", "name"),
    [
        ("list.csv", "list.csv.left-out.csv"),
        ("list.xlsx", "list.xlsx.left-out.csv"),
        ("list.csv.left-out.csv", "list.csv.left-out.csv"),
        ("list.csv.left-out.2.csv", "list.csv.left-out.csv"),
    ],
)
def test_its_name_is_that_of_the_whole_file_name_and_says_left_out_once(
    tmp_path: Path, list_name: str, name: str
) -> None:
    assert write_left_out(tmp_path / list_name, ROWS).name == name


def test_a_folder_that_cannot_be_written_to_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreadableList, match="nothing was taken"):
        write_left_out(tmp_path / "nowhere" / "list.csv", ROWS)


def test_all_lists_of_a_file_share_one_header_and_the_problem_is_a_column_of_its_own(tmp_path: Path) -> None:
    lists = [
        LeftOutRows(("name", "website", "problem"), [(["-", "x", "old"], "no company"), (["7"], "short")]),
        LeftOutRows(
            ("website", "id"), [(["y", 1, "wide"], "no company"), (UnreadRow('"Acme,a', "not closed"), "open")]
        ),
    ]
    assert lines(write_left_out(tmp_path / "list.csv", lists)) == [
        ["name", "website", "id", "", "problem"],
        ["'-", "x", "", "", "no company"],
        ["7", "", "", "", "short"],
        ["", "y", "1", "wide", "no company"],
        ["", "", "", "", 'open: "Acme,a'],
    ]


def test_the_target_of_a_link_is_kept(tmp_path: Path) -> None:
    linked = LinkedText.of("Visit", "https://facebook.com/x")
    path = write_left_out(tmp_path / "list.xlsx", [LeftOutRows(("website",), [([linked], "no company")])])
    assert lines(path)[1][0] == "Visit https://facebook.com/x"


def test_letters_that_no_text_has_are_written_as_their_number(tmp_path: Path) -> None:
    path = write_left_out(tmp_path / "list.csv", [LeftOutRows(("name",), [(["A\ud800"], "no company")])])
    assert lines(path)[1][0] == "A\\ud800"
