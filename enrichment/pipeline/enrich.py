"""One request through all stages: what Dagster, the command line and a service all call.

Ask -> identify -> from_layer_1 -> Enriched, or where nothing is valid: -> new_profile -> Enriched
"""

from collections.abc import Callable

from enrichment.context.run_context import RunContext
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.pipeline.cached_profile import from_layer_1
from enrichment.pipeline.identify import identify
from enrichment.pipeline.stages import Ask, Enriched, LeftOpen, Watch
from enrichment.rules import Rules
from enrichment.rules.experiment_arm import rules_of

__all__ = ["Ask", "Enriched", "LeftOpen", "Watch", "enrich"]


def _never() -> bool:
    return False


async def enrich(
    ask: Ask,
    *,
    rules: Rules,
    context: RunContext,
    watch: Watch | None = None,
    request_id: str | None = None,
    company: Company | None = None,
    resumed: bool = False,
    leave_open: Callable[[], bool] = _never,
) -> Enriched:
    """One request, whole. Raises NotACompany, UnknownName, UnknownStrategy, StoreError; never for a vendor.

    request_id: of the request to open, where the caller has to know it before. company: the one that is meant, where
    that is known. resumed: a process that is gone may have begun this request; it goes on and pays nothing twice.
    leave_open: whether this process is about to end; then, after the calls under way, it raises LeftOpen.
    """
    async with context.trace(request_id or new_id("req"), watch) as trace:
        identified = await identify(ask, rules=rules, context=context, trace=trace, company=company, resumed=resumed)
        request = identified.request
        rules = rules_of(rules, consumer=request.consumer, company_id=request.company_id)
        served = await from_layer_1(identified, rules=rules, context=context, trace=trace)
        if served is not None:
            return served
        # imported here: a fifth of a second of CPU that a request served from a finished profile does not pay
        from enrichment.pipeline.new_profile import new_profile  # noqa: PLC0415

        return await new_profile(identified, rules=rules, context=context, trace=trace, leave_open=leave_open)
