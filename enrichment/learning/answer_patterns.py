"""Answers and checks of many companies as their distinct patterns of equality. Pure.

answers + checks by people -> AnswerPatterns: a row per pattern, with how many companies have it

Only which answers are equal counts, and about how common each value is; so an estimate over the patterns costs the
same for a thousand companies as for a million.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_OF_ALTERNATIVES = 20.0
"""How common a value is counts as much as `alternatives` once this many answers were seen."""
_RARITY_STEP = sqrt(10.0)
"""Values about as rare as one another, within this factor, are of one pattern."""
_MOST_STATED = 0.9
"""Of what a wrong source may state, all stated values of a company are at most this share: it may be another one."""
LATER = "(later)"
"""What a source says later than what it said, as a witness against that: no source, in no feed, without a figure."""
PERSON = "(person) "
"""Before the name of a person among sources; also the reader of what people state: nothing is misread."""
Floats = NDArray[np.float64]


class Answer(NamedTuple):
    """value: text that is equal where two values state the same. reader: what read it from the reply.

    counted: False: it is evidence of what is true, and is no answer by which its source is measured (once more).
    """

    company: str
    source: str
    value: str
    reader: str = ""
    counted: bool = True


class Check(NamedTuple):
    """What a person says of a company's value: it is `value`, or (is_right False) it is not."""

    company: str
    value: str
    is_right: bool
    by: str = ""


@dataclass(frozen=True, slots=True)
class AnswerPatterns:
    """A row per distinct pattern. value: (pattern, source) -> number of the value, -1: did not answer.

    common: (pattern, value) -> how often a source that is wrong states it; the last one: any other value.
    usual: likewise, how often it is the truth.
    rejected: likewise, then person -> whether that person says it is not this value. weight: how many companies.

    People are among the sources: what they say is right is their answer.
    """

    sources: tuple[str, ...]
    people: tuple[int, ...]
    readers: tuple[str, ...]
    reader_of: NDArray[np.int64]
    value: NDArray[np.int64]
    counted: NDArray[np.bool_]
    common: Floats
    usual: Floats
    rejected: Floats
    weight: Floats


class _Pattern(NamedTuple):
    """values: number by source, -1: none. wrong, true: how rare each is as such, in steps. rejected: number, person."""

    values: tuple[int, ...]
    counted: tuple[bool, ...]
    wrong: tuple[int, ...]
    true: tuple[int, ...]
    rejected: tuple[tuple[int, int], ...]


def answer_patterns(answers: Iterable[Answer], checks: Iterable[Check], alternatives: float) -> AnswerPatterns:
    by_company: dict[str, list[Answer]] = {}
    rejections: dict[str, list[Check]] = {}
    for answer in answers:
        by_company.setdefault(answer.company, []).append(answer)
    checks = tuple(checks)
    rarities = _rarities(by_company, checks, alternatives)
    for check in checks:
        if check.is_right:
            by_company.setdefault(check.company, []).append(_said(check))
        else:
            rejections.setdefault(check.company, []).append(check)
    said = {(PERSON + check.by, PERSON) for its in rejections.values() for check in its}
    columns = sorted({(a.source, a.reader) for its in by_company.values() for a in its} | said)
    number = {column: index for index, column in enumerate(columns)}
    counted = Counter(
        _pattern(company, by_company.get(company, ()), rejections.get(company, ()), number, rarities)
        for company in {**by_company, **rejections}
    )
    readers = sorted({reader for _, reader in columns})
    rows = sorted(counted)
    width = max([1, *(len(row.wrong) for row in rows)])
    shape = len(rows), len(columns)
    return AnswerPatterns(
        sources=tuple(source for source, _ in columns),
        people=tuple(at for at, (_, reader) in enumerate(columns) if reader == PERSON),
        readers=tuple(readers),
        reader_of=np.array([readers.index(reader) for _, reader in columns], dtype=np.int64),
        value=np.array([row.values for row in rows], dtype=np.int64).reshape(shape),
        counted=np.array([row.counted for row in rows], dtype=np.bool_).reshape(shape),
        common=np.array([_common(row, width) for row in rows]).reshape(len(rows), width + 1),
        usual=np.array([_usual(row, width, 1 / (alternatives + 1)) for row in rows]).reshape(len(rows), width + 1),
        rejected=_rejected(rows, width, len(columns)),
        weight=np.array([float(counted[row]) for row in rows]),
    )


def _said(check: Check) -> Answer:
    return Answer(check.company, PERSON + check.by, check.value, PERSON)


