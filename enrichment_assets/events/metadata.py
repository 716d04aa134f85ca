"""Dagster's metadata of what was planned, bought and assembled: USD, seconds, quality, ids; never a secret.

Plan -> Markdown;  Purchase, Profile -> metadata of a materialisation
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import dagster as dg

from enrichment.batches.quote import BatchQuote
from enrichment.domain.knowledge import Analysis, ReplyHead
from enrichment.domain.money import in_usd
from enrichment.domain.profiles import Profile
from enrichment.domain.purchases import Purchase
from enrichment.domain.requests import Request
from enrichment.domain.values import in_words
from enrichment.pipeline.enrich import Enriched
from enrichment.planning.plan import Plan, SourcePlan
from enrichment.planning.skip_reasons import shown
from enrichment.profiles.document import missing

_MOST_ROWS = 1_000
Metadata = dict[str, Any]


def plan_markdown(plan: Plan) -> str:
    """The plan of one company as people read it: what each source is for, and why it is asked or not."""
    lines = [
        f"**{plan.company_key}** for {plan.consumer}, strategy {plan.strategy}, rules {plan.rules_hash[:8]}: "
        f"expected {in_usd(plan.quote.expected)} USD, at most {in_usd(plan.quote.upper_bound)}, "
        f"from memory {in_usd(plan.quote.from_memory)}, calling everything {in_usd(plan.quote.legacy)}.",
        "",
        "| dataset | required | status | from | chance |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {d.dataset} | {'yes' if d.required else in_usd(d.worth) + ' USD'} | {d.status} "
            f"| {', '.join(d.from_sources)} | {d.chance:.0%} |"
            for d in plan.datasets
        ),
        "",
        "| source | verdict | why | expected USD |",
        "| --- | --- | --- | --- |",
        *(_source_row(source) for source in plan.sources),
    ]
    return "\n".join(lines)


def _source_row(source: SourcePlan) -> str:
    asked = source.verdict in {"chosen", "fallback", "last resort", "explored"}
    price = in_usd(source.expected_micro_usd) if asked else ""
    return f"| {source.source} | {shown(source.verdict)} | {_cell(source.why)} | {price} |"


def nothing_to_buy(profile: Profile) -> str:
    """The plan of a company that layer 1 has served."""
    return (
        f"nothing to buy: the profile of {profile.request_id} is valid until {profile.holds_until:%Y-%m-%d %H:%M} UTC"
    )


def quote_in_words(quote: BatchQuote) -> str:
    """What a batch will cost, before anything of it is bought."""
    parts = [
        f"{quote.companies:,} companies to do, {quote.satisfied:,} of them have all that is asked for already",
        f"expected {in_usd(quote.expected)} USD, nine times in ten at most {in_usd(quote.p90)}, "
        f"never above {in_usd(quote.most)}",
        f"about {quote.complete:,} end complete",
    ]
    if quote.exploration:
        parts.append(f"{in_usd(quote.exploration)} USD of it for sources that are asked only to learn from them")
    if quote.within_budget is not None:
        within = "the budget" if quote.day_cap is None else f"what {quote.day_cap} leaves"
        parts.append(f"{quote.within_budget:,} within {within}")
    if quote.slowest is not None:
        parts.append(f"{quote.slowest}'s limits allow no less than {quote.seconds:,.0f} s")
    return "; ".join(parts) + "."


def companies_markdown(reasons: Mapping[str, str]) -> str:
    """Company -> one sentence, as a table."""
    return table_markdown(("company", "why"), list(reasons.items()))


def table_markdown(header: tuple[str, str], rows: Sequence[tuple[str, str]]) -> str:
    """The first rows, and how many there are more."""
    lines = [f"| {_cell(one)} | {_cell(other)} |" for one, other in rows[:_MOST_ROWS]]
    more = [f"| and {len(rows) - _MOST_ROWS:,} more | |"] if len(rows) > _MOST_ROWS else []
    return "\n".join([f"| {header[0]} | {header[1]} |", "| --- | --- |", *lines, *more])


def purchase_metadata(purchase: Purchase, *, reply_id: str | None) -> Metadata:
    """What one call cost and brought."""
    shown = {
        "cost_usd": dg.MetadataValue.float(purchase.cost_micro_usd / 1_000_000),
        "units": dg.MetadataValue.json(dict(purchase.units)),
        "outcome": dg.MetadataValue.text(purchase.outcome or purchase.state),
        "source": dg.MetadataValue.text(purchase.source),
        "provider": dg.MetadataValue.text(purchase.provider),
        "purchase_id": dg.MetadataValue.text(purchase.purchase_id),
        "request_id": dg.MetadataValue.text(purchase.request_id),
    }
    if purchase.latency_seconds is not None:
        shown["latency_seconds"] = dg.MetadataValue.float(purchase.latency_seconds)
    if reply_id is not None:
        shown["reply_id"] = dg.MetadataValue.text(reply_id)
    if purchase.closed_at is not None:
        shown["bought_at"] = dg.MetadataValue.timestamp(purchase.closed_at)
    if purchase.reason:
        shown["note"] = dg.MetadataValue.text(purchase.reason)
    return shown


def fresh_metadata(reply: ReplyHead, until: datetime) -> Metadata:
    """Why a source was not asked again."""
    return {
        "note": dg.MetadataValue.text(
            f"still fresh until {until:%Y-%m-%d %H:%M} UTC, so it was not bought again; "
            "even_if_fresh in the run config of the op 'enrich' buys it anew"
        ),
        "fresh_until": dg.MetadataValue.timestamp(until),
        "bought_at": dg.MetadataValue.timestamp(reply.collected_at),
        "reply_id": dg.MetadataValue.text(reply.reply_id),
        "purchase_id": dg.MetadataValue.text(reply.purchase_id),
        "cost_usd": dg.MetadataValue.float(0.0),
    }


def analysis_metadata(analysis: Analysis) -> Metadata:
    return {
        "analysis_id": dg.MetadataValue.text(analysis.analysis_id),
        "model": dg.MetadataValue.text(analysis.model),
        "claims_kept": dg.MetadataValue.int(analysis.claims_kept),
        "claims_dropped": dg.MetadataValue.int(analysis.claims_dropped),
    }


def enriched_metadata(profile: Profile, enriched: Enriched) -> Metadata:
    """Metadata of a profile that this run has made, or was served: with its plan, or the request that made it."""
    if enriched.plan is None:
        more = {
            "plan": dg.MetadataValue.text(nothing_to_buy(profile)),
            "made_by": dg.MetadataValue.text(profile.request_id),
        }
        return profile_metadata(profile, enriched.request) | more
    return profile_metadata(profile, enriched.request) | {"plan": dg.MetadataValue.md(plan_markdown(enriched.plan))}


def profile_metadata(profile: Profile, request: Request) -> Metadata:
    """How good the profile is, what is missing, and what its request cost and saved."""
    lacking = missing(profile.document)
    shown = {
        "quality": dg.MetadataValue.float(round(profile.quality, 4)),
        "completeness": dg.MetadataValue.float(round(profile.completeness, 4)),
        "confidence": dg.MetadataValue.text(profile.confidence),
        "missing": dg.MetadataValue.text(", ".join(lacking) or "nothing"),
        "cost_usd": dg.MetadataValue.float(request.cost_micro_usd / 1_000_000),
        "saved_usd": dg.MetadataValue.float(request.saved_micro_usd / 1_000_000),
        "served_from": dg.MetadataValue.text(request.served_from or ""),
        "strategy": dg.MetadataValue.text(request.strategy),
        "holds_until": dg.MetadataValue.timestamp(profile.holds_until),
        "profile_id": dg.MetadataValue.text(profile.profile_id),
        "request_id": dg.MetadataValue.text(request.request_id),
        "values": dg.MetadataValue.md(_values_markdown(profile)),
    }
    if request.finished_at is not None:
        shown["latency_seconds"] = dg.MetadataValue.float((request.finished_at - request.asked_at).total_seconds())
    return shown


def _values_markdown(profile: Profile) -> str:
    """A line for each dataset: its status, its best value, the source of that value."""
    lines = ["| dataset | status | value | source | quality |", "| --- | --- | --- | --- | --- |"]
    for name, field in profile.document["datasets"].items():
        values = field["values"]
        best = values[0] if values else None
        shown = "" if best is None else _cell(in_words(best["value"]))
        more = f" (+{len(values) - 1})" if len(values) > 1 else ""
        source, quality = ("", "") if best is None else (best["source"], f"{best['quality']:.2f}")
        why = _cell(field["why"] or "") if best is None else shown + more
        lines.append(f"| {name} | {field['status']} | {why} | {source} | {quality} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
