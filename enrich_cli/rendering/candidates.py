"""How companies look that may be meant: a numbered list with their evidence, and the same as JSON."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from enrich_cli.companies.candidates import KnownCandidate
from enrich_cli.tables import listing
from enrich_cli.terminal import age
from enrichment.domain.companies import Company
from enrichment.domain.json_values import Json
from enrichment.domain.money import in_usd
from enrichment.identity.ambiguity import AmbiguousCompany

NEITHER = "none of these: a new company"


def choice_view(title: str, candidates: Sequence[KnownCandidate], now: datetime) -> RenderableType:
    """Numbered candidates below a title; the last number means a new company."""
    return Group(Text(title), candidates_table(candidates, now, last=NEITHER))


def candidates_table(candidates: Sequence[KnownCandidate], now: datetime, *, last: str | None = None) -> Table:
    table = listing("", "company", "website", "country", "ids", "known of it", "last bought", "because")
    for number, one in enumerate(candidates, start=1):
        company = one.company
        table.add_row(
            str(number),
            Text(company.name or company.key),
            Text(company.domain or f"none ({company.key})"),
            company.country or "",
            Text(", ".join(one.ids)),
            _facts(one),
            _last_bought(one, now),
            Text(one.because),
        )
    if last is not None:
        table.add_row(str(len(candidates) + 1), last)
    return table


def _facts(one: KnownCandidate) -> str:
    return ", ".join(name if count == 1 else f"{count} {name}" for name, count in one.facts.items()) or "nothing"


def _last_bought(one: KnownCandidate, now: datetime) -> str:
    if one.last_bought_at is None:
        return "never"
    ago = age(int((now - one.last_bought_at).total_seconds()))
    return f"{ago if ago == 'now' else f'{ago} ago'}, {in_usd(one.spent_micro_usd)} USD in all"


def ambiguity_data(error: AmbiguousCompany, candidates: Sequence[KnownCandidate]) -> Json:
    return {
        "error": "ambiguous_company",
        "message": str(error),
        "asked": error.asked,
        "candidates": [candidate_data(one) for one in candidates],
    }


def candidate_data(one: KnownCandidate) -> Json:
    """key: what to ask for instead, to choose it."""
    return {
        **company_data(one.company),
        "ids": list(one.ids),
        "because": one.because,
        "probability": one.probability,
        "facts": dict(one.facts),
        "spent_micro_usd": one.spent_micro_usd,
        "last_bought_at": None if one.last_bought_at is None else one.last_bought_at.isoformat(),
    }


def company_data(company: Company) -> dict[str, Json]:
    return {"key": company.key, "name": company.name, "domain": company.domain, "country": company.country}
