"""What a question about research itself is told: what an answer would cost, or how old what is known is. Pure.

plan -> "asking would cost 0.12 USD, 0.30 at most: nothing was bought"        facts -> the days they were collected
"""

from collections.abc import Iterator, Mapping, Sequence

from enrichment.domain.companies import Company
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import Known
from enrichment.domain.money import in_usd
from enrichment.domain.numbers import in_number
from enrichment.research.answers.answer import NOTHING_BOUGHT, OpenPoint, day_in_words


def price_of(plan: Mapping[str, Json], companies: Sequence[Company]) -> Iterator[OpenPoint]:
    """plan: as plan_of_question has it. What each company would cost, its searches included."""
    for company in companies:
        each = [one for one in (*plan["plans"], *plan["searches"]) if one["company"] == company.key]
        expected, most = (sum(one[part] for one in each) for part in ("expected_micro_usd", "most_micro_usd"))
        why = f"asking would cost {in_usd(expected)} USD, {in_usd(most)} at most: {NOTHING_BOUGHT}"
        if not most:
            why = f"all that would be asked for is in memory and free: {NOTHING_BOUGHT}"
        yield OpenPoint(f"the price of an answer on {company.name or company.key}", why, company.key)


def age_of(company: Company, known: Known) -> OpenPoint:
    """From when what is known of a company is."""
    what = f"the age of what is known of {company.name or company.key}"
    if not known.facts:
        return OpenPoint(what, "nothing that is fresh is known of it", company.key)
    days = [fact.collected_at for fact in known.facts]
    oldest, newest, many = day_in_words(min(days)), day_in_words(max(days)), in_number(len(days), "fact")
    between = f"on {newest}" if oldest == newest else f"between {oldest} and {newest}"
    verb = "was" if len(days) == 1 else "were"
    return OpenPoint(what, f"{many} {verb} collected {between}; {NOTHING_BOUGHT}", company.key)
