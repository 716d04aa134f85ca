"""Measure names: `python -m bench.identity`. Which pairs are decided rightly, which are asked about, how many a second.

pairs/*.csv  ->  per file: decided same or different, right or wrong; asked; recall;  generated pairs: seed printed
records with websites and tickers  ->  calibration.py: predicted and observed probabilities
"""

import argparse
import csv
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bench.identity.calibration import show_calibration
from enrichment.identity.comparison import compare_names
from enrichment.identity.names import name_form, name_words

PAIRS = Path(__file__).parent / "pairs"
SEED = 20_261_129
_GENERATED = 500
_REGISTRY, _ASKED = 50_000, 100_000
_SECOND_WORDS = ("Analytics", "Bakery", "Dental", "Freight", "Games", "Textiles", "Vineyards", "Plumbing", "Opera")
_GENERIC = frozenset(
    name_words("Group Holdings Holding International Global Insurance Therapeutics Biopharma Bank Capital")
)


@dataclass(frozen=True, slots=True)
class NamePair:
    name_a: str
    name_b: str
    same: bool

    @property
    def renamed(self) -> bool:
        """True if the names share no distinctive word."""
        shared = set(name_words(self.name_a)) & set(name_words(self.name_b))
        return self.same and not shared - _GENERIC and not self._squeezed()

    def _squeezed(self) -> bool:
        a, b = sorted(("".join(name_words(self.name_a)), "".join(name_words(self.name_b))), key=len)
        return b.startswith(a)


def read(name: str) -> list[NamePair]:
    with (PAIRS / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return [NamePair(row["name_a"], row["name_b"], row["same"] == "true") for row in csv.DictReader(lines)]


def generated(rng: random.Random, names: list[str]) -> list[NamePair]:
    """Pairs that begin with the same word and are two companies."""
    first = [name_words(name)[0].title() for name in names if name_words(name)]
    return [
        NamePair(f"{word} {one} Inc.", f"{word} {other} Inc.", same=False)
        for word in rng.sample(first, _GENERATED)
        for one, other in [rng.sample(_SECOND_WORDS, 2)]
    ]


def show(title: str, pairs: list[NamePair]) -> None:
    compared = [(pair, compare_names(pair.name_a, pair.name_b).sameness) for pair in pairs]
    counts = Counter((pair.same, sameness) for pair, sameness in compared)
    renamed = sum(pair.renamed for pair, sameness in compared if sameness == "different")
    asked = counts[True, "unsure"] + counts[False, "unsure"]
    wrong = counts[True, "different"] - renamed + counts[False, "same"]
    decided = len(pairs) - asked - renamed
    true = sum(pair.same for pair in pairs)
    print(f"{title}: {len(pairs):,} pairs")
    print(f"  merged in error {counts[False, 'same']}; asked {asked} ({asked / len(pairs):.1%})")
    if decided:
        print(f"  decided without asking {decided}, of these wrong {wrong} ({1 - wrong / decided:.2%} right)")
    if true:
        found = counts[True, "same"]
        print(f"  found {found} of {true} that are one ({found / true:.3f}), and {renamed} more were renamed")
        print(f"  without the renamed: {found / (true - renamed):.3f}")


def show_speed(rng: random.Random, names: list[str]) -> None:
    registry = [f"{rng.choice(names)} {number}" for number in range(_REGISTRY)]
    asked = [rng.choice(registry) if rng.random() < 0.5 else f"{rng.choice(names)} {n} x" for n in range(_ASKED)]
    began = perf_counter()
    index: dict[str, list[str]] = {}
    for name in registry:
        for spelling in name_form(name).spellings:
            index.setdefault(spelling, []).append(name)
    found = sum(any(spelling in index for spelling in name_form(name).spellings) for name in asked)
    print(f"{_ASKED:,} names into {_REGISTRY:,}: {perf_counter() - began:.1f} s, {found:,} found")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.identity", description="Measure how names are told apart.")
    parser.add_argument("--seed", type=int, default=SEED)
    rng = random.Random(seed := parser.parse_args().seed)
    print(f"seed {seed}")
    for name in ("sec_pairs", "sec_same_stem_different_registrant", "opensanctions_name_pairs"):
        show(name, read(name))
    names = sorted({pair.name_a for pair in read("sec_pairs")})
    show("generated, two companies that begin with the same word", generated(rng, names))
    show_calibration(random.Random(seed))
    show_speed(rng, names)


if __name__ == "__main__":
    main()
