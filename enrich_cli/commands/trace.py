"""`enrich trace`: the tree of what happened in a request; from a failed one, the cause and next step come first."""

import json
import sys
from collections.abc import Sequence

from rich.text import Text
from rich.tree import Tree

from enrich_cli.bootstrap import settings_and_rules
from enrich_cli.errors import UsageError
from enrich_cli.rendering import as_plain, console
from enrichment.domain.money import in_usd
from enrichment.domain.records import CacheRead, Event, Purchase, Request
from resources.wiring import open_store_of

_CAUSES = 6


def show_trace(request_id: str, *, sandbox: bool, as_json: bool) -> None:
    """Raises UsageError when there is no such request."""
    settings, _ = settings_and_rules(sandbox=sandbox)
    store = open_store_of(settings)
    try:
        request = store.request(request_id)
        if request is None:
            raise UsageError(f"There is no request '{request_id}' in {settings.home}. `enrich company` prints its id.")
        events, purchases = store.events(request_id), store.purchases(request_id)
        reads = store.cache_reads(request_id)
    finally:
        store.close()
    if as_json:
        told = {"request": request, "events": events, "purchases": purchases, "cache_reads": reads}
        sys.stdout.write(json.dumps(as_plain(told), indent=2, default=str) + "\n")
    else:
        console.print(trace_tree(request, events, purchases, reads))


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
        f"{purchase.source}: {purchase.state} and not closed; if its process is gone, whoever asks next "
        f"{'resumes it' if purchase.handle else 'takes it over'} after {purchase.lease_until:%H:%M:%S} UTC"
    )


def _causes(request: Request, events: Sequence[Event]) -> list[str]:
    """Vendor, cause and next step of what failed: first, so that nobody has to look for it."""
    if request.state == "complete":
        return []
    failures = [f"{_who(event)}: {event.data.get('reason')}" for event in events if event.what == "failed"]
    return ([request.error] if request.error else []) + failures[:_CAUSES]


def _who(event: Event) -> str:
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
            then = "" if "analysis" in event.data else " -> its fallback has its turn"
            branch.add(Text(f"{_who(event)}: {event.data['kind']}: {event.data['reason']}{then}", style="yellow"))
        case _:
            details = ", ".join(f"{key} {value}" for key, value in event.data.items() if value not in (None, "", []))
            branch.add(Text(f"{event.what}: {details}" if details else event.what))


def _bought(event: Event) -> str:
    data = event.data
    if "analysis" in data:
        what = f"{data['claims_kept']} claims kept, {data['claims_dropped']} dropped"
    else:
        what = f"{data['outcome']}, {data['facts']} facts"
    return f"{_who(event)}: {what}, {data['seconds']} s, {in_usd(data['cost_micro_usd'])} USD "


def _add_plan(branch: Tree, event: Event) -> None:
    data = event.data
    plan = branch.add(f"planned ({data['strategy']}), expected {in_usd(data['expected_micro_usd'])} USD")
    plan.add("wanted: " + ", ".join(f"{name} {status}" for name, status in data["datasets"].items()))
    if data["reads"]:
        plan.add("from memory: " + ", ".join(data["reads"]))
    for chain in data["chain"]:
        if chain:
            plan.add("to buy: " + " -> ".join(" + ".join(step) for step in chain))
