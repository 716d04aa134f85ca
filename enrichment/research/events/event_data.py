"""What the events of a question say of its plans and of the vendor's context. Pure."""

from collections.abc import Collection, Mapping, Sequence

from enrichment.domain.companies import Company
from enrichment.domain.json_values import Json
from enrichment.domain.money import in_usd
from enrichment.domain.profiles import Profile
from enrichment.pipeline.enrich import Enriched
from enrichment.planning.plan import Plan
from enrichment.planning.total import total_of
from enrichment.purchasing.caps import in_words
from enrichment.research.questions.areas import AREAS
from enrichment.research.questions.breakdown import QuestionParts
from enrichment.rules.names_for_people import all_called


def plan_data(company: Company, served: Profile | None, plans: Sequence[Plan]) -> dict[str, Json]:
    total = total_of(plans) if plans else None
    chosen = [source.source for plan in plans for source in plan.sources if source.verdict == "chosen"]
    return {
        "company": company.key,
        "served": served is not None,
        "datasets": {one.dataset: one.status for plan in plans for one in plan.datasets},
        "sources": list(dict.fromkeys(chosen)),
        "why_not": {s.source: f"{s.verdict}: {s.why}" for plan in plans for s in plan.sources if s.verdict != "chosen"},
        "expected_micro_usd": 0 if total is None else total.expected,
        "most_micro_usd": 0 if total is None else total.upper_bound,
        "seconds": 0.0 if total is None else round(total.seconds, 3),
    }


def lookup_sentence(name: str, plan: Mapping[str, Json]) -> str:
    """name: of the company that is looked for. plan: as plan_data has it."""
    expected, most = in_usd(plan["expected_micro_usd"]), in_usd(plan["most_micro_usd"])
    return f"Finding out which company {name} is: expected {expected} USD, at most {most} USD."


def plan_of_question(
    parts: QuestionParts,
    plans: Sequence[Mapping[str, Json]],
    searches: Sequence[Mapping[str, Json]],
    own_company: Mapping[str, Json] | None = None,
) -> dict[str, Json]:
    """plans: as plan_data has them; searches: of topics. Companies, and topics, are asked about side by side.

    own_company: the plan of what the seller's company offers, which is bought first; None: nothing is.
    """
    first = [] if own_company is None else [own_company]
    every = [*first, *plans, *searches]
    seconds = [max((one["seconds"] for one in each), default=0.0) for each in (first, plans, searches)]
    return {
        "areas": list(parts.asked_areas),
        "topics": list(parts.topics),
        "sub_questions": [{"question": one.question, "datasets": list(one.datasets)} for one in parts.sub_questions],
        "unanswerable": dict(parts.unanswerable),
        "plans": list(plans),
        "own_company": own_company,
        "searches": list(searches),
        "sources": sorted({source for one in every for source in one["sources"]}),
        "expected_micro_usd": sum(one["expected_micro_usd"] for one in every),
        "most_micro_usd": sum(one["most_micro_usd"] for one in every),
        "seconds": sum(seconds),
    }


def plan_sentence(
    plan: Mapping[str, Json], parts: QuestionParts, companies: Sequence[str], topics: Sequence[str]
) -> str:
    """plan: as plan_of_question has it, with spent_micro_usd and kept_back_micro_usd. companies: their names.

    topics: those that are searched for.
    """
    if not companies:
        spent = plan["spent_micro_usd"]
        price = f" {in_usd(spent)} USD was spent on finding that out." if spent else ""
        return f"Nothing is looked up: no company is known that the question is about.{price}"
    about, searched = " and ".join(companies), " and ".join(topics)
    areas = "all areas" if parts.is_whole else ", ".join(plan["areas"]) or "what is known"
    looks_at = f"Looking at {areas} of {about}" + (f", searching for {searched}" if topics else "")
    if topics and not plan["areas"]:
        looks_at = f"Searching for {searched} about {about}"
    cost, most = in_usd(plan["expected_micro_usd"]), in_usd(plan["most_micro_usd"])
    price = f"expected to cost {cost} USD, {most} at most" if plan["expected_micro_usd"] else "all of it is in memory"
    return f"{looks_at}: {price}{_for_own(plan)}, about {plan['seconds']:.0f} s{_besides(plan, parts)}."


