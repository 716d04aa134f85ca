"""Print how many industry labels are mapped, and how many of these to the right group: `python -m bench.industries`.

labels.csv (main industry, label, companies)  ->  the label's own words alone  ->  Measured

A label such as 'Fintech -> Payments' is read without its first part; that part then judges the result.
Optional argument: a CSV with columns one_liner and industry, to measure free text that no vendor calls an industry.
"""

import csv
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from enrichment.parsing.industries import canonical_industry

LABELS = Path(__file__).with_name("labels.csv")
GROUPS: Mapping[str, frozenset[str]] = {
    "B2B": frozenset({"corp", "fin", "good", "leg", "man", "serv", "tech", "tran"}),
    "Consumer": frozenset({"art", "good", "hlth", "med", "org", "rec", "serv", "tran"}),
    "Education": frozenset({"edu"}),
    "Fintech": frozenset({"fin"}),
    "Government": frozenset({"gov"}),
    "Healthcare": frozenset({"hlth"}),
    "Industrials": frozenset({"agr", "gov", "man", "tran"}),
    "Real Estate and Construction": frozenset({"cons"}),
}
"""Main industry of the labels -> the groups of the published taxonomy that fit it."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Counts of companies: all, those that got an industry, and those whose industry is in a fitting group."""

    companies: int
    mapped: int
    right: int

    @property
    def share(self) -> float:
        return self.mapped / self.companies

    @property
    def accuracy(self) -> float:
        return self.right / self.mapped


def labelled() -> list[tuple[str, str, int]]:
    """Main industry, the label's own words, companies that have it."""
    with LABELS.open(encoding="utf-8", newline="") as file:
        return [
            (row["industry"], row["label"].rpartition("->")[2].strip(), int(row["companies"]))
            for row in csv.DictReader(file)
        ]


def measured(rows: Iterable[tuple[str, str, int]]) -> Measured:
    companies = mapped = right = 0
    for main, words, count in rows:
        found = canonical_industry(words)
        companies += count
        mapped += count if found else 0
        right += count if found and GROUPS[main] & set(found.groups) else 0
    return Measured(companies, mapped, right)


def _texts(path: str) -> list[tuple[str, str, int]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return [(row["industry"], row["one_liner"], 1) for row in csv.DictReader(file) if row["industry"] in GROUPS]


def main() -> None:
    of = {"labels": labelled()} | {path: _texts(path) for path in sys.argv[1:]}
    for name, rows in of.items():
        result = measured(rows)
        print(f"{name}: {result.companies:,} companies, mapped {result.share:.3f}, right {result.accuracy:.3f}")


if __name__ == "__main__":
    main()
