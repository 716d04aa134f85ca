"""How a trace looks: the tree of what happened; where a request failed, cause and next step come first."""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.text import Text
from rich.tree import Tree

from enrich_cli.terminal import as_plain
from enrichment.domain.json_values import Json
from enrichment.domain.money import in_usd
from enrichment.domain.numbers import in_number
from enrichment.domain.purchases import Purchase
from enrichment.domain.requests import CacheRead, Event, Request, failure_kind
from resources.advice import advised

_CAUSES = 6
_MICRO_USD = "_micro_usd"
_KINDS = {
    "ProviderError": "no usable answer",
    "ProviderUnavailable": "no answer",
    "Throttled": "too many calls",
    "Unavailable": "not asked at the moment",
    "OverCap": "over a cap",
    "ClaimLost": "taken over by another request",
    "CredentialsRejected": "key not accepted",
    "CredentialsMissing": "no credentials",
    "QuotaExhausted": "plan used up",
    "UnexpectedReply": "unusable reply",
    "ModelRefused": "the model declined",
    "AnswerTruncated": "answer cut off",
}
"""Kinds of failures in words; any other one is taken apart: AskedInVain, asked in vain."""


def trace_tree(
    request: Request,
    events: Sequence[Event],
    purchases: Sequence[Purchase],
    reads: Sequence[CacheRead],
    *,
    sandbox: bool,
) -> Tree:
    """What happened, in order: a branch begins whenever the stage changes, so a stage may have several."""
    tree = Tree(_headline(request))
    for line in _causes(request, events):
        tree.add(Text(advised(line, sandbox=sandbox), style="red"))
    _add_events(tree, events, sandbox=sandbox)
    if reads:
        memory = tree.add("read from memory")
        for read in reads:
            memory.add(
                Text(f"{read.source}: saved {in_usd(read.saved_micro_usd)} USD, purchase {read.purchase_id} paid")
            )
    under_way = [p for p in purchases if p.state in ("reserved", "sent")]
    for purchase in under_way:
        tree.add(Text(_under_way(purchase), style="yellow"))
    spent = sum(p.cost_micro_usd for p in purchases if p.state == "settled")
    bought = in_number(len(purchases), "purchase")
    tree.add(f"cost {in_usd(spent)} USD in {bought}, saved {in_usd(request.saved_micro_usd)} USD")
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


def _fallback(events: Sequence[Event], number: int) -> str | None:
    """The source that was asked in place of the one that failed in this event: a later step of the plan's chain."""
    failed = events[number]
    if failed.what != "failed" or "source" not in failed.data:
        return None
    plan = next((event.data for event in reversed(events[:number]) if event.what == "planned"), None)
    later = () if plan is None else _later_steps(plan["chain"], failed.data["source"])
    asked = (event.data["source"] for event in events[number + 1 :] if _asks(event))
    return next((source for source in asked if source in later), None)


def _later_steps(chains: Sequence[Sequence[Sequence[str]]], source: str) -> set[str]:
    for chain in chains:
        for number, step in enumerate(chain):
            if source in step:
                return {later for after in chain[number + 1 :] for later in after}
    return set()


def _asks(event: Event) -> bool:
    """Whether the event shows that a source was asked, by this request or by another one that it waited for."""
    if event.stage != "collect" or "source" not in event.data:
        return False
    return event.what in ("bought", "read") or (event.what == "failed" and event.data["kind"] != "OverCap")


def _add_events(tree: Tree, events: Sequence[Event], *, sandbox: bool) -> None:
    for stage, together in groupby(enumerate(events), key=lambda one: one[1].stage):
        branch = tree.add(stage)
        for number, event in together:
            if event.what == "planned":
                _add_plan(branch, event, _bought_in(events[:number]))
            else:
                _add_event(branch, event, _fallback(events, number), sandbox=sandbox)


def _bought_in(events: Sequence[Event]) -> frozenset[str]:
    """The sources that this request itself has paid for in these events."""
    return frozenset(event.data["source"] for event in events if event.what == "bought" and "source" in event.data)


def _add_event(branch: Tree, event: Event, fallback: str | None, *, sandbox: bool) -> None:
    match event.what:
        case "bought":
            warning = event.data.get("warning")
            branch.add(Text.assemble(_bought(event), (f" {warning}" if warning else "", "red")))
        case "failed":
            then = "" if fallback is None else f" -> its fallback is asked: {fallback}"
            what = f"{_kind_in_words(event.data['kind'])}: {event.data['reason']}"
            branch.add(Text(f"{_subject(event)}: {advised(what, sandbox=sandbox)}{then}", style="yellow"))
        case "names another company":
            branch.add(Text(_another_company(event.data), style="yellow"))
        case _:
            details = ", ".join(_detail(*one) for one in event.data.items() if one[1] not in (None, "", []))
            branch.add(Text(f"{event.what}: {details}" if details else event.what))


def _another_company(data: Mapping[str, Json]) -> str:
    shown = " ".join(filter(None, (data["name"], f"({data['website']})" if data["website"] else "")))
    return f"{data['source']}: it names {shown}, not the company asked about: kept as paid for, used for none"


def _kind_in_words(stored: str) -> str:
    kind = failure_kind(stored)
    return _KINDS.get(kind) or re.sub(r"(?<!^)(?=[A-Z])", " ", kind).lower()


def _detail(name: str, value: Json) -> str:
    """'cost 0.17 USD', 'missing industry and employee_count', 'quality 0.962'."""
    if name.endswith(_MICRO_USD) or name == "saved":
        return f"{name.removesuffix(_MICRO_USD)} {in_usd(value)} USD"
    return f"{name} {' and '.join(map(str, value)) if isinstance(value, list) else value}"


def _bought(event: Event) -> str:
    data = event.data
    if "analysis" in data:
        what = f"{in_number(data['claims_kept'], 'claim')} kept, {data['claims_dropped']} dropped"
    else:
        what = f"{data['outcome']}, {in_number(data['facts'], 'fact')}"
    return f"{_subject(event)}: {what}, {data['seconds']} s, {in_usd(data['cost_micro_usd'])} USD"


def _add_plan(branch: Tree, event: Event, bought: frozenset[str]) -> None:
    """bought: sources that this request had paid for before it made the plan."""
    data = event.data
    plan = branch.add(f"planned ({data['strategy']}), expected {in_usd(data['expected_micro_usd'])} USD")
    plan.add("wanted: " + ", ".join(f"{name} {status}" for name, status in data["datasets"].items()))
    own = [source for source in data["reads"] if source in bought]
    others = [source for source in data["reads"] if source not in bought]
    if own:
        plan.add("already answered in this request: " + ", ".join(own))
    if others:
        plan.add("from memory: " + ", ".join(others))
    for chain in data["chain"]:
        if chain:
            plan.add("to buy: " + " -> ".join(" + ".join(step) for step in chain))
