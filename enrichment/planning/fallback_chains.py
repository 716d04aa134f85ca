"""The parts of a plan and the order of their sources: chains and branches, without what the forecast rules out.

Execution + problems + Forecast  ->  Parts
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from enrichment.policy.execution_forecast import ChainSteps, Forecast, steps_if_found
from enrichment.policy.execution_model import Execution
from enrichment.policy.problem import Problem


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

    branches: the sources asked besides, and when; a source that has no chance of being asked is in neither. problem:
    what is left to decide; whole: what its policy is compiled for, and of which it is a state.
    """

    problem: Problem
    whole: Problem
    chain: ChainSteps
    last_resorts: tuple[str, ...]
    branches: tuple[Branch, ...] = ()


def parts_of(execution: Execution, problems: Sequence[Problem], whole: Problem, forecast: Forecast) -> tuple[Part, ...]:
    """One part for each chain of the execution. problems: those of the chains, in their order."""
    if_nothing = steps_if_found(execution, frozenset())
    return tuple(
        Part(
            problem=problem,
            whole=whole,
            chain=(chain := _likely(if_nothing[n], forecast)),
            last_resorts=tuple(source for source, _ in execution.chains[n].last_resorts),
            branches=_branches(execution, n, problem, forecast, chain),
        )
        for n, problem in enumerate(problems)
    )


def _likely(steps: ChainSteps, forecast: Forecast) -> ChainSteps:
    """The steps without those that cannot happen: after a source that always satisfies there is no fallback."""
    if not forecast.exact:
        return steps
    possible = (tuple(source for source in step if source in forecast.asked) for step in steps)
    return tuple(step for step in possible if step)


def _branches(
    execution: Execution, n: int, problem: Problem, forecast: Forecast, chain: ChainSteps
) -> tuple[Branch, ...]:
    """Where the others are asked: as early as one dataset found leads to them, those that are needed first."""
    missing = execution.chains[n].state.usable.intersection(forecast.asked).difference(*chain)
    needs = frozenset[str]().union(*(offer.needs for offer in problem.offers))
    found: list[Branch] = []
    for dataset in sorted(execution.chains[n].state.unsatisfied, key=lambda d: (d not in needs, d)):
        if not missing:
            break
        steps = steps_if_found(execution, frozenset({dataset}))[n]
        sources = [source for step in steps for source in step if source in missing]
        found += _by_need(dataset, sources, problem)
        missing = missing.difference(sources)
    if missing:
        found.append(Branch("", False, tuple(sorted(missing, key=lambda s: (-forecast.asked[s], s)))))
    return tuple(found)


def _by_need(dataset: str, sources: Iterable[str], problem: Problem) -> list[Branch]:
    needing = {offer.source for offer in problem.offers if dataset in offer.needs}
    sorted_out = ((needed, tuple(s for s in sources if (s in needing) == needed)) for needed in (True, False))
    return [Branch(dataset, needed, asked) for needed, asked in sorted_out if asked]
