"""What an analysis reads of the vendor it is written for: its own vendor_context profile, else its name.

audience -> its newest profile -> name and the values that satisfy their datasets, a line each
"""

import asyncio
from collections.abc import Iterator, Mapping

from enrichment.context.run_context import RunContext
from enrichment.domain.json_values import Json
from enrichment.identity.companies import reference_of
from enrichment.identity.domains import AmbiguousCompany, NotACompany
from enrichment.pipeline.candidates import registered_company
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements, requirements_of

_CONTEXT = "vendor_context"
_VALUES_EACH = 3


async def audience_text(audience: str | None, rules: Rules, context: RunContext) -> str | None:
    return await asyncio.to_thread(audience_text_now, audience, rules, context)


def audience_text_now(audience: str | None, rules: Rules, context: RunContext) -> str | None:
    """Blocks."""
    if audience is None:
        return None
    reference = reference_of(audience)
    try:
        company = registered_company(reference, audience, context.store.companies)
    except (AmbiguousCompany, NotACompany):
        company = None  # it is written for this name alone, not for one of several vendors that have it
    if company is None:
        return reference.name or reference.domain
    profile = context.store.profiles.latest(company.company_id, _CONTEXT, None)
    lines = [company.name or company.key]
    if profile is not None and _CONTEXT in rules.consumers:
        lines += audience_lines(profile.document, rules, requirements_of(rules, (_CONTEXT,)))
    return "\n".join(lines)


def audience_lines(document: Mapping[str, Json], rules: Rules, requirements: Requirements) -> Iterator[str]:
    """The lines an audience reads of a profile's document, without values that expired or miss their threshold."""
    for name, field in document["datasets"].items():
        least = requirements.threshold(rules, name) if name in rules.datasets else 1.0
        good = [v for v in field["values"] if v["quality"] >= least and not v["last_resort"] and not v["expired"]]
        for value in good[:_VALUES_EACH]:
            text = value["value"].get("text") or value["value"].get("statement")
            if text:
                yield f"{name}: {text}"
