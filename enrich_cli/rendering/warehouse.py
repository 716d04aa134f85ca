"""How `enrich publish` looks: the tables of the warehouse with their rows, and where it is."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from enrichment.domain.numbers import in_number
from resources.warehouse import Published


def published_view(published: Published) -> RenderableType:
    table = Table("table", "rows")
    for one in published.tables:
        table.add_row(one.name, f"{one.rows:,}")
    changed = in_number(published.companies, "company was", "companies were")
    kept = f"published {published.path}: {changed} new or changed"
    return Group(table, Text(kept, overflow="ignore", no_wrap=True))
