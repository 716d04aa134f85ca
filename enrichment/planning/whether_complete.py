"""In which order it is found out whether all that is required can be had, where a budget pays for complete profiles.

problems that are left -> what a source satisfies by having none, then all others: each (what is left, the whole)
"""

from collections.abc import Sequence
from dataclasses import replace

from enrichment.policy.problem import Problem, State
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements


def none_counts(rules: Rules, requirements: Requirements, dataset: str) -> bool:
    """Whether a source of the dataset satisfies it as well by reporting that there is none."""
    threshold = requirements.threshold(rules, dataset)
    return any(rules.silence_means_none(source, dataset, threshold) for source in rules.datasets[dataset].sources)


def deciding_problems(
    problems: Sequence[Problem], whole: Problem, certain: frozenset[str]
) -> tuple[tuple[Problem, Problem], ...]:
    """What decides it: pairs of what is left and what its policy is compiled for. certain: datasets where none counts.

    The first is asked before others find some, but too few. The policy finds out at the least cost that something
    cannot be had.
    """
    needed = [problem for problem in problems if problem.required]
    if not needed:
        return ()
    together = replace(
        needed[0],
        offers=tuple(offer for problem in needed for offer in problem.offers),
        required=frozenset[str]().union(*(problem.required for problem in needed)),
    )
    in_order = (together.required & certain, together.required - certain)
    of_whole = (certain, whole.required - certain)
    return tuple(
        (all_or_nothing(together, these), all_or_nothing(whole, all_of_these))
        for these, all_of_these in zip(in_order, of_whole, strict=True)
        if these
    )


def cannot_be_had(problem: Problem, state: State) -> frozenset[str]:
    """Required datasets that are open and that no source can answer which is still usable."""
    answered = (offer.answers for offer in problem.offers if offer.source in state.usable)
    return (problem.required & state.unsatisfied).difference(*answered)


def all_or_nothing(problem: Problem, datasets: frozenset[str]) -> Problem:
    """Whether all of these that are required can be had, as one part, whatever the time."""
    required = problem.required & datasets
    kept = required.union(*(offer.needs for offer in problem.offers if offer.answers & required))
    offers = (
        replace(
            offer,
            fill_rates=tuple((d, rate) for d, rate in offer.fill_rates if d in kept),
            fill_families=tuple((d, family) for d, family in offer.fill_families if d in kept),
        )
        for offer in problem.offers
    )
    return replace(
        problem,
        offers=tuple(offer for offer in offers if offer.fill_rates),
        required=required,
        worth=(),
        value_of_time=0,
        together=(required,),
        all_or_nothing=True,
    )
