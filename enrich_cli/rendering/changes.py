"""How changes look: one line each, the latest first."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from enrich_cli.tables import Name, listing
from enrichment.domain.json_values import Json
from enrichment.domain.values import in_words
from resources.store.knowledge.profile_changes import SeenChange


def changes_view(changes: Sequence[SeenChange]) -> RenderableType:
    if not changes:
        return Text("Nothing changed in that time: only what is refreshed can be found different.")
    table = listing("since (UTC)", "company", "dataset", "", "before", "now", "source")
    for seen in changes:
        change = seen.change
        table.add_row(
            f"{change.since:%Y-%m-%d %H:%M}",
            Name(seen.company_key),
            Name(change.dataset),
            change.kind,
            Text(_words(change.before)),
            Text(_words(change.after)),
            Name(change.source),
        )
    return table


def change_data(seen: SeenChange) -> dict[str, Json]:
    change = seen.change
    return {
        "change_id": change.change_id,
        "company": seen.company_key,
        "dataset": change.dataset,
        "kind": change.kind,
        "before": change.before,
        "after": change.after,
        "since": change.since.isoformat(),
        "found_at": change.at.isoformat(),
        "source": change.source,
        "why": change.why,
        "reply_id": change.reply_id,
        "evidence": change.evidence,
        "consumer": change.consumer,
        "audience": change.audience,
        "request_id": change.request_id,
    }


def _words(value: Json) -> str:
    return "" if value is None else in_words(value)
