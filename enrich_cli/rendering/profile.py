"""How a profile looks: what, from which source, how old, how good; what is missing and why; what it cost."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from enrich_cli.rendering.analyses import analyses_lines
from enrich_cli.tables import Name, listing
from enrich_cli.terminal import age, as_plain
from enrichment.domain.ids import analysis_of
from enrichment.domain.money import in_full, in_usd
from enrichment.domain.numbers import in_number
from enrichment.domain.requests import SourceFailure
from enrichment.domain.values import in_words
from enrichment.pipeline.enrich import Enriched
from resources.advice import advised

_SHOWN_ITEMS = 5
_MARK = {"satisfied": "[green]ok[/]", "empty": "[green]none[/]", "partial": "[yellow]partial[/]"}


_SERVED_FROM = {"layer_1": "a finished profile that is still valid"}
"""What a request was served from, where its stored name says little."""


def enriched_view(enriched: Enriched, to_mend: Sequence[str], *, sandbox: bool, every: bool = False) -> RenderableType:
    """every: all items of lists and whole texts, not the first ones."""
    request_id = enriched.request.request_id
    happened = (
        "What happened" if request_id else "The store is read-only, so this look is not in it. How the profile was made"
    )
    trace = advised(f"{happened}: `enrich trace {request_id or enriched.profile.request_id}`", sandbox=sandbox)
    return Group(_profile(enriched, every=every), Text(trace), *(Text(sentence, style="red") for sentence in to_mend))


def enriched_data(enriched: Enriched, to_mend: Sequence[str]) -> dict[str, Any]:
    request = enriched.request
    return {
        "request_id": request.request_id or None,
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


def _profile(enriched: Enriched, *, every: bool) -> RenderableType:
    document, request = enriched.profile.document, enriched.request
    quality = document["quality"]
    company = document["company"]
    header = Text.assemble(
        (company["name"] or company["key"], "bold"),
        f" ({company['key']}), {request.consumer}: quality "
        f"{quality['overall']:.2f} ({quality['confidence']}), complete {quality['completeness']:.0%}",
    )
    table = _datasets_table(document["datasets"], every=every)
    findings = analyses_lines(document, most=None if every else _SHOWN_ITEMS)
    emails = _email_lines(document["datasets"], every=every)
    return Group(header, *_refusal(enriched), table, *emails, *findings, *_missing(document), _money_line(enriched))


def _datasets_table(datasets: Mapping[str, Any], *, every: bool) -> Table:
    table = listing("dataset", "", "value", "source", "age", "quality")
    for name, field in datasets.items():
        _add_field(table, name, field, every=every)
    return table


def _add_field(table: Table, name: str, field: Mapping[str, Any], *, every: bool) -> None:
    mark = _MARK.get(field["status"], f"[red]{field['status']}[/]")
    if field["disputed"]:
        mark += " [yellow]disputed[/]"
    if field.get("fewer"):
        mark += f" [dim]{field['fewer']}[/]"
    if not field["values"]:
        table.add_row(Name(name), mark, "", "", "", "")
    shown = field["values"] if every else field["values"][:_SHOWN_ITEMS]
    for index, value in enumerate(shown):
        old = age(value["age_seconds"]) + (" [red]expired[/]" if value["expired"] else "")
        first = index == 0
        table.add_row(
            Name(name) if first else "",
            mark if first else "",
            Text(_value(value["value"], every=every)),
            Name(_source(value)),
            old,
            f"{value['quality']:.2f}",
        )
    more = len(field["values"]) - len(shown)
    if more > 0:
        table.add_row("", "", f"and {more} more: --all shows them", "", "", "")


def _source(value: Mapping[str, Any]) -> str:
    """A value's source, and how often that was right when it was checked."""
    checked = value.get("checked")
    often = f" (right in {checked['right']:,} of {checked['of']:,} when checked)" if checked else ""
    return f"{value['source']}{often}"


def _value(value: Mapping[str, Any], *, every: bool) -> str:
    """The value as one short line; a text as a whole, if every one is. A person's address is in `_email_lines`."""
    match value:
        case {"text": str(text)} if every and "title" not in value:
            return text
        case {"full_name": _}:
            return in_words({**value, "email": None})
        case _:
            return in_words(value)


def _email_lines(datasets: Mapping[str, Any], *, every: bool) -> Iterator[Text]:
    """One line for each contact with an address, never broken, so that it can be copied."""
    for field in datasets.values():
        for value in (shown["value"] for shown in field["values"][: None if every else _SHOWN_ITEMS]):
            if value.get("email"):
                checked = f" ({value['email_status'].replace('_', ' ')})" if value.get("email_status") else ""
                yield Text(f"{value['full_name']}: {value['email']}{checked}", overflow="ignore", no_wrap=True)


def _refusal(enriched: Enriched) -> list[Text]:
    """The text for a request that its cap refused: what would have been enough."""
    if enriched.request.state != "refused" or enriched.plan is None:
        return []
    dear = [s for s in enriched.plan.sources if s.verdict == "over a cap"]
    analyses = sorted(f.source for f in enriched.failures if _is_analysis_over_cap(f))
    names = ", ".join([s.source for s in dear] + analyses) or "what is missing"
    if analyses:  # what they may cost depends on evidence that is not collected yet
        return [Text(f"refused by a cap: {names} did not fit.", style="red")]
    most = in_full(enriched.request.cost_micro_usd + sum(s.max_micro_usd for s in dear))
    enough = f"--max-cost {most} is enough for all of them."
    return [Text(f"refused by a cap: {names} did not fit. {enough}", style="red")]


def _is_analysis_over_cap(failure: SourceFailure) -> bool:
    return failure.kind == "OverCap" and analysis_of(failure.source) is not None


def _missing(document: Mapping[str, Any]) -> list[Text]:
    datasets = document["datasets"].items()
    return [Text(f"{name}: {field['why']}", style="yellow") for name, field in datasets if field["why"]]


def _money_line(enriched: Enriched) -> Text:
    request = enriched.request
    payers = sorted({read.purchase_id for read in enriched.reads})
    memory = (
        f"; {in_number(len(payers), 'purchase')} of earlier requests used, saved {in_usd(request.saved_micro_usd)} USD"
        if payers
        else ""
    )
    served = _SERVED_FROM.get(request.served_from or "", request.served_from or "nothing")
    return Text(f"cost {in_usd(request.cost_micro_usd)} USD, served from {served}{memory}.")
