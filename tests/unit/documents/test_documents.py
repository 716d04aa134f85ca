"""What documents name is there: paths, links and their headings, make targets, commands.

document -> words in backticks, targets of links -> repository, Makefile, command line
"""

import re
from pathlib import Path

import pytest
import typer

from enrich_cli.main import app

ROOT = Path(__file__).parents[3]
AT_THE_TOP = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
DOCUMENTS = [*(ROOT / name for name in AT_THE_TOP), *sorted((ROOT / "docs").rglob("*.md"))]
IDS = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
MADE_BY_RUNNING = {".venv", ".enrich", ".env"}
OF_EXAMPLES = re.compile(r"<\w+>|firmdata|supply_chain")
"""Files that a reader of extending.md makes: those of its examples, and of a provider to be filled in."""

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=IDS)


WRITTEN_LATER = {
    "config/learned.yaml",
    "config/reliability.yaml",
    "config/experiments.yaml",
    "config/exploration.yaml",
    "config/stopped_arms.yaml",
}
"""Files of a folder that ships, which a command or a person writes there."""


def quoted(document: Path) -> list[str]:
    """The texts between backticks on one line; blocks of code are left out."""
    prose = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"`([^`\n]+)`", prose)


def top_level() -> set[str]:
    return {entry.name for entry in ROOT.iterdir()} - MADE_BY_RUNNING


def paths_named(document: Path) -> list[str]:
    """Words that begin as something at the top of the repository: `docs/warehouse.md`, `config/`."""
    words = [word for text in quoted(document) for word in text.split()]
    paths = [word for word in words if "/" in word and word.split("/")[0] in top_level()]
    return [path for path in paths if not OF_EXAMPLES.search(path) and path not in WRITTEN_LATER]


def links(document: Path) -> list[str]:
    targets = re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8"))
    return [target for target in targets if "://" not in target]


def anchors(document: Path) -> set[str]:
    """As they are made of headings: lower case, blanks to hyphens, punctuation left out."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_document
def test_every_path_a_document_names_exists(document: Path) -> None:
    assert [path for path in paths_named(document) if not (ROOT / path).exists()] == []


@every_document
def test_every_link_leads_to_a_file_and_its_heading(document: Path) -> None:
    for target in links(document):
        path, _, anchor = target.partition("#")
        linked = (document.parent / path).resolve() if path else document
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


def make_targets() -> dict[str, str]:
    """target -> what `make help` says of it."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z-]+):.*?## (.+)$", text, flags=re.MULTILINE))


@every_document
def test_every_make_target_a_document_names_exists(document: Path) -> None:
    named = {match[1] for text in quoted(document) if (match := re.fullmatch(r"make ([a-z-]+)", text))}
    assert named <= make_targets().keys()


def test_every_make_target_is_in_the_help() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", text, flags=re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == make_targets().keys()


def benches() -> list[str]:
    """Packages of bench/ with a module that can be run."""
    can_run = [path for path in (ROOT / "bench").glob("*/*.py") if "__main__" in path.read_text(encoding="utf-8")]
    return sorted({path.parent.name for path in can_run})


@pytest.mark.parametrize("bench", benches())
def test_every_bench_is_run_by_a_make_target_that_its_page_names(bench: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(rf"^([a-z-]+):.*\n(?:\t.*\n)*?\t\S+ -m bench\.{bench}\b", makefile, flags=re.MULTILINE)
    page = (ROOT / "bench" / "README.md").read_text(encoding="utf-8")
    named = {
        name
        for heading in re.findall(r"^## (.+)$", page, flags=re.MULTILINE)
        for name in targets
        if f"make {name}" in heading
    }
    assert named


def commands() -> set[str]:
    """'company', 'companies add', ...: all that can be typed behind `enrich`."""
    root = typer.main.get_command(app)
    found: dict[str, object] = getattr(root, "commands", {})
    names = set(found)
    for name, command in found.items():
        names |= {f"{name} {sub}" for sub in getattr(command, "commands", {})}
    return names


def typed(document: Path) -> list[list[str]]:
    """The words behind `enrich`, from backticks and from lines of code."""
    lines = [*quoted(document), *document.read_text(encoding="utf-8").splitlines()]
    return [line.split()[1:] for line in lines if line.startswith("enrich ")]


@every_document
def test_every_command_a_document_names_exists(document: Path) -> None:
    named = {pair if (pair := " ".join(words[:2])) in commands() else words[0] for words in typed(document)}
    without_a_command = {option for one in typer.main.get_command(app).params for option in one.opts}
    assert named <= commands() | without_a_command


def test_the_readme_names_every_command() -> None:
    readme = ROOT / "README.md"
    typed_there = {" ".join(words[:count]) for words in typed(readme) for count in (1, 2)}
    ends_of_a_purchase = {f"purchases {text}" for text in quoted(readme)}
    assert commands() - typed_there - ends_of_a_purchase == set()
