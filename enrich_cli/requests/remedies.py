"""What a request left out that can be mended: a website, analyses, suspended sources, money of uncertain purchases.

Enriched, and what the store contains now -> sentences, each with its command
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from enrichment.domain.ids import analysis_of
from enrichment.domain.money import in_usd
from enrichment.domain.numbers import in_number
from enrichment.domain.requests import failure_kind
from enrichment.pipeline.enrich import Enriched
from enrichment.pipeline.new_profile import is_unknown
from enrichment.planning.plan import Plan
from enrichment.planning.skip_reasons import because
from enrichment.purchasing.caps import caps_of_each, caps_over
from enrichment.rules import Rules
from resources.clock import utc_now
from resources.settings import Settings
from resources.wiring import open_store_of

if TYPE_CHECKING:
    from resources.store import SqlStore

_NOT_AT_ONCE = frozenset({"FailedBefore", "UnusableAnswer", "Unavailable", "OverCap"})
"""Kinds of failures whose reason states when the model is asked again, or what must be raised before."""


def what_to_mend(enriched: Enriched, rules: Rules, settings: Settings) -> list[str]:
    """Empty where the request left out nothing that can be mended."""
    plan = enriched.plan
    if plan is None:
        return []
    if is_unknown(enriched):
        return ["no source knows a company of this name: ask with its website in place of the name."]
    analyses = [*_analyses(enriched)]
    suspended = _left_out(enriched, plan, "suspended", "Unavailable")
    too_dear = _left_out(enriched, plan, "over a cap", "OverCap")
    if not suspended and not too_dear:
        return analyses
    store = open_store_of(settings)
    try:
        return [
            *analyses,
            *_suspended(suspended, store),
            *_reserved_by_uncertain(too_dear, enriched, plan, rules, store),
        ]
    finally:
        store.close()


def _left_out(enriched: Enriched, plan: Plan, verdict: str, kind: str) -> set[str]:
    """What the plan left out, or what failed while it was carried out."""
    planned = {source.source for source in plan.sources if source.verdict == verdict}
    failed = {failure.source for failure in enriched.failures if failure_kind(failure.kind) == kind}
    return planned | failed


def _analyses(enriched: Enriched) -> Iterator[str]:
    """A sentence for each analysis that another request could make; the reason states what to do, or when."""
    for failure in enriched.failures:
        if (name := analysis_of(failure.source)) is not None:
            again = "" if failure_kind(failure.kind) in _NOT_AT_ONCE else ", and the next request tries again"
            yield f"analysis {name} was not made{again}: {failure.reason.rstrip('.')}."


def _suspended(left_out: set[str], store: "SqlStore") -> Iterator[str]:
    for suspension in store.provider_health.suspensions():
        if suspension.source in left_out:
            yield f"left out, since it is suspended: {because(suspension)}."


def _reserved_by_uncertain(
    left_out: set[str], enriched: Enriched, plan: Plan, rules: Rules, store: "SqlStore"
) -> Iterator[str]:
    """What uncertain purchases reserve of the caps under which something did not fit."""
    caps = caps_of_each(rules, plan.requirements, enriched.request.request_id, utc_now())
    spent = store.ledger.spent(sorted({cap.name for name in left_out for cap in caps[name]}))
    full = {cap.name for name in left_out for cap in caps[name] if not cap.allows(spent[cap.name] + _most(name, rules))}
    uncertain = [purchase for purchase in store.ledger_queries.uncertain() if full & caps_over(purchase, rules)]
    if uncertain:
        reserved = in_usd(sum(purchase.reserved_micro_usd for purchase in uncertain))
        many = in_number(len(uncertain), "uncertain purchase reserves", "uncertain purchases reserve")
        yield (
            f"{many} {reserved} USD of the caps that leave too little: "
            "`enrich purchases --uncertain` lists what to settle or release."
        )


def _most(name: str, rules: Rules) -> int:
    """The most that the plan may cost (micro-USD)."""
    analysis = analysis_of(name)
    return rules.max_micro_usd(name) if analysis is None else rules.max_micro_usd_of_analysis(analysis)
