"""The parts of a plan, and how each would unfold: chains and branches, from what the outlook has seen.

Course + problems + Outlook  ->  Parts
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from enrichment.policy import Problem
from enrichment.policy.execution_forecast import Outlook, Steps, unfolded
from enrichment.policy.execution_model import Course


@dataclass(frozen=True, slots=True)
class Branch:
    """Sources that are asked only if `found` is found and something else is still missing.

    found: a dataset; empty: it takes more than one. needed: the sources cannot be asked before.
    """

    found: str
    needed: bool
    asked: tuple[str, ...]

    def __str__(self) -> str:
        """When its sources are asked: 'once industry is found, which it needs'."""
        if not self.found:
            return "if the others find some of it, but not all"
        if self.needed:
            return f"once {self.found} is found"
        return f"if {self.found} is found, but something else is still missing"


@dataclass(frozen=True, slots=True)
class Part:
    """Datasets and sources that are decided together. chain: the steps, if every answer disappoints.

    branches: who is asked besides, and when; who has no chance of being asked is in neither. problem: what is left to
    decide; whole: what its policy is compiled for, and of which it is a state.
    """

    problem: Problem
    whole: Problem
    chain: Steps
    last_resorts: tuple[str, ...]
    branches: tuple[Branch, ...] = ()


def parts_of(course: Course, problems: Sequence[Problem], whole: Problem, outlook: Outlook) -> tuple[Part, ...]:
    """One for each strand of the course, whose problems these are."""
    spines = unfolded(course, frozenset())
    return tuple(
        Part(
            problem=problem,
            whole=whole,
            chain=(chain := _likely(spines[n], outlook)),
            last_resorts=tuple(source for source, _ in course.strands[n].last_resorts),
            branches=_branches(course, n, problem, outlook, chain),
        )
        for n, problem in enumerate(problems)
    )


def _likely(spine: Steps, outlook: Outlook) -> Steps:
    """Without what cannot happen: a source that always satisfies has no fallback."""
    if not outlook.exact:
        return spine
    steps = (tuple(source for source in step if source in outlook.asked) for step in spine)
    return tuple(step for step in steps if step)


def _branches(course: Course, n: int, problem: Problem, outlook: Outlook, chain: Steps) -> tuple[Branch, ...]:
    """Where the others are asked: as early as one dataset found leads to them, those that are needed first."""
    missing = course.strands[n].state.usable.intersection(outlook.asked).difference(*chain)
    needs = frozenset[str]().union(*(offer.needs for offer in problem.offers))
    found: list[Branch] = []
    for dataset in sorted(course.strands[n].state.unsatisfied, key=lambda d: (d not in needs, d)):
        if not missing:
            break
        steps = unfolded(course, frozenset({dataset}))[n]
        sources = [source for step in steps for source in step if source in missing]
        found += _by_need(dataset, sources, problem)
        missing = missing.difference(sources)
    if missing:
        found.append(Branch("", False, tuple(sorted(missing, key=lambda s: (-outlook.asked[s], s)))))
    return tuple(found)


def _by_need(dataset: str, sources: Iterable[str], problem: Problem) -> list[Branch]:
    needing = {offer.source for offer in problem.offers if dataset in offer.needs}
    sorted_out = ((needed, tuple(s for s in sources if (s in needing) == needed)) for needed in (True, False))
    return [Branch(dataset, needed, asked) for needed, asked in sorted_out if asked]
