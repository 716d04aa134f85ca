"""Measure names: `python -m bench.identity`. Which pairs are decided rightly, which are asked about, how many a second.

pairs/*.csv  ->  per file: decided same or different, right or wrong; asked; recall;  generated pairs: seed printed
records with websites and tickers  ->  calibration.py: predicted and observed probabilities
"""

import argparse
import random
import subprocess
import sys
from time import perf_counter, process_time

from bench.identity.calibration import show_calibration
from bench.identity.name_pairs import generated, read
from bench.identity.score import Score, score
from enrichment.identity.names import name_form

SEED = 20_261_129
_REGISTRY, _ASKED = 50_000, 100_000
_LISTS = (1_000, 10_000, 100_000)


def show(title: str, result: Score) -> None:
    print(f"{title}: {result.pairs:,} pairs")
    print(f"  merged in error {result.merged_in_error}; asked {result.asked} ({result.asked / result.pairs:.1%})")
    if result.decided:
        print(f"  decided without asking {result.decided:,}, of these wrong {result.wrong} ({result.right:.2%} right)")
    if result.one:
        print(f"  found {result.found} of {result.one} that are one ({result.found / result.one:.3f})")
        print(
            f"  renamed, and no name tells: {len(result.without_a_word)} share no word of their own, "
            f"{len(result.renamed)} changed between two lists; without these: {result.recall:.3f}"
        )
    for heading, pairs in (("renamed between two lists", result.renamed), ("wrong", result.wrong_pairs)):
        for pair in pairs if title == "sec_pairs" else ():
            print(f"    {heading}: {pair.name_a} | {pair.name_b}")


def show_speed(rng: random.Random, names: list[str]) -> None:
    registry = [f"{rng.choice(names)} {number}" for number in range(_REGISTRY)]
    asked = [rng.choice(registry) if rng.random() < 0.5 else f"{rng.choice(names)} {n} x" for n in range(_ASKED)]
    began, worked = perf_counter(), process_time()
    index: dict[str, list[str]] = {}
    for name in registry:
        for spelling in name_form(name).spellings:
            index.setdefault(spelling, []).append(name)
    found = sum(any(spelling in index for spelling in name_form(name).spellings) for name in asked)
    took = f"{perf_counter() - began:.1f} s, {process_time() - worked:.1f} s of one core"
    print(f"{_ASKED:,} names into {_REGISTRY:,}: {took}, {found:,} found")


def show_lists() -> None:
    """Runs each list in a process of its own, because the peak of a process's memory is measured."""
    for rows in _LISTS:
        subprocess.run([sys.executable, "-m", "bench.identity.long_list", str(rows)], check=True)  # noqa: S603


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.identity", description="Measure which names are found to be of one company."
    )
    parser.add_argument("--seed", type=int, default=SEED)
    rng = random.Random(seed := parser.parse_args().seed)
    print(f"seed {seed}")
    for name in ("sec_pairs", "sec_same_stem_different_registrant", "opensanctions_name_pairs"):
        show(name, score(read(name)))
    names = sorted({pair.name_a for pair in read("sec_pairs")})
    show("generated, two companies that begin with the same word", score(generated(rng, names)))
    show_calibration(random.Random(seed))
    show_speed(rng, names)
    show_lists()


if __name__ == "__main__":
    main()
