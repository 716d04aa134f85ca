"""What all companies of an experiment would have cost under one of its arms, from the logs alone. Pure.

requests' companies, each with its arm, the chance of it, its kind and its cost  ->  IfAll

Doubly robust (Dudik, Langford and Li, ICML 2011): the mean cost of the arm by kind of company, put right by what the
companies of the arm cost beyond it, weighted by the inverse of the chance with which they were in it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

_Z = 1.645
"""For 90 % of a normal distribution."""


_FEWEST = 100
"""As for the comparison of arms: a sum of few costs is not normal yet."""
_FEWEST_BY_SPREAD = 15
"""The same where a few costs are most of the spread: as many equal ones would have it."""


class LoggedCompany(NamedTuple):
    """chance: with which it was in its arm. cost: of all its requests, in any unit."""

    arm: str
    chance: float
    kind: str
    cost: float


@dataclass(frozen=True, slots=True)
class IfAll:
    """The cost of all companies, had each been in this arm, with its 90 % interval. seen: companies that were in it."""

    total: float
    low: float
    high: float
    seen: int


def if_all(logged: Sequence[LoggedCompany], arm: str) -> IfAll | None:
    """None: so few companies were in this arm that the interval would say more than is known."""
    its = [one for one in logged if one.arm == arm]
    if len(its) < _FEWEST:
        return None
    expected = _by_kind(its)
    guesses = [expected(one.kind) for one in logged]
    weights = [1 / one.chance for one in its]
    rests, apart = [one.cost - expected(one.kind) for one in its], _without_itself(its)
    beyond = sum(w * rest for w, rest in zip(weights, rests, strict=True)) / sum(weights)
    count, mean = len(logged), sum(guesses) / len(logged)
    squares = [(w * (rest - beyond)) ** 2 for w, rest in zip(weights, apart, strict=True)]
    if sum(squares) ** 2 < _FEWEST_BY_SPREAD * sum(square * square for square in squares):
        return None
    error = _Z * count * sqrt(sum(squares) * len(its) / (len(its) - 1)) / sum(weights)
    total = count * (mean + beyond)
    return IfAll(total, total - error, total + error, len(its))


def _without_itself(its: Sequence[LoggedCompany]) -> list[float]:
    """What each company costs beyond the mean of the others of its kind, or of all others: else one that is alone of
    its kind would seem to be known exactly."""
    kinds, costs = Counter(one.kind for one in its), defaultdict[str, float](float)
    for one in its:
        costs[one.kind] += one.cost
    of_all, found = sum(one.cost for one in its), []
    for one in its:
        alike = kinds[one.kind] > 1
        total, others = (costs[one.kind], kinds[one.kind] - 1) if alike else (of_all, len(its) - 1)
        found.append(one.cost - (total - one.cost) / others)
    return found


def _by_kind(its: Sequence[LoggedCompany]) -> Callable[[str], float]:
    """Kind -> the mean cost of these companies; of a kind that is not among them, the mean of all."""
    costs = defaultdict[str, list[float]](list)
    for one in its:
        costs[one.kind].append(one.cost)
    means = {kind: sum(some) / len(some) for kind, some in costs.items()}
    of_all = sum(one.cost for one in its) / len(its)
    return lambda kind: means.get(kind, of_all)
