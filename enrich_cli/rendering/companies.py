"""How `enrich companies add` looks: what was taken from a file, and the rows that were not."""

from rich.console import Group, RenderableType
from rich.text import Text

from enrich_cli.company_files import AddedFile

_SHOWN = 20


def added_view(added: AddedFile) -> RenderableType:
    rows = [Text(f"  line {row.line}: {row.reason}") for row in added.bad_rows[:_SHOWN]]
    more = len(added.bad_rows) - _SHOWN
    if more > 0:
        rows.append(Text(f"  and {more} more"))
    return Group(
        Text(f"{added.new} companies added, {added.known} known already, {len(added.bad_rows)} rows not taken"), *rows
    )