def _rejected(rows: Sequence[_Pattern], width: int, columns: int) -> Floats:
    rejected = np.zeros((len(rows), width + 1, columns))
    for number, row in enumerate(rows):
        for value, person in row.rejected:
            rejected[number, value, person] = 1.0
    return rejected


class _Rarity:
    """How rare a value is, in steps below all values, among the wrong answers or the truths of the other companies.

    A company's own answers say nothing of it: what several sources state of it would seem common for that alone. As far
    as values are seen of one company only, and where there are few answers, each is one of so many alternatives.
    """

    def __init__(self, of_company: Mapping[str, Mapping[str, float]], alternatives: float) -> None:
        self._of_company, self._alternatives = of_company, alternatives
        self._all, companies = defaultdict[str, float](float), Counter[str]()
        for counts in of_company.values():
            for value, count in counts.items():
                self._all[value] += count
                companies[value] += count > 0
        self._total = sum(self._all.values()) + _OF_ALTERNATIVES
        self._own = sum(count for value, count in self._all.items() if companies[value] == 1) / self._total

    def steps(self, company: str, values: Iterable[str]) -> tuple[int, ...]:
        own = self._of_company.get(company, {})
        total = self._total - sum(own.values())
        return tuple(self._step(max(0.0, self._all.get(value, 0.0) - own.get(value, 0.0)), total) for value in values)

    def _step(self, elsewhere: float, total: float) -> int:
        of_all = (elsewhere + _OF_ALTERNATIVES / self._alternatives) / total
        share = self._own / self._alternatives + (1 - self._own) * of_all
        return round(-log(share) / log(_RARITY_STEP))


def _rarities(
    by_company: Mapping[str, Sequence[Answer]], checks: Sequence[Check], alternatives: float
) -> tuple[_Rarity, _Rarity]:
    """Among wrong answers, and among what is true.

    True, before anything is estimated, is what a person says, or else what most sources state and no person rejects.
    """
    right = {(check.company, check.value) for check in checks if check.is_right}
    rejected = {(check.company, check.value) for check in checks if not check.is_right}
    labelled = {company for company, _ in right}
    wrong, true = defaultdict[str, dict[str, float]](dict), defaultdict[str, dict[str, float]](dict)
    for company, its in by_company.items():
        stated = Counter(answer.value for answer in its)
        most = max(stated.values())
        leading = sum(count == most for count in stated.values())
        for value, count in stated.items():
            likely = float((company, value) in right) if company in labelled else (count == most) / leading
            likely = 0.0 if (company, value) in rejected else likely
            true[company][value] = likely
            wrong[company][value] = count * (1 - likely)
    return _Rarity(wrong, alternatives), _Rarity(true, alternatives)


def _common(row: _Pattern, width: int) -> list[float]:
    """Share of each value, and of all others, among what wrong sources state."""
    return _with_others([_RARITY_STEP**-steps for steps in row.wrong], width)


def _usual(row: _Pattern, width: int, alternatives_alike: float) -> list[float]:
    """Share of each value, and of all others, among truths.

    A value is no rarer than as a wrong one, as far as all alternatives are alike: the truth is stated more often.
    """
    floors = [min(alternatives_alike, _RARITY_STEP**-steps) for steps in row.wrong]
    return _with_others(
        [max(floor, _RARITY_STEP**-steps) for floor, steps in zip(floors, row.true, strict=True)], width
    )


def _with_others(shares: Sequence[float], width: int) -> list[float]:
    least = max(1.0, sum(shares) / _MOST_STATED)
    stated = [share / least for share in shares]
    return [*stated, *[0.0] * (width - len(stated)), 1 - sum(stated)]


def _pattern(
    company: str,
    answers: Sequence[Answer],
    rejections: Sequence[Check],
    number: Mapping[tuple[str, str], int],
    rarities: tuple[_Rarity, _Rarity],
) -> _Pattern:
    values: dict[str, int] = {}
    row, counted = [-1] * len(number), [False] * len(number)
    for answer in sorted(answers, key=lambda a: number[a.source, a.reader]):
        at = number[answer.source, answer.reader]
        row[at] = values.setdefault(answer.value, len(values))
        counted[at] = answer.counted
    wrong, true = rarities
    people = [(values.get(check.value, -1), number[PERSON + check.by, PERSON]) for check in rejections]
    rejected = {(value, person) for value, person in people if value >= 0 and row[person] < 0}
    return _Pattern(
        tuple(row),
        tuple(counted),
        wrong.steps(company, values),
        true.steps(company, values),
        tuple(sorted(rejected)),
    )
