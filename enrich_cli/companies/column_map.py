"""`--map`: which columns of a list contain what, as a person says it."""

import re
from typing import cast, get_args

from enrich_cli.errors import UsageError
from enrichment.identity.list_columns import ColumnContent


def asked_columns(text: str | None) -> dict[str, ColumnContent]:
    """'Account=name,"Web, main"=website' -> title -> what it contains. Raises UsageError."""
    declared: dict[str, ColumnContent] = {}
    for pair in _pairs(text or ""):
        title, _, content = (part.strip() for part in pair.strip(" ,").rpartition("="))
        title = title[1:-1].replace('""', '"') if re.fullmatch(r'".*"', title, re.DOTALL) else title
        content = "website" if content == "domain" else content
        if not title or content not in get_args(ColumnContent):
            raise UsageError(f"--map takes pairs such as 'Account=name,Web=website', not {pair.strip(' ,')!r}.")
        if title in declared:
            raise UsageError(f"--map names the column {title!r} twice; say once what it contains.")
        declared[title] = cast("ColumnContent", content)
    return declared


def _pairs(text: str) -> list[str]:
    """The pairs of a text; each ends after an equals sign, a word and a comma, because titles may have commas."""
    return [
        pair for pair in re.findall(r'(?:"(?:[^"]|"")*"|[^"])+?(?:=\s*[\w-]+\s*(?:,|$)|$)', text) if pair.strip(" ,")
    ]
