"""What a question about research itself is told: what an answer would cost, how old what is known is, how sure. Pure.

plan -> "asking would cost 0.12 USD, 0.30 at most: nothing was bought"        facts -> the days they were collected
answer before -> its confidence, how exactly its quotes stand in the evidence, of which sources and days they are
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from enrichment.domain.companies import Company
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import Known
from enrichment.domain.money import in_usd
from enrichment.domain.numbers import in_number
from enrichment.research.answers.answer import NOTHING_BOUGHT, OpenPoint, day_in_words
from enrichment.rules.names_for_people import called


def price_of(plan: Mapping[str, Json], companies: Sequence[Company]) -> Iterator[OpenPoint]:
    """plan: as plan_of_question has it. What each company would cost, its searches included."""
    for company in companies:
        each = [one for one in (*plan["plans"], *plan["searches"]) if one["company"] == company.key]
        expected, most = (sum(one[part] for one in each) for part in ("expected_micro_usd", "most_micro_usd"))
        why = f"asking would cost {in_usd(expected)} USD, {in_usd(most)} at most: {NOTHING_BOUGHT}"
        if not most:
            why = f"all that would be asked for is in memory and free: {NOTHING_BOUGHT}"
        yield OpenPoint(f"the price of an answer on {company.name or company.key}", why, company.key)
    if (own := plan["own_company"]) is not None:
        expected, most = in_usd(own["expected_micro_usd"]), in_usd(own["most_micro_usd"])
        why = f"it would be looked up as well, once for all who sell for it: {expected} USD, {most} at most"
        yield OpenPoint(f"the price of what {own['name']} offers", why)


def sureness_of(question: str, answer: Mapping[str, Json]) -> OpenPoint:
    """What the confidence of an earlier answer rests on. answer: the data of its research_complete."""
    what, confidence = f'how sure the answer to "{question}" is', answer["confidence"]
    cited = [one for claim in answer["claims"] for one in claim["citations"] if one["side"] == "company"]
    by_source = Counter((one["source"], one["collected_at"][:10], one["reliability"]) for one in cited)
    each = (
        f"{in_number(many, 'quote')} of {called(source)} (reliability {reliability:.2f}, "
        f"collected on {day_in_words(date.fromisoformat(day))})"
        for (source, day, reliability), many in by_source.most_common()
    )
    verdicts = Counter(claim["verdict"] for claim in answer["claims"])
    checked = ", ".join(f"{many} {verdict}" for verdict, many in verdicts.most_common())
    rests_on = f"it rests on {'; '.join(each)}; its claims: {checked}" if cited else "no claim was borne out"
    why = f"{confidence['level']}, with {confidence['why']}; {rests_on}; {NOTHING_BOUGHT}"
    return OpenPoint(what, why)


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
