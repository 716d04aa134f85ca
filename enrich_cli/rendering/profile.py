"""How a profile looks: what, from which source, how old, how good; what is missing and why; what it cost."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from enrich_cli.rendering.terminal import advised, age, as_plain
from enrichment.domain.money import in_full, in_usd
from enrichment.domain.values import in_words
from enrichment.pipeline.enrich import Enriched

_SHOWN_ITEMS = 5
_MARK = {"satisfied": "[green]ok[/]", "empty": "[green]none[/]", "partial": "[yellow]partial[/]"}


def enriched_view(enriched: Enriched, to_mend: Sequence[str], *, sandbox: bool) -> RenderableType:
    trace = advised(f"What happened: `enrich trace {enriched.request.request_id}`", sandbox=sandbox)
    return Group(_profile(enriched), Text(trace), *(Text(sentence, style="red") for sentence in to_mend))


def enriched_data(enriched: Enriched, to_mend: Sequence[str]) -> dict[str, Any]:
    request = enriched.request
    return {
        "request_id": request.request_id,
        "company": as_plain(enriched.company),
        "consumer": request.consumer,
        "state": request.state,
        "profile": dict(enriched.profile.document),
        "quality": round(enriched.profile.quality, 4),
        "cost_micro_usd": request.cost_micro_usd,
        "saved_micro_usd": request.saved_micro_usd,
        "served_from": request.served_from,
        "reads": [as_plain(read) for read in enriched.reads],
        "plan": None if enriched.plan is None else as_plain(enriched.plan),
        "to_mend": list(to_mend),
    }


def _profile(enriched: Enriched) -> RenderableType:
    document, request = enriched.profile.document, enriched.request
    quality = document["quality"]
    company = document["company"]
    header = Text.assemble(
        (company["name"] or company["key"], "bold"),
        f" ({company['key']}), {request.consumer}: quality "
        f"{quality['overall']:.2f} ({quality['confidence']}), complete {quality['completeness']:.0%}",
    )
    table = Table("dataset", "", "value", "source", "age", "quality")
    for name, field in document["datasets"].items():
        _add_field(table, name, field)
    findings = [_analysis_line(name, a) for name, a in document["analyses"].items()]
    return Group(header, *_refusal(enriched), table, *findings, *_missing(document), _money_line(enriched))


def _add_field(table: Table, name: str, field: Mapping[str, Any]) -> None:
    mark = _MARK.get(field["status"], f"[red]{field['status']}[/]")
    if field["disputed"]:
        mark += " [yellow]disputed[/]"
    if not field["values"]:
        table.add_row(name, mark, "", "", "", "")
    for index, value in enumerate(field["values"][:_SHOWN_ITEMS]):
        old = age(value["age_seconds"]) + (" [red]expired[/]" if value["expired"] else "")
        first = index == 0
        table.add_row(
            name if first else "",
            mark if first else "",
            Text(in_words(value["value"]), overflow="ellipsis"),
            value["source"],
            old,
            f"{value['quality']:.2f}",
        )
    more = len(field["values"]) - _SHOWN_ITEMS
    if more > 0:
        table.add_row("", "", f"and {more} more", "", "", "")


def _analysis_line(name: str, analysis: Mapping[str, Any]) -> Text:
    dropped = f", {analysis['claims_dropped']} dropped for want of a quote" if analysis["claims_dropped"] else ""
    return Text(f"analysis {name}: {analysis['claims_kept']} claims{dropped}")


def _refusal(enriched: Enriched) -> list[Text]:
    """For a request that its cap refused: what would have been enough."""
    if enriched.request.state != "refused" or enriched.plan is None:
        return []
    dear = [s for s in enriched.plan.sources if s.verdict == "over a cap"]
    most = enriched.request.cost_micro_usd + sum(s.max_micro_usd for s in dear)
    return [
        Text(
            f"refused by a cap: {', '.join(s.source for s in dear) or 'what is missing'} did not fit. "
            f"--max-cost {in_full(most)} is enough for all of them.",
            style="red",
        )
    ]


def _missing(document: Mapping[str, Any]) -> list[Text]:
    return [
        Text(f"{name}: {field['why']}", style="yellow") for name, field in document["datasets"].items() if field["why"]
    ]


def _money_line(enriched: Enriched) -> Text:
    request = enriched.request
    payers = sorted({read.purchase_id for read in enriched.reads})
    memory = (
        f"; {len(payers)} purchases of earlier requests used, saved {in_usd(request.saved_micro_usd)}" if payers else ""
    )
    return Text(f"cost {in_usd(request.cost_micro_usd)} USD, served from {request.served_from or 'nothing'}{memory}.")
