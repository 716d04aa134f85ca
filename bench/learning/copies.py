"""`python -m bench.learning.copies`: which value is picked where sources contradict each other, in planted worlds.

seeds -> lowest and mean share of disputes in which the truth is picked: learned figures, majority, matrix
"""

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

from bench.learning.planted_worlds import (
    Picked,
    World,
    independent,
    of_usual_values,
    picked,
    with_one_wrong_feed,
    with_values_of_each_company,
)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--seeds", type=int, default=200)
    show(options.parse_args().seeds)


def show(seeds: int) -> None:
    _show("3 of 5 repeat one wrong feed", with_one_wrong_feed, seeds)
    _show("the same, values of each company's own", with_values_of_each_company, seeds)
    weak: dict[str, Any] = {"own": (0.9, 0.7), "answering": 0.8}
    _show("the same, the two right in 0.9 and 0.7", partial(with_values_of_each_company, **weak), seeds)
    _show("these two, values that all companies share", partial(with_one_wrong_feed, **weak), seeds)
    _show("5 independent sources", independent, seeds)
    _show("5 independent sources, some values usual", of_usual_values, seeds)


def _show(title: str, make: Callable[[int], World], seeds: int) -> None:
    found = [picked(make(seed)) for seed in range(seeds)]
    print(f"{title}, seeds 0 to {seeds - 1}, {sum(one.disputes for one in found):,} disputes: truth picked")
    for name in ("learned", "majority", "matrix"):
        shares: list[float] = [getattr(one, name) for one in found]
        print(f"  {name:9} mean {sum(shares) / seeds:.3f}, lowest {min(shares):.3f}")
    print(f"  learned below the matrix in {sum(_worse(one) for one in found)} of {seeds} seeds")


def _worse(one: Picked) -> bool:
    return one.learned < one.matrix


if __name__ == "__main__":
    main()
