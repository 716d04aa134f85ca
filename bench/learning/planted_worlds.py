"""Worlds in which the truth is known: sources that answer by themselves, and sources that repeat one wrong feed.

seed -> World: answers, the truth, what a majority and the matrix pick, and what learned figures pick
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from enrichment.learning.answer_patterns import Answer
from enrichment.learning.estimate_reliability import estimate_reliability
from enrichment.learning.likely_value import probabilities

VALUES = 30


@dataclass(frozen=True, slots=True)
class World:
    truth: Mapping[str, str]
    answers: tuple[Answer, ...]
    matrix: Mapping[str, float]

    def by_company(self) -> dict[str, dict[str, str]]:
        stated: dict[str, dict[str, str]] = {}
        for answer in self.answers:
            stated.setdefault(answer.company, {})[answer.source] = answer.value
        return {company: its for company, its in stated.items() if len(set(its.values())) > 1}


@dataclass(frozen=True, slots=True)
class Picked:
    """Shares of the disputes in which the truth was picked."""

    disputes: int
    learned: float
    majority: float
    matrix: float
    feeds: tuple[frozenset[str], ...]


def with_one_wrong_feed(
    seed: int,
    companies: int = 400,
    *,
    wrong: Callable[[random.Random, str], str] | None = None,
    own: tuple[float, float] = (0.97, 0.97),
    answering: float = 1.0,
) -> World:
    """Three of five repeat a feed that is right in 4 of 10; the other two are right and answer as often as is stated.

    wrong: states a wrong value instead of this one.
    """
    rng, truth, answers, wrong = random.Random(seed), _truth(companies), [], wrong or _wrong
    for company, value in truth.items():
        fed = value if rng.random() < 0.4 else wrong(rng, value)
        for source in ("copy_a", "copy_b", "copy_c"):
            if rng.random() < 0.95:
                itself = value if rng.random() < 0.7 else wrong(rng, value)
                answers.append(Answer(company, source, fed if rng.random() < 0.95 else itself))
        for source, right in zip(("own_d", "own_e"), own, strict=True):
            if answering == 1 or rng.random() < answering:
                answers.append(Answer(company, source, value if rng.random() < right else wrong(rng, value)))
    return World(truth, tuple(answers), dict.fromkeys(("copy_a", "copy_b", "copy_c", "own_d", "own_e"), 0.8))


def with_values_of_each_company(seed: int, companies: int = 400, **others: Any) -> World:
    """The same, where a wrong value is one of ten that belong to its company: a domain, a name, a headcount."""
    world = with_one_wrong_feed(seed, companies, wrong=lambda rng, _: f"wrong {rng.randrange(10)}", **others)
    answers = (answer._replace(value=f"{answer.company}: {answer.value}") for answer in world.answers)
    truth = {company: f"{company}: {value}" for company, value in world.truth.items()}
    return World(truth, tuple(answers), world.matrix)


def independent(seed: int, companies: int = 400) -> World:
    """Five sources that answer by themselves; the matrix has their true figures."""
    rng, truth, answers = random.Random(seed), _truth(companies), []
    accuracy = {f"source_{n}": round(rng.uniform(0.6, 0.95), 3) for n in range(5)}
    for company, value in truth.items():
        for source, right in accuracy.items():
            if rng.random() < 0.8:
                answers.append(Answer(company, source, value if rng.random() < right else _wrong(rng, value)))
    return World(truth, tuple(answers), accuracy)


def with_hard_companies(
    seed: int, sources: int = 3, companies: int = 400, *, hard: float = 0.2, of_their_own: bool = False
) -> World:
    """Sources that answer by themselves, nine times of ten; of a share of companies each is right half as often.

    The matrix has the true figures. of_their_own: a wrong value is one of ten that belong to its company.
    """
    rng, truth, answers = random.Random(seed), dict[str, str](), []
    accuracy = {f"source_{n}": rng.uniform(0.6, 0.95) for n in range(sources)}
    for number in range(companies):
        company = f"company_{number}"
        value = truth[company] = f"{company}: right" if of_their_own else f"value_{number % VALUES}"
        factor = 0.5 if rng.random() < hard else 1.0
        for source, right in accuracy.items():
            if rng.random() < 0.9:
                said = value if rng.random() < right * factor else None
                wrong = f"{company}: wrong {rng.randrange(10)}" if of_their_own and said is None else None
                answers.append(Answer(company, source, said or wrong or _wrong(rng, value)))
    return World(truth, tuple(answers), {source: right * (1 - hard / 2) for source, right in accuracy.items()})


def of_usual_values(seed: int, companies: int = 400) -> World:
    """Five sources that answer by themselves, of eight values that are ever rarer, right or wrong, as countries are."""
    rng, truth, answers = random.Random(seed), dict[str, str](), []
    values = [f"value_{n}" for n in range(8)]
    shares = [(n + 1) ** -1.5 for n in range(8)]
    accuracy = dict(zip((f"source_{n}" for n in range(5)), (0.9, 0.85, 0.8, 0.75, 0.7), strict=True))
    for company in (f"company_{n}" for n in range(companies)):
        (value,) = rng.choices(values, shares)
        truth[company] = value
        for source, right in accuracy.items():
            if rng.random() < 0.8:
                others = [0.0 if other == value else share for other, share in zip(values, shares, strict=True)]
                said = value if rng.random() < right else rng.choices(values, others)[0]
                answers.append(Answer(company, source, said))
    return World(truth, tuple(answers), accuracy)


def picked(world: World) -> Picked:
    figures = estimate_reliability(world.answers, matrix=world.matrix).figures
    disputes = world.by_company()
    right: Counter[str] = Counter()
    for company, stated in disputes.items():
        truth = world.truth[company]
        likely = probabilities(stated, figures, otherwise=world.matrix)
        right["learned"] += max(likely, key=lambda v: likely[v]) == truth
        votes = Counter(stated[source] for source in sorted(stated))
        right["majority"] += votes.most_common(1)[0][0] == truth
        right["matrix"] += stated[max(sorted(stated), key=lambda s: world.matrix[s])] == truth
    share = {name: right[name] / len(disputes) for name in ("learned", "majority", "matrix")}
    return Picked(disputes=len(disputes), **share, feeds=tuple(frozenset(feed.copied) for feed in figures.feeds))


def _truth(companies: int) -> dict[str, str]:
    return {f"company_{n}": f"value_{n % VALUES}" for n in range(companies)}


def _wrong(rng: random.Random, value: str) -> str:
    return rng.choice([other for n in range(VALUES) if (other := f"value_{n}") != value])
