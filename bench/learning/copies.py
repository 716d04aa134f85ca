"""`python -m bench.learning.copies`: which value is picked where sources contradict each other, in planted worlds.

seeds -> lowest and mean share of disputes in which the truth is picked: learned figures, majority, matrix
"""

import argparse
from collections.abc import Callable

from bench.learning.planted_worlds import Picked, World, independent, of_usual_values, picked, with_one_wrong_feed


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--seeds", type=int, default=200)
    show(options.parse_args().seeds)


def show(seeds: int) -> None:
    _show("3 of 5 repeat one wrong feed", with_one_wrong_feed, seeds)
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
