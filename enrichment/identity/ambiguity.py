"""The choice among the registered companies that may be meant: one of them, none, or a person is asked. Pure.

what was asked + Candidate, Candidate, ...  ->  Candidate | None | AmbiguousCompany
"""

from collections.abc import Sequence
from dataclasses import dataclass

from enrichment.domain.companies import Company
from enrichment.identity.evidence import CompanyComparison, CompanyEvidence, compare_companies

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A registered company that may be meant. evidence: what of it is compared; an alias that led to it included."""

    company: Company
    evidence: CompanyEvidence
    comparison: CompanyComparison

    @classmethod
    def of(cls, company: Company, evidence: CompanyEvidence, asked: CompanyEvidence) -> "Candidate":
        return cls(company, evidence, compare_companies(asked, evidence))


class AmbiguousCompany(ValueError):
    """It is not sure which company is meant; the message names the candidates and how to choose.

    asked: the text that was asked for. candidates: the likeliest first.
    """

    def __init__(self, message: str, asked: str = "", candidates: Sequence[Candidate] = ()) -> None:
        super().__init__(message)
        self.asked, self.candidates = asked, tuple(candidates)


def the_one_meant(asked: str, candidates: Sequence[Candidate]) -> Candidate | None:
    """The candidate that surely is meant; None: surely none of them is. Raises AmbiguousCompany.

    One that a website or an id tells is preferred to those that share the name alone; where they tell of two, it is not
    sure.
    """
    same = [one for one in candidates if one.comparison.sameness == "same"]
    identified = [one for one in same if one.comparison.is_identified]
    unsure = [one for one in candidates if one.comparison.sameness == "unsure"]
    rivals = [one for one in unsure if one.comparison.is_identified]
    sure = identified or same
    if len(sure) == 1 and not rivals:
        return sure[0]
    possible = [*sure, *rivals] or unsure
    if not possible:
        return None
    ranked = sorted(possible, key=lambda one: (-one.comparison.probability, one.company.key))
    raise AmbiguousCompany(_message(asked, ranked), asked, ranked)


def _message(asked: str, candidates: Sequence[Candidate]) -> str:
    keys = ", ".join(one.company.key for one in candidates[:_SHOWN])
    choose = f"ask for {'one of ' if len(candidates) > 1 else ''}{keys}"
    if len(candidates) > 1:
        return f"{len(candidates)} companies are called {asked}, or nearly so: {choose}."
    (only,) = candidates
    called = only.company.name or only.company.key
    return f"{asked} may be {called}, which is registered ({only.comparison.because}): {choose}."
