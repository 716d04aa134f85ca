"""Ranks and departments of job titles against people's labels: python -m bench.job_titles FOLDER

FOLDER/cv_positions_annotated.csv   1,274 positions of real CVs, six levels and eleven departments: the hard set
FOLDER/titles_level_area.csv        453 titles, five levels

The files state no licence and are no part of this project. Published on the CV set, accuracy of level and department:
rules 0.54 and 0.60, a large language model 0.58 and 0.80.
"""

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from enrichment.parsing.job_titles import department, seniority

_LEVELS = {
    "c_level": "Management",
    "vp": "Management",
    "director": "Director",
    "manager": "Lead",
    "staff": "Professional",
}
_BELOW_LEAD = {"Junior": "Professional", "Senior": "Professional"}
_RANKS = {"c_level": "C-Suite", "vp": "VP", "director": "Director", "manager": "Manager", "staff": "Other"}
_DEPARTMENTS = {
    "administration": "Administrative",
    "business_development": "Business Development",
    "consulting": "Consulting",
    "customer_support": "Customer Support",
    "engineering": "Information Technology",
    "human_resources": "Human Resources",
    "information_technology": "Information Technology",
    "marketing": "Marketing",
    "procurement": "Purchasing",
    "product": "Project Management",
    "project_management": "Project Management",
    "sales": "Sales",
}


def main(folder: Path) -> None:
    positions, titles = _rows(folder / "cv_positions_annotated.csv"), _rows(folder / "titles_level_area.csv")
    levels = [(row["seniority"], _LEVELS[seniority(row["position"])]) for row in positions]
    coarse = [(_BELOW_LEAD.get(label, label), found) for label, found in levels]
    departments = [
        (row["department"], _DEPARTMENTS.get(department(row["position"]) or "", "Other")) for row in positions
    ]
    ranks = [(row["level"], _RANKS[seniority(row["title"])]) for row in titles]
    print(f"{'':44}  ours  published: rules  large model")
    print(f"{'CV set, level of six':44}  {accuracy(levels):.2f}             0.54         0.58")
    print(f"{'CV set, department of eleven':44}  {accuracy(departments):.2f}             0.60         0.80")
    print(f"{'CV set, level of four (ours has no Junior, Senior)':50} {accuracy(coarse):.2f}")
    print(f"{'English titles, level of five':50} {accuracy(ranks):.2f}")
    for name, pairs in (
        ("CV set, level", levels),
        ("English titles, level", ranks),
        ("CV set, department", departments),
    ):
        print(f"\n{name}: label -> what was found instead")
        for label, found in _confusions(pairs).items():
            print(f"  {label:24} {', '.join(f'{other} {count}' for other, count in found.most_common(5))}")


def accuracy(pairs: Iterable[tuple[str, str]]) -> float:
    """The share of pairs of label and finding that are equal."""
    equal = [label == found for label, found in pairs]
    return sum(equal) / len(equal)


def _confusions(pairs: Iterable[tuple[str, str]]) -> Mapping[str, Counter[str]]:
    wrong: dict[str, Counter[str]] = {}
    for label, found in pairs:
        wrong.setdefault(label, Counter())
        if label != found:
            wrong[label][found] += 1
    return wrong


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Name the folder with the labelled titles: python -m bench.job_titles FOLDER")
    main(Path(sys.argv[1]))
