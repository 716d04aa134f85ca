"""Links of the documents lead somewhere: to a file or folder that is there, and to a heading that is in it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").rglob("*.md")])
_LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
_NO_PART_OF_AN_ANCHOR = re.compile(r"[^\w\- ]")


def broken(document: Path, text: str) -> Iterator[str]:
    """The links of a text in this document that lead nowhere."""
    for link in _LINK.findall(text):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


def anchors(document: Path) -> set[str]:
    """The headings as addresses name them."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {_NO_PART_OF_AN_ANCHOR.sub("", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_link_of_a_document_leads_somewhere(document: Path) -> None:
    assert not [*broken(document, document.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("link", ["docs/nowhere.md", "README.md#no-such-heading", "#neither"])
def test_a_link_that_leads_nowhere_is_found(link: str) -> None:
    assert [*broken(ROOT / "README.md", f"[see]({link})")] == [link]
