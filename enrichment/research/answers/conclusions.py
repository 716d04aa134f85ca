"""What follows from several pieces of evidence together: how many are known, and which company has more. Pure.

passages of a dataset -> "17 technologies of Chevron are known: ...", each of them cited
figures of companies -> "Chevron was founded in 1879 and Kroger in 1883: Chevron is older", or that they cannot decide

A conclusion is made from the values of the passages that it cites, and of nothing else: there is none that they do not
bear out.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from enrichment.analysis.evidence import Passage
from enrichment.domain.numbers import in_number
from enrichment.domain.values import Contact, EmployeeCount, Founded, Revenue, Value
from enrichment.research.answers.answer import UNDECIDED, CompanyAnswer, OpenPoint
from enrichment.research.answers.people import work_of
from enrichment.research.answers.recommendations import NEEDS
from enrichment.research.claims.claim import CheckedClaim, Citation
from enrichment.research.evidence.passages import Sides
from enrichment.research.evidence.themes import themes_of_title
from enrichment.research.questions.measures import Measure, MeasureAsked
from enrichment.research.questions.to_the_point import first_line, has_any

_LISTED = 8


@dataclass(frozen=True, slots=True)
class _Figure:
    """What one company has of a measure, between low and high; high None: no upper end. unit: only one is compared."""

    sentence: str
    name: str
    low: int
    high: int | None
    citations: tuple[Citation, ...]
    unit: str = ""


def with_count(
    claims: Sequence[CheckedClaim], sides: Sides, measure: Measure, wanted: Collection[str], called: str = ""
) -> tuple[list[CheckedClaim], list[OpenPoint]]:
    """The claims with how many are known instead of some of them. wanted: words of their titles; none: all count.

    called: how the question calls these.
    """
    fitting, others, points = _fitting(claims, sides, measure, wanted, called)
    return [counted(sides, fitting, measure), *others] if fitting else others, points


def _fitting(
    claims: Sequence[CheckedClaim], sides: Sides, measure: Measure, wanted: Collection[str], called: str = ""
) -> tuple[list[Passage], list[CheckedClaim], list[OpenPoint]]:
    """The passages of this measure that are wanted, the claims on others, and what is open where none is."""
    each = dict[tuple[str, str | None], Passage]()
    for one in (*sides.evidence.passages, *sides.evidence.omitted):
        if one.dataset == measure.dataset:
            each.setdefault((first_line(one.text), getattr(one.facts[0].value, "location", None)), one)
    every = list(each.values())
    fitting = [one for one in every if _is_of(one, wanted)] or [one for one in every if has_any(one.text, wanted)]
    others = [one for one in claims if one.citations[0].passage.dataset != measure.dataset]
    if fitting or not every:
        return fitting, others, []
    why = f"none of the {in_number(len(every), measure.noun)} that {_are(len(every))} known is of it"
    return [], others, [OpenPoint(called or " or ".join(wanted), why, sides.company.key)]


def _is_of(passage: Passage, wanted: Collection[str]) -> bool:
    """Whether the title has one of the words, or is of the same work ("HR": "Talent Partner")."""
    value = passage.facts[0].value
    title = (value.title or "") if isinstance(value, Contact) else first_line(passage.text)
    return not wanted or has_any(title, wanted) or not work_of(wanted).isdisjoint(themes_of_title(title))


def counted(sides: Sides, passages: Sequence[Passage], measure: Measure) -> CheckedClaim:
    names = [one.text.partition("\n")[0] for one in passages]
    each = [name if many == 1 else f"{name} ({many})" for name, many in Counter(names).items()]
    more = f" and {len(each) - _LISTED} more" if len(each) > _LISTED else ""
    text = f"{_how_many(sides.names[0], len(passages), measure)}: {', '.join(each[:_LISTED])}{more}."
    cited = (Citation("company", sides.company.key, one, name) for one, name in zip(passages, names, strict=True))
    return CheckedClaim("finding", text, "exact", tuple(cited), derived="count")


def compared(asked: MeasureAsked, answers: Sequence[CompanyAnswer]) -> CheckedClaim | OpenPoint | None:
    """Which of the companies has more; an open point where of one nothing is known; None: of none is."""
    measure = asked.measure
    figures = [_figure_of(answer, measure) for answer in answers]
    known = [one for one in figures if one is not None]
    if len(known) < len(answers):
        unknown = [_name(answer) for answer, one in zip(answers, figures, strict=True) if one is None]
        what = f"which one {measure.end(less=asked.how == 'less', of_several=False)}"
        return OpenPoint(what, f"of {' and '.join(unknown)} nothing is known to compare it by") if known else None
    known.sort(key=lambda one: -measure.sign * one.low)
    if asked.how == "less":
        known.reverse()
    end = measure.end(less=asked.how == "less", of_several=len(known) > 2)
    first, *others = known
    is_decided = all(_is_more(first, other, measure.sign * (-1 if asked.how == "less" else 1)) for other in others)
    conclusion = f"{first.name} {end}" if is_decided else f"{UNDECIDED} which one {end}"
    said = ", ".join(one.sentence for one in known[:-1]) + f" and {known[-1].sentence}"
    cited = tuple(cited for one in known for cited in one.citations)
    return CheckedClaim("finding", f"{said}: {conclusion}.", "exact", cited, derived="comparison")


def fits_most(answers: Sequence[CompanyAnswer], vendor: str) -> CheckedClaim | None:
    """Which of the companies has most needs that meet what the vendor offers; None: no need of any is known."""
    figures = [figure for answer in answers if (figure := _needs_met(answer)) is not None]
    if not figures:
        return None
    figures.sort(key=lambda one: -one.low)
    first, *others = figures
    is_decided = all(first.low > other.low for other in others)
    conclusion = f"begin with {first.name}" if is_decided else f"{UNDECIDED} with which one to begin"
    meets = "meets" if first.low == 1 else "meet"
    shorter = "".join(f", {other.sentence}" for other in others)
    said = f"{in_number(first.low, 'known need')} of {first.name} {meets} what {vendor} offers{shorter}"
    cited = tuple(cited for one in figures for cited in one.citations)
    return CheckedClaim("finding", f"{said}: {conclusion}.", "exact", cited, derived="comparison")


def _needs_met(answer: CompanyAnswer) -> _Figure | None:
    needs = {match.need: match for match in answer.relevance.matches if match.needed.dataset in NEEDS}
    if not needs:
        return None
    cited = (Citation("company", answer.company.key, one.needed, need) for need, one in needs.items())
    name, many = _name(answer), len(needs)
    return _Figure(f"{many} of {name}", name, many, many, tuple(cited))


def _is_more(one: _Figure, other: _Figure, sign: int) -> bool:
    """Whether all that the one may be is more than all that the other may be."""
    if one.unit != other.unit:
        return False
    higher, lower = (one, other) if sign > 0 else (other, one)
    return lower.high is not None and higher.low > lower.high


def _figure_of(answer: CompanyAnswer, measure: Measure) -> _Figure | None:
    """By the claims of the answer; where they state several figures, between the lowest and the highest."""
    claims = [one for one in answer.claims if one.citations[0].passage.dataset == measure.dataset]
    if measure.is_counted:
        claim = next((one for one in claims if one.derived == "count"), None)
        if claim is None:
            return None
        many = len(claim.citations)
        return _Figure(_how_many(_name(answer), many, measure), _name(answer), many, many, claim.citations)
    stated = [(one, span) for one in claims if (span := span_of(one.citations[0].passage.facts[0].value)) is not None]
    if not stated:
        return None
    first, (_, _, unit) = stated[0]
    spans = [span for _, span in stated if span[2] == unit]
    ends = [high for _, high, _ in spans]
    return _Figure(
        first.text.rstrip("."),
        _name(answer),
        min(low for low, _, _ in spans),
        None if None in ends else max(high for high in ends if high is not None),
        tuple(one.citations[0] for one, span in stated if span[2] == unit),
        unit,
    )


def span_of(value: Value) -> tuple[int, int | None, str] | None:
    """Lowest, highest and unit of a figure; amounts of other years and currencies are other units."""
    match value:
        case EmployeeCount(low=low, high=high):
            return low, high, "employees"
        case Revenue(low=low, high=high, currency=currency, year=year):
            return low, high, f"{currency} {year or ''}"
        case Founded(year=year):
            return year, year, "year"
    return None


def _how_many(name: str, many: int, measure: Measure) -> str:
    return f"{in_number(many, measure.noun)} of {name} {_are(many)} known"


def _are(many: int) -> str:
    return "is" if many == 1 else "are"


def _name(answer: CompanyAnswer) -> str:
    return answer.company.name or answer.company.key