def _for_own(plan: Mapping[str, Json]) -> str:
    own = plan["own_company"]
    return f" ({in_usd(own['expected_micro_usd'])} of it for what {own['name']} offers)" if own is not None else ""


def _besides(plan: Mapping[str, Json], parts: QuestionParts) -> str:
    """What the question costs beside its plan; over what is remembered only advice asks a model."""
    spent = plan["spent_micro_usd"]
    answer = plan["kept_back_micro_usd"] if plan["expected_micro_usd"] or parts.asks_for_advice else 0
    each = [f"{in_usd(spent)} USD spent so far (names, the reading of the question)"] if spent else []
    each += [f"at most {in_usd(answer)} USD for the language model's answer"] if answer else []
    return f"; besides {' and '.join(each)}" if each else ""


def narrower(parts: QuestionParts, companies: Sequence[Company], vendor: str) -> list[str]:
    """Questions that a too wide one may be narrowed down to; none where it is not too wide, or is about no company."""
    if not companies or not parts.is_whole or parts.intent not in ("other", "look_up") or parts.topics:
        return []
    name = companies[0].name or companies[0].key
    return [area.next_question.format(company=name, vendor=vendor) for area in AREAS[:4]]


def budget_sentence(left_micro_usd: int, left_out: Mapping[str, str], reserved_micro_usd: int = 0) -> str:
    """left_micro_usd: of the session's budget. left_out: source -> why a cap did not allow it; maybe another cap.

    reserved_micro_usd: of the budget, for calls whose end is not known.
    """
    names = all_called(sorted(left_out))
    of_budget = f"{in_words('request:')} leaves"
    others = [why for why in left_out.values() if of_budget not in why]
    if others:
        return f"Not asked, as caps leave too little: {names} ({others[0]})."
    kept = ""
    if reserved_micro_usd:
        kept = f", {in_usd(reserved_micro_usd)} USD being reserved for calls whose end is not known"
    return f"The budget leaves {in_usd(left_micro_usd)} USD{kept}, so these are not asked: {names}."


def vendor_sentence(
    vendor: Company,
    done: Enriched | None,
    profile: Profile | None,
    left_out: Collection[str] = (),
    *,
    is_known: bool = True,
) -> str:
    """left_out: sources that a cap did not allow to be asked. is_known: whether any source knows the company."""
    if not is_known:
        return f"No source that was asked knows {vendor.name or vendor.key}: what it offers is known from you alone."
    name, not_asked = vendor.name or vendor.key, ""
    if left_out:
        not_asked = f"; a cap left too little to ask {all_called(sorted(left_out))}"
    if profile is not None and not offered_in(profile):
        known = f"Nothing is known of what {name} offers but what you say of it: no source that was asked knows more"
        return f"{known}{not_asked}."
    if profile is None:
        return f"What {name} offers is known from what you say of it only{not_asked}."
    paid = "" if done is None or not done.request.cost_micro_usd else f" for {in_usd(done.request.cost_micro_usd)} USD"
    return f"What {name} offers is known{paid}, with {profile.confidence.lower()} confidence{not_asked}."


def stopping_sentence(under_way: Collection[str]) -> str:
    """under_way: sources that have been asked and have not answered."""
    waits = f"; waiting for the answer of {all_called(sorted(set(under_way)))}, which is under way" if under_way else ""
    return f"Stopping: nothing more is bought{waits}."


def vendor_not_needed(vendor: Company) -> str:
    name = vendor.name or vendor.key
    return f"What {name} offers is taken from what you say: more is looked up for a question that weighs it."


def offered_in(profile: Profile) -> bool:
    """Whether it has anything of a company besides which one it is."""
    datasets = profile.document["datasets"]
    return any(field["values"] for name, field in datasets.items() if name not in ("company_name", "domain"))


def vendor_data(vendor: Company, done: Enriched | None, profile: Profile | None) -> dict[str, Json]:
    return {
        "company": vendor.key,
        "name": vendor.name,
        "served_from": None if done is None else done.request.served_from,
        "cost_micro_usd": 0 if done is None else done.request.cost_micro_usd,
        "saved_micro_usd": 0 if done is None else done.request.saved_micro_usd,
        "quality": None if profile is None else round(profile.quality, 4),
        "confidence": None if profile is None else profile.confidence,
        "profile": None if profile is None else profile.profile_id,
    }
