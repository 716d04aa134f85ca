"""`python -m bench.learning.reliability_intervals`: how often the 90 % interval of a source contains its true figure.

seeds -> planted worlds, with companies that are hard for all sources and without -> share of sources, mean error

What the matrix states is the same for all sources, so it helps none.
"""

import argparse

from bench.learning.planted_worlds import World, with_hard_companies
from enrichment.learning.estimate_reliability import estimate_reliability

SEEDS = 20


def inside(world: World) -> list[tuple[bool, float]]:
    """Of each source: whether its interval contains the true figure, and the error of its estimate."""
    found = estimate_reliability(world.answers, matrix=dict.fromkeys(world.matrix, 0.8))
    within = {source: (low <= world.matrix[source] <= high) for source, (low, high) in found.interval.items()}
    return [(within[source], found.accuracy[source] - true) for source, true in world.matrix.items()]


def show(seeds: int) -> None:
    for hard in (0.0, 0.2):
        for of_their_own in (True, False):
            worlds = (with_hard_companies(seed, hard=hard, of_their_own=of_their_own) for seed in range(seeds))
            found = [one for world in worlds for one in inside(world)]
            share, error = (sum(each) / len(found) for each in zip(*found, strict=True))
            values = "of each company's own" if of_their_own else "that all share"
            print(
                f"{hard:.0%} of companies hard, wrong values {values}: the 90 % interval contains the truth of"
                f" {share:.1%} of {len(found)} sources (goal: 88 to 92 %); mean error {error:+.3f}",
                flush=True,
            )


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--seeds", type=int, default=SEEDS)
    show(options.parse_args().seeds)


if __name__ == "__main__":
    main()
