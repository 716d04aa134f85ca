"""Which questions to ask next, each with its price: one per area that this question left out, free ones first.

company + areas answered -> dry runs over what memory has -> three NextQuestions
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from enrichment.context import RunContext
from enrichment.domain.money import in_usd
from enrichment.domain.records import Company, Json
from enrichment.pipeline.dry_run import quote
from enrichment.pipeline.stages import Ask
from enrichment.planning.total import total_of
from enrichment.research.answer_question import expected_for_answer
from enrichment.research.areas import AREAS, Area, datasets_of
from enrichment.rules import Rules

MOST = 3


@dataclass(frozen=True, slots=True)
class NextQuestion:
    """micro_usd: what it is expected to cost; 0: memory has all of it, and it is answered from there."""

    question: str
    area: str
    micro_usd: int

    def as_json(self) -> dict[str, Json]:
        price = "free" if not self.micro_usd else f"{in_usd(self.micro_usd)} USD"
        return {"question": self.question, "area": self.area, "cost_micro_usd": self.micro_usd, "price": price}


async def next_questions(
    company: Company, vendor: str, answered: Collection[str], *, rules: Rules, context: RunContext
) -> list[NextQuestion]:
    """answered: areas that were looked at already; of equal price they come last."""
    found = [
        priced
        for area in AREAS
        if (priced := await _priced(area, company, vendor, rules=rules, context=context)) is not None
    ]
    return sorted(found, key=lambda one: (one.micro_usd > 0, one.area in answered, one.micro_usd))[:MOST]


async def price_of(company: Company, datasets: tuple[str, ...], *, rules: Rules, context: RunContext) -> int:
    """What these would cost now (micro-USD), expected; nothing is bought."""
    plans = await quote(Ask(company.key, datasets=datasets), rules=rules, context=replace(context, stopping=_never))
    return total_of(plans).expected if plans else 0


async def _priced(
    area: Area, company: Company, vendor: str, *, rules: Rules, context: RunContext
) -> NextQuestion | None:
    datasets = datasets_of((area.name,), rules)
    if not datasets:
        return None
    cost = await price_of(company, datasets, rules=rules, context=context)
    asked = area.next_question.format(company=company.name or company.key, vendor=vendor)
    return NextQuestion(asked, area.name, cost + expected_for_answer(rules) if cost else 0)


def _never() -> bool:
    return False
