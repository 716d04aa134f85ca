"""Generated planning problems: every way of charging, needs, optional datasets, values of time; the same for a seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from enrichment.policy.problem import Family, Offer, Problem, parts, start


def small(rng: Random, *, sources: int, datasets: int, value_of_time: int) -> Problem:
    """A problem small enough for brute force; rates are multiples of 1/10, 0 among them: exact as fractions."""
    names = [f"d{i}" for i in range(datasets)]
    required = frozenset(name for name in names if rng.random() < 0.6) or frozenset(names[:1])
    worth = tuple((name, rng.randint(0, 400)) for name in names if name not in required and rng.random() < 0.8)
    offers = tuple(_offer(rng, f"s{i}", names, with_needs=True) for i in range(sources))
    return Problem(offers, required, worth, (), value_of_time)


def _offer(rng: Random, source: str, names: list[str], *, with_needs: bool) -> Offer:
    answered = rng.sample(names, rng.randint(1, min(3, len(names))))
    others = [name for name in names if name not in answered]
    needs = frozenset(rng.sample(others, 1)) if with_needs and others and rng.random() < 0.2 else frozenset[str]()
    charged = rng.choice(("always", "on_match", "both"))
    return Offer(
        source=source,
        price_asked=rng.randint(0, 300) if charged != "on_match" else 0,
        price_matched=rng.randint(0, 300) if charged != "always" else 0,
        match_rate=rng.randint(0, 10) / 10,
        fill_rates=tuple((name, rng.randint(0, 10) / 10) for name in sorted(answered)),
        seconds=float(rng.randint(0, 9)),
        needs=needs,
    )


def with_families(rng: Random, problem: Problem) -> Problem:
    """Families of two or three among the sources that are decided together."""
    changed: dict[str, Offer] = {}
    for part in parts(problem):
        matching = [offer for offer in part.offers if 0 < offer.match_rate < 1]
        rng.shuffle(matching)
        while len(matching) > 1 and rng.random() < 0.9:
            several, matching = matching[: rng.randint(2, 3)], matching[3:]
            rates = tuple(sorted((offer.source, offer.match_rate) for offer in several))
            known = rng.randint(round(10 * max(rate for _, rate in rates)) + 1, 11) / 10
            family = Family(min(known, 0.99), rates)
            changed |= {offer.source: replace(offer, family=family) for offer in several}
    return replace(problem, offers=tuple(changed.get(offer.source, offer) for offer in problem.offers))


def with_fill_families(rng: Random, problem: Problem) -> Problem:
    """The problem without needs, where two or three sources of most shared datasets lack it together."""
    problem = replace(problem, offers=tuple(replace(offer, needs=frozenset()) for offer in problem.offers))
    families: dict[str, list[tuple[str, Family]]] = {}
    for part in parts(problem):
        for dataset in sorted(start(part).unsatisfied):
            filling = [offer for offer in part.offers if 0 < dict(offer.fill_rates).get(dataset, 0) < 1]
            rng.shuffle(filling)
            several = filling[: rng.randint(2, 3)]
            if len(several) < 2 or rng.random() < 0.2:
                continue
            fills = {offer.source: dict(offer.fill_rates)[dataset] for offer in several}
            known = min(0.99, round(max(fills.values()) + 0.1 * rng.randint(0, 3), 2))
            rates = sorted((o.source, round(o.match_rate * fills[o.source], 6)) for o in several)
            for offer in several:
                families.setdefault(offer.source, []).append((dataset, Family(known, tuple(rates))))
    offers = (replace(o, fill_families=tuple(families.get(o.source, ()))) for o in problem.offers)
    return replace(problem, offers=tuple(offers))


def matrix(rng: Random, *, sources: int = 12, datasets: int = 8) -> Problem:
    """A requirements matrix as people write them: prices of 0.02 to 0.30 USD, dear sources somewhat better."""
    names = [f"d{i}" for i in range(datasets)]
    required = frozenset(names[: rng.randint(datasets // 2, datasets - 1)])
    worth = tuple((name, rng.randint(5, 40) * 10_000) for name in names if name not in required)
    offers = tuple(_priced(rng, f"s{i:02}", names) for i in range(sources))
    return Problem(offers, required, worth, _order(offers, names), 0)


def _priced(rng: Random, source: str, names: list[str]) -> Offer:
    price = rng.randint(2, 30) * 10_000
    always = rng.random() < 0.4
    answered = sorted(rng.sample(names, rng.choice((1, 1, 1, 2, 2, 3, 4))))
    better = price / 1_000_000
    return Offer(
        source=source,
        price_asked=price if always else 0,
        price_matched=0 if always else price,
        match_rate=min(0.98, round(rng.uniform(0.55, 0.85) + better / 2, 2)),
        fill_rates=tuple((name, min(0.98, round(rng.uniform(0.3, 0.85) + better / 2, 2))) for name in answered),
    )


def _order(offers: tuple[Offer, ...], names: list[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Best chance first, as a person would list them."""

    def chance(offer: Offer, name: str) -> float:
        return offer.match_rate * dict(offer.fill_rates)[name]

    chains = {name: [offer for offer in offers if name in offer.answers] for name in names}
    return tuple(
        (name, tuple(offer.source for offer in sorted(chain, key=lambda o: (-chance(o, name), o.source))))
        for name, chain in chains.items()
    )


def instances(count: int, *, first_seed: int) -> Iterator[tuple[int, Problem]]:
    """(seed, problem), up to 6 sources and 5 datasets; in three of five calls may start together (mostly 4 sources)."""
    for seed in range(first_seed, first_seed + count):
        rng = Random(seed)
        value_of_time = rng.choice((0, 0, 5, 20, 60))
        most = 4 if value_of_time and seed % 10 else 6
        yield seed, small(rng, sources=rng.randint(2, most), datasets=rng.randint(2, 5), value_of_time=value_of_time)
