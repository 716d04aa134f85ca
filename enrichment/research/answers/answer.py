"""The end of a question: an answer assembled from checked claims, and what a seller asks of it in ten seconds. Pure.

claims + what is missing + relevance + costs -> the data of research_complete; every sentence of it names its claim
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from enrichment.analysis.evidence import Evidence
from enrichment.domain.companies import Company
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import Known
from enrichment.domain.money import in_usd
from enrichment.domain.numbers import in_number
from enrichment.domain.profiles import Profile
from enrichment.domain.research import Question
from enrichment.pipeline.enrich import Enriched
from enrichment.research.answers.missing_reasons import why_missing
from enrichment.research.claims.claim import CheckedClaim, DroppedClaim, in_order
from enrichment.research.evidence.event_days import event_day
from enrichment.research.evidence.relevance import VendorRelevance
from enrichment.research.questions.areas import telling_of
from enrichment.research.questions.breakdown import QuestionParts
from enrichment.rules import Rules
from enrichment.rules.names_for_people import called

AS_IT_IS = "what is known answers it as it is"
"""Why no model was asked, where none was needed."""
NOTHING_TO_READ = "there is no evidence that it could read"
"""Why no model was asked, where there was nothing."""
NOTHING_BOUGHT = "nothing was bought"
"""How an open point ends that tells of research itself: its price, or how old what is known is."""
UNDECIDED = "that does not tell"
"""How a comparison ends of figures that may be equal."""
_LISTS = {"key_findings": "finding", "people": "person", "recommendations": "recommendation"}
"""List of ids in the answer -> the kind of claims in it."""
_WITHOUT_FAILING = (None, AS_IT_IS, NOTHING_TO_READ)
_FOUND = ("topic_results", "page_passages")
_NEWS = ("recent_news", "purchase_intent", "hiring_trends")


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """What the question asks and nothing that is known answers. asked: source, day, and what it said.

    micro_usd: what asking for it would cost; None: no source could answer it, or none may be asked.
    """

    what: str
    because: str
    company: str | None = None
    asked: tuple[str, ...] = ()
    micro_usd: int | None = None

    def as_json(self) -> dict[str, Json]:
        return {
            "what": self.what,
            "because": self.because,
            "company": self.company,
            "asked": list(self.asked),
            "cost_micro_usd": self.micro_usd,
        }


@dataclass(frozen=True, slots=True)
class Payer:
    """What memory served: which request paid for it, and when."""

    source: str
    request_id: str
    asked_by: str
    at: datetime
    micro_usd: int

    def as_json(self) -> dict[str, Json]:
        return {
            "source": self.source,
            "request": self.request_id,
            "asked_by": self.asked_by,
            "at": self.at.isoformat(),
            "saved_micro_usd": self.micro_usd,
        }


@dataclass(frozen=True, slots=True)
class CompanyAnswer:
    """What is known of one company for the question. by: 'model', or 'rule', then because says why.

    evidence, vendor_evidence: what was there to be cited, and what did not fit. missing_micro_usd: what all that is
    missing would cost together: one call may answer several of its open points. besides: dataset -> how many more of
    what the answer lists are known. is_beside: no claim speaks of what the question names in particular.
    undecided: why the claims do not settle the question, if that is so.
    """

    company: Company
    claims: tuple[CheckedClaim, ...]
    dropped: tuple[DroppedClaim, ...]
    relevance: VendorRelevance
    open_points: tuple[OpenPoint, ...]
    by: str
    because: str | None
    evidence: Evidence
    vendor_evidence: Evidence
    profile: Profile | None = None
    payers: tuple[Payer, ...] = ()
    missing_micro_usd: int = 0
    besides: Mapping[str, int] = field(default_factory=dict)
    is_beside: bool = False
    undecided: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """How the question came to its end: 'answered', 'stopped', 'over_budget', 'out_of_time' or 'failed'.

    confidence: of the answer before, where it is that which is told of.
    """

    state: str
    cost_micro_usd: int
    saved_micro_usd: int
    left_micro_usd: int
    seconds: float
    reasons: tuple[str, ...] = ()
    more_open: tuple[OpenPoint, ...] = ()
    payers: tuple[Payer, ...] = ()
    next_questions: Sequence[Mapping[str, Json]] = field(default_factory=tuple)
    too_wide: Sequence[str] = ()
    confidence: Mapping[str, Json] | None = None


def completed(
    question: Question, parts: QuestionParts | None, answers: Sequence[CompanyAnswer], ending: Ending, now: datetime
) -> dict[str, Json]:
    """The data of research_complete. Money in integer micro-USD."""
    claims = [claim for answer in answers for claim in answer.claims]
    numbered = list(in_order(claims))
    open_points = [*(point for answer in answers for point in answer.open_points), *ending.more_open]
    unanswerable = {} if parts is None else parts.unanswerable
    open_points += [OpenPoint(what, why) for what, why in unanswerable.items()]
    sentences = [{"text": claim.text, "claim": claim_id} for claim_id, claim in numbered]
    payers = [payer for answer in answers for payer in answer.payers] + list(ending.payers)
    return {
        "question": question.text,
        "number": question.number,
        "state": ending.state,
        "reasons": list(ending.reasons),
        "answer": " ".join(str(sentence["text"]) for sentence in sentences),
        "sentences": sentences,
        "at_a_glance": _glance(numbered, now, parts, are_beside=_are_beside(answers)),
        **{name: [claim_id for claim_id, claim in numbered if claim.kind == kind] for name, kind in _LISTS.items()},
        "claims": [claim.as_json(claim_id) for claim_id, claim in numbered],
        "dropped": [_dropped_json(one) for answer in answers for one in answer.dropped],
        "confidence": dict(ending.confidence or _confidence(claims, answers, len(open_points))),
        "open_points": [point.as_json() for point in open_points],
        "missing_micro_usd": sum(answer.missing_micro_usd for answer in answers)
        + sum(point.micro_usd or 0 for point in ending.more_open),
        "how_found": _how_found(parts, answers),
        "companies": [_company_json(answer) for answer in answers],
        "too_wide": list(ending.too_wide),
        "next_questions": list(ending.next_questions),
        "cost_micro_usd": ending.cost_micro_usd,
        "saved_micro_usd": ending.saved_micro_usd,
        "left_micro_usd": ending.left_micro_usd,
        "paid_by": [payer.as_json() for payer in payers],
        "seconds": round(ending.seconds, 3),
    }


def _dropped_json(one: DroppedClaim) -> dict[str, Json]:
    return {"kind": one.kind, "text": one.text, "quote": one.quote, "verdict": "dropped", "because": one.because}


def in_one_sentence(data: Mapping[str, Json]) -> str:
    """The message of research_complete."""
    claims, cost, saved = data["claims"], data["cost_micro_usd"], data["saved_micro_usd"]
    end = "" if data["state"] == "answered" else f" ({data['state'].replace('_', ' ')})"
    end += ", without the language model," if without_model(data) else ""
    price = f"It cost {in_usd(cost)} USD" + (f" and saved {in_usd(saved)} USD." if saved else ".")
    missing = len(data["open_points"])
    open_ = f"; {in_number(missing, 'point')} open" if missing else ""
    told = [point for point in data["open_points"] if point["because"].endswith(NOTHING_BOUGHT)]
    if told and not claims:
        return " ".join(f"{_begun_large(point['what'])}: {point['because']}." for point in told) + f" {price}"
    if not claims:
        return f"No answer{end.removesuffix(',')}: {_first_reason(data['open_points'])}. {price}"
    seen = data["at_a_glance"]
    if data["open_points"] and not (seen["what_to_say"] or seen["in_short"]):
        besides = f"{in_number(len(claims), 'checked claim')} on the rest"
        return f"No answer{end.removesuffix(',')}: {_first_reason(data['open_points'])}; {besides}. {price}"
    return f"Answered{end} with {in_number(len(claims), 'checked claim')}{open_}. {price}"


def _first_reason(points: Sequence[Mapping[str, Json]]) -> str:
    if not points:
        return "no evidence was found that bears out a claim"
    first, *others = points
    more = f"; {in_number(len(others), 'more point')} open" if others else ""
    why = "; ".join((*first["asked"], first["because"].rstrip(".")))
    return f"{called(first['what'])}: {why}{more}"


def _begun_large(text: str) -> str:
    return text[:1].upper() + text[1:]


def without_model(data: Mapping[str, Json]) -> list[str]:
    """Why no answer of a model could be used, of each company of which a plain rule made one in its stead."""
    each = (one["because"] for one in data["how_found"]["answer"] if one["by"] == "rule")
    return list(dict.fromkeys(because for because in each if because not in _WITHOUT_FAILING))


def besides_in_words(answer: Mapping[str, Json]) -> list[str]:
    """answer: the data of research_complete. 'Known of acme.com and not listed: contacts (7)'."""
    how = answer.get("how_found", {}).get("answer", ())
    each = ((one["company"], one.get("known_besides") or {}) for one in how)
    return [
        f"Known of {company} and not listed: {', '.join(f'{called(name)} ({many})' for name, many in more.items())}"
        for company, more in each
        if more
    ]


def missing_points(
    company: Company, profile: Profile | None, end: Enriched | None, known: Known, rules: Rules
) -> list[OpenPoint]:
    """Datasets of the profile that nothing satisfies, with what was asked, and when. end: of its request."""
    if profile is None:
        return []
    return [
        OpenPoint(
            dataset,
            why_missing(dataset, end, known, rules, field_["why"]),
            company.key,
            asked=asked_for(dataset, known, rules),
        )
        for dataset, field_ in profile.document["datasets"].items()
        if field_["status"] not in ("satisfied", "last resort", "partial") and not field_.get("extra")
    ]


def asked_for(dataset: str, known: Known, rules: Rules) -> tuple[str, ...]:
    """'asked Google News on 3 May 2026: none', of each source that was asked; of an analysis, of what it reads."""
    return asked_for_each((dataset,), known, rules)


def asked_for_each(datasets: Iterable[str], known: Known, rules: Rules) -> tuple[str, ...]:
    """The same for several datasets, each source once: 'some' where it had one of them."""
    heads = {head.source: head for head in known.replies}
    wanted = {one for dataset in datasets for one in _collected(dataset, rules)}
    having = {fact.source for fact in known.facts if fact.dataset in wanted}
    sources = dict.fromkeys(
        source for name in rules.datasets if name in wanted for source in rules.datasets[name].sources
    )
    return tuple(
        f"asked {called(source)} on {day_in_words(heads[source].collected_at)}: "
        f"{'some' if source in having else 'none'}"
        for source in sources
        if source in heads
    )


def _collected(dataset: str, rules: Rules) -> Iterable[str]:
    """The dataset itself, or those that its analysis reads; none where the rules do not have it."""
    if dataset not in rules.datasets:
        return ()
    if rules.datasets[dataset].analysis is None:
        return (dataset,)
    return [name for name in telling_of(dataset) if name in rules.datasets and rules.datasets[name].analysis is None]


def _are_beside(answers: Sequence[CompanyAnswer]) -> bool:
    """Whether all that is said, of any company, is beside what the question names in particular."""
    said = [answer for answer in answers if answer.claims]
    return bool(said) and all(answer.is_beside for answer in said)


def _glance(
    numbered: Sequence[tuple[str, CheckedClaim]], now: datetime, parts: QuestionParts | None, *, are_beside: bool
) -> dict[str, Json]:
    """What to say, why now, to whom, how sure, how old: the claims that say so.

    in_short: what was asked, answered; where advice was asked for, no other claim is that, nor one beside it.
    """
    topics = () if parts is None else parts.topics
    advises = parts is not None and parts.asks_for_advice
    told = [claim_id for claim_id, claim in numbered if claim.kind != "recommendation"]
    moves = (*_NEWS, *(_FOUND if topics else ()))
    advised = {one.passage.text for _, claim in numbered if claim.kind == "recommendation" for one in claim.citations}
    moving = [
        (i, c)
        for i, c in numbered
        if c.kind == "finding"
        and (passage := c.citations[0].passage).dataset in moves
        and (passage.dataset != "hiring_trends" or passage.text in advised)
    ]
    if advises and not advised:
        moving = []  # nothing of it has to do with what the seller offers
    moving.sort(key=lambda one: (one[1].citations[0].passage.text in advised, _happened(one[1], topics)), reverse=True)
    facts = [one.passage.facts[0] for _, claim in numbered for one in claim.citations if one.side == "company"]
    oldest = min((fact.collected_at for fact in facts), default=None)
    events = [day for fact in facts if (day := event_day(fact.value)) is not None]
    return {
        "what_to_say": next((claim_id for claim_id, claim in numbered if claim.kind == "recommendation"), None),
        "in_short": told[0] if told and not (advises or are_beside) else None,
        "why_now": moving[0][0] if moving and not are_beside else None,
        "to_whom": [claim_id for claim_id, claim in numbered if claim.kind == "person"],
        "how_sure": None if not facts else round(sum(fact.reliability for fact in facts) / len(facts), 2),
        "collected": None if oldest is None else day_in_words(oldest),
        "age_days": None if oldest is None else max(0, (now - oldest).days),
        "newest_event": None if not events else max(events).isoformat(),
    }


def _happened(claim: CheckedClaim, topics: Collection[str]) -> tuple[bool, date]:
    """What tells of a topic of the question is later than all else."""
    passage = claim.citations[0].passage
    return bool(topics) and passage.dataset in _FOUND, event_day(passage.facts[0].value) or date.min


def _confidence(claims: Sequence[CheckedClaim], answers: Sequence[CompanyAnswer], missing: int) -> dict[str, Json]:
    """High: reliable claims about each company, no point missing. Low: none, or unreliable ones.

    How many there are says nothing: of a narrow question one exact claim may be all of the answer.
    """
    facts = [one.passage.facts[0] for claim in claims for one in claim.citations if one.side == "company"]
    reliable = sum(fact.reliability for fact in facts) / len(facts) if facts else 0.0
    sources = {fact.source for fact in facts}
    why = (
        f"{in_number(len(claims), 'claim')} from {in_number(len(sources), 'source')}, reliability {reliable:.2f}, "
        f"{in_number(missing, 'point')} open"
    )
    unread = [answer for answer in answers if answer.by == "rule" and answer.because not in _WITHOUT_FAILING]
    if unread:
        why += ", the model did not answer" + ("" if len(unread) == len(answers) else f" about {_names(unread)}")
    silent = [answer for answer in answers if not answer.claims]
    if claims and silent:
        why += f", nothing on {_names(silent)}"
    undecided = [*dict.fromkeys(one for one in map(_why_undecided, answers) if one)]
    why += "".join(f", {one}" for one in undecided)
    if _are_beside(answers):
        return {"level": "Low", "why": f"{why}, no claim speaks of what is asked in particular"}
    if facts and reliable >= 0.8 and not (missing or unread or silent or undecided):
        return {"level": "High", "why": why}
    return {"level": "Medium" if facts and reliable >= 0.6 and len(silent) < len(answers) else "Low", "why": why}


def _why_undecided(answer: CompanyAnswer) -> str:
    compared = any(one.derived == "comparison" and UNDECIDED in one.text for one in answer.claims)
    return "the figures do not decide it" if compared else answer.undecided


def _names(answers: Sequence[CompanyAnswer]) -> str:
    return " and ".join(answer.company.name or answer.company.key for answer in answers)


def _how_found(parts: QuestionParts | None, answers: Sequence[CompanyAnswer]) -> dict[str, Json]:
    cited: dict[str, int] = {}
    for answer in answers:
        for claim in answer.claims:
            for one in claim.citations:
                source = one.passage.facts[0].source
                cited[source] = cited.get(source, 0) + 1
    return {
        "breakdown": None if parts is None else {"by": parts.by, "because": parts.because},
        "answer": [
            {
                "company": answer.company.key,
                "by": answer.by,
                "because": answer.because,
                "passages": len(answer.evidence.passages),
                "passages_left_out": answer.evidence.left_out,
                "passages_cut": answer.evidence.cut,
                "left_out": left_out_of(answer.evidence),
                "left_out_of_vendor": left_out_of(answer.vendor_evidence),
                "claims_dropped": len(answer.dropped),
                "known_besides": dict(answer.besides),
            }
            for answer in answers
        ],
        "sources_cited": cited,
    }


def left_out_of(evidence: Evidence) -> dict[str, int]:
    """Dataset -> how many of its passages did not fit."""
    return dict(Counter(passage.dataset for passage in evidence.omitted))


def _company_json(answer: CompanyAnswer) -> dict[str, Json]:
    profile = answer.profile
    return {
        "key": answer.company.key,
        "name": answer.company.name,
        "domain": answer.company.domain,
        "relevance": answer.relevance.as_json(),
        "quality": None if profile is None else round(profile.quality, 4),
        "profile": None if profile is None else profile.profile_id,
    }


def day_in_words(at: date) -> str:
    return f"{at.day} {at:%B %Y}"
