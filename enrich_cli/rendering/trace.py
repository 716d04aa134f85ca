"""How a trace looks: the tree of what happened; where a request failed, cause and next step come first."""

from collections.abc import Sequence
from typing import Any

from rich.text import Text
from rich.tree import Tree

from enrich_cli.rendering.terminal import as_plain
from enrichment.domain.money import in_usd
from enrichment.domain.records import CacheRead, Event, Purchase, Request

_CAUSES = 6


def trace_tree(
    request: Request, events: Sequence[Event], purchases: Sequence[Purchase], reads: Sequence[CacheRead]
) -> Tree:
    """identify, plan, each call, fallbacks, analyses, quality, what was kept."""
    tree = Tree(_headline(request))
    for line in _causes(request, events):
        tree.add(Text(line, style="red"))
    branches: dict[str, Tree] = {}
    for event in events:
        if event.stage not in branches:
            branches[event.stage] = tree.add(event.stage)
        _add_event(branches[event.stage], event)
    if reads:
        memory = tree.add("read from memory")
        for read in reads:
            memory.add(Text(f"{read.source}: saved {in_usd(read.saved_micro_usd)}, purchase {read.purchase_id} paid"))
    under_way = [p for p in purchases if p.state in ("reserved", "sent")]
    for purchase in under_way:
        tree.add(Text(_under_way(purchase), style="yellow"))
    spent = sum(p.cost_micro_usd for p in purchases if p.state == "settled")
    tree.add(f"cost {in_usd(spent)} USD in {len(purchases)} purchases, saved {in_usd(request.saved_micro_usd)}")
    return tree


def trace_data(
    request: Request, events: Sequence[Event], purchases: Sequence[Purchase], reads: Sequence[CacheRead]
) -> dict[str, Any]:
    return {
        "request": as_plain(request),
        "events": as_plain(events),
        "purchases": as_plain(purchases),
        "cache_reads": as_plain(reads),
    }


def _headline(request: Request) -> Text:
    took = ""
    if request.finished_at is not None:
        took = f", {(request.finished_at - request.asked_at).total_seconds():.1f} s"
    served = f", served from {request.served_from}" if request.served_from else ""
    return Text.assemble(
        (request.request_id, "bold"),
        f" {request.consumer} ({request.strategy}): {request.state}{took}{served}",
    )


def _under_way(purchase: Purchase) -> str:
    return (
        f"{purchase.source}: {purchase.state} and not closed; if its process is gone, the next request that needs it "
        f"{'resumes it' if purchase.handle else 'takes it over'} after {purchase.lease_until:%H:%M:%S} UTC"
    )


def _causes(request: Request, events: Sequence[Event]) -> list[str]:
    """Vendor, cause and next step of what failed: they come first."""
    if request.state == "complete":
        return []
    failures = [f"{_subject(event)}: {event.data.get('reason')}" for event in events if event.what == "failed"]
    return ([request.error] if request.error else []) + failures[:_CAUSES]


def _subject(event: Event) -> str:
    """The source with its vendor, or the analysis an event is about."""
    data = event.data
    if "analysis" in data:
        return f"analysis {data['analysis']}"
    return f"{data['source']} ({data['provider']})" if "provider" in data else str(data.get("source", event.what))


def _add_event(branch: Tree, event: Event) -> None:
    match event.what:
        case "planned":
            _add_plan(branch, event)
        case "bought":
            branch.add(Text.assemble(_bought(event), (str(event.data.get("warning") or ""), "red")))
        case "failed":
            then = "" if "analysis" in event.data else " -> its fallback is asked"
            branch.add(Text(f"{_subject(event)}: {event.data['kind']}: {event.data['reason']}{then}", style="yellow"))
        case _:
            details = ", ".join(f"{key} {value}" for key, value in event.data.items() if value not in (None, "", []))
            branch.add(Text(f"{event.what}: {details}" if details else event.what))


def _bought(event: Event) -> str:
    data = event.data
    if "analysis" in data:
        what = f"{data['claims_kept']} claims kept, {data['claims_dropped']} dropped"
    else:
        what = f"{data['outcome']}, {data['facts']} facts"
    return f"{_subject(event)}: {what}, {data['seconds']} s, {in_usd(data['cost_micro_usd'])} USD "


def _add_plan(branch: Tree, event: Event) -> None:
    data = event.data
    plan = branch.add(f"planned ({data['strategy']}), expected {in_usd(data['expected_micro_usd'])} USD")
    plan.add("wanted: " + ", ".join(f"{name} {status}" for name, status in data["datasets"].items()))
    if data["reads"]:
        plan.add("from memory: " + ", ".join(data["reads"]))
    for chain in data["chain"]:
        if chain:
            plan.add("to buy: " + " -> ".join(" + ".join(step) for step in chain))
