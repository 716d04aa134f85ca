"""What following one strand comes to, worked out backwards: what shares no source any more falls into pieces.

    Course of one strand, without limits  ->  Came: spreads of money and time, who is asked, what stays open

Money and time of pieces add up, so each is worked out once, whatever stands beside it, and kept for all companies under
the same policy. In masks of datasets a bit says that one is open, the next that nobody has said anything of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from math import gcd
from threading import Lock
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from enrichment.policy.baselines import Priority
from enrichment.policy.compiled import Enhanced
from enrichment.policy.execution_model import Call, Course, Skip, Strand
from enrichment.policy.problem import State

Spread = npt.NDArray[np.float64]
"""Chance of so many units of money, or of time."""

KEPT = 20_000
"""Pieces under one policy: some forty megabytes. One more, and all are forgotten."""
_LONGEST = 2_048
"""Units in a spread; with more of them, executions are followed one by one."""
_MOST = 64
"""Names of sources, and of datasets."""
_SILENT = sum(2 << 2 * n for n in range(_MOST))
_RULES = -1 << 2 * _MOST


@dataclass(frozen=True, slots=True)
class Came:
    """Micro-USD -> chance, milliseconds -> chance; source or dataset -> chance."""

    costs: Mapping[int, float]
    waits: Mapping[int, float]
    asked: Mapping[str, float]
    resorted: Mapping[str, float]
    open: Mapping[str, float]


def came_to(course: Course) -> Came | None:
    """None: other strands, limits, or sources asked together; or prices without a common measure."""
    if len(course.strands) != 1 or course.limits or course.everything or course.then is not None:
        return None
    (strand,) = course.strands
    policy = strand.policy
    if not isinstance(policy, Enhanced | Priority) or course.open != strand.state.unsatisfied:
        return None
    needs = policy.one_by_one
    return None if needs is None else _book_of(_Same(policy)).came_to(course, strand)


@dataclass(frozen=True, slots=True)
class _Same:
    """Equal only to the very same policy."""

    policy: Enhanced | Priority

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.policy is other.policy

    def __hash__(self) -> int:
        return id(self.policy)


@lru_cache(maxsize=16)
def _book_of(same: _Same) -> _Book:
    return _Book(same.policy)


class _Piece(NamedTuple):
    """left: datasets, and rules that are in force; free: sources not asked. resorts: (source, datasets of which nobody
    may have said anything) in their order; deciding: the policy has not stopped yet."""

    left: int
    free: int
    resorts: tuple[tuple[int, int], ...]
    deciding: bool


class _Source(NamedTuple):
    """A call as it is for some companies. by_policy: the policy may ask it, not only as a last resort."""

    call: Call
    by_policy: bool


class _Rule(NamedTuple):
    """A redundancy rule. unless: required datasets for which its source is asked all the same."""

    source: str
    if_held: frozenset[str]
    shared: frozenset[str]
    unless: frozenset[str]


class _Found(NamedTuple):
    """row: chance that each source is asked, that it is asked as a last resort, that each dataset stays open."""

    money: Spread
    time: Spread
    row: Spread


_NOTHING = _Found(np.ones(1), np.ones(1), np.zeros(3 * _MOST))


class _Book:
    """All pieces that were worked out under one policy."""

    def __init__(self, policy: Enhanced | Priority) -> None:
        self._policy, self._lock = policy, Lock()
        self._needs = policy.one_by_one or {}
        self._datasets, self._names = dict[str, int](), dict[str, int]()
        self._numbers, self._sources, self._rules = dict[_Source, int](), list[_Source](), list[_Rule]()
        self._links: list[tuple[int, int]] = []
        self._units = (0, 0)
        self._forget()

    def _forget(self) -> None:
        self._found: dict[_Piece, _Found] = {}
        self._answers: dict[tuple[int, int], list[tuple[int, bool, float]]] = {}

    def came_to(self, course: Course, strand: Strand) -> Came | None:
        with self._lock:
            piece = self._begun(course, strand)
            if not self._has_room(course.calls):
                return None
            return self._named(self._of(piece))

    def _has_room(self, calls: Sequence[Call]) -> bool:
        money = gcd(self._units[0], *(price for call in calls for price in (call.price_asked, call.price_matched)))
        time = gcd(self._units[1], *(_wait(call) for call in calls))
        if (money, time) != self._units or len(self._found) > KEPT:
            self._units = money, time
            self._forget()
        most = sum(call.price_asked + call.price_matched for call in calls)
        longest = sum(_wait(call) for call in calls)
        few = max(len(self._names), len(self._datasets)) <= _MOST
        return few and max(most // (money or 1), longest // (time or 1)) < _LONGEST

    def _begun(self, course: Course, strand: Strand) -> _Piece:
        sources = {
            call.source: self._source(_Source(call, call.source in strand.state.usable)) for call in course.calls
        }
        served = frozenset[str]().union(*(datasets for _, datasets in strand.last_resorts))
        left = self._open(course.open) | self._silent(served & course.open - course.mentioned)
        for skip in course.skips:
            left |= self._in_force(skip, strand.required, met=skip.met)
        resorts = tuple((sources[s], self._silent(datasets)) for s, datasets in strand.last_resorts)
        self._links += [self._link(number) for number in range(len(self._links), len(self._sources))]
        return _Piece(left, _union(1 << number for number in sources.values()), resorts, deciding=True)

    def _source(self, source: _Source) -> int:
        if source not in self._numbers:
            self._numbers[source] = len(self._sources)
            self._sources.append(source)
            self._names.setdefault(source.call.source, len(self._names))
        return self._numbers[source]

    def _open(self, datasets: frozenset[str]) -> int:
        return _union(1 << 2 * self._datasets.setdefault(d, len(self._datasets)) for d in datasets)

    def _silent(self, datasets: frozenset[str]) -> int:
        return _union(2 << 2 * self._datasets.setdefault(d, len(self._datasets)) for d in datasets)

    def _in_force(self, skip: Skip, required: frozenset[str], *, met: bool) -> int:
        """The rule's two bits: it is one, and it is not met yet."""
        rule = _Rule(skip.source, skip.if_held, skip.shared, skip.answers & required)
        if rule not in self._rules:
            self._rules.append(rule)
            self._links.clear()
            self._answers.clear()
        here = _rule_bits(self._rules.index(rule))
        return here & ~(here >> 1) if met else here

    def _link(self, number: int) -> tuple[int, int]:
        """What a source may say, rules it may meet included; and all that binds it to others."""
        call = self._sources[number].call
        reach = self._open(call.reach) | self._silent(call.reach)
        bound = self._open(self._needs.get(call.source, frozenset()))
        for n, rule in enumerate(self._rules):
            if call.source in rule.if_held:
                bound |= _rule_bits(n)
                reach |= _unmet(n) if rule.shared & {d for d, _ in call.brings} else 0
            if call.source == rule.source:
                bound |= _rule_bits(n) | self._open(rule.unless)
        return reach, reach | bound

    def _of(self, whole: _Piece) -> _Found:
        """The pieces of it together."""
        found, loose = _NOTHING, whole.left
        for piece in self._pieces(self._useful(whole)):
            found, loose = _both(found, self._of_one(piece)), loose & ~piece.left
        stays = [n for n in self._datasets.values() if loose >> 2 * n & 1]
        if not stays:
            return found
        row = found.row.copy()
        row[[2 * _MOST + n for n in stays]] += 1.0
        return found._replace(row=row)

    def _useful(self, piece: _Piece) -> _Piece:
        """Without sources, rules and last resorts that change nothing any more."""
        free = piece.free
        resorts = tuple((s, still) for s, serves in piece.resorts if free >> s & 1 and (still := serves & piece.left))
        left = piece.left & ~_SILENT | _union(serves for _, serves in resorts)
        if not piece.deciding:
            return _Piece(left & ~_RULES, _union(1 << s for s, _ in resorts), resorts, deciding=False)
        useful = _union(1 << n for n in _bits(free) if self._links[n][0] & left)
        waited_for = 0
        for n, rule in enumerate(self._rules):
            if left & _rule_bits(n) and self._of_name(useful, {rule.source}):
                waited_for |= self._of_name(free, rule.if_held)
            else:
                left &= ~_rule_bits(n)
        return _Piece(left, useful | waited_for, resorts, deciding=True)

    def _of_name(self, mask: int, names: frozenset[str] | set[str]) -> int:
        return _union(1 << n for n in _bits(mask) if self._sources[n].call.source in names)

    def _pieces(self, piece: _Piece) -> Iterator[_Piece]:
        together = piece.left & _RULES  # whether a rule holds depends on the order in which pieces are asked
        by_name = sorted(_bits(piece.free), key=lambda n: self._sources[n].call.source)  # whoever was met first
        links = {n: self._links[n][1] & piece.left | together for n in by_name}
        for number, serves in piece.resorts:
            links[number] |= serves
        while links:
            number, bound = links.popitem()
            free = 1 << number
            while touching := [n for n, link in links.items() if link & bound]:
                for n in touching:
                    free, bound = free | 1 << n, bound | links.pop(n)
            resorts = tuple(one for one in piece.resorts if free >> one[0] & 1)
            yield _Piece(bound, free, resorts, piece.deciding)

    def _of_one(self, piece: _Piece) -> _Found:
        if piece not in self._found:
            self._found[piece] = self._worked_out(piece)
        return self._found[piece]

    def _worked_out(self, piece: _Piece) -> _Found:
        if piece.deciding:
            number = self._decided(piece)
            if number is None:
                return self._of(piece._replace(deciding=False))
            return self._asked(piece, number, 0)
        number, _ = piece.resorts[0]
        return self._asked(piece._replace(resorts=piece.resorts[1:]), number, _MOST)

    def _decided(self, piece: _Piece) -> int | None:
        usable = [self._sources[n] for n in _bits(piece.free & ~self._redundant(piece))]
        names = frozenset(source.call.source for source in usable if source.by_policy)
        open_ = frozenset(d for d, n in self._datasets.items() if piece.left >> 2 * n & 1)
        asked = self._policy.next(State(open_, names))
        return next((n for n in _bits(piece.free) if self._sources[n].call.source in asked), None)

    def _redundant(self, piece: _Piece) -> int:
        met = (
            self._of_name(piece.free, {rule.source})
            for n, rule in enumerate(self._rules)
            if piece.left & _rule_bits(n)
            and not piece.left & _unmet(n)
            and not self._of_name(piece.free, rule.if_held)
            and not piece.left & self._open(rule.unless)
        )
        return _union(met)

    def _asked(self, piece: _Piece, number: int, column: int) -> _Found:
        """One source is asked. column: where its row says how likely that is."""
        call = self._sources[number].call
        after = piece._replace(free=piece.free & ~(1 << number))
        ends = [
            (self._of(after._replace(left=piece.left & ~gone)), call.price_asked + matched * call.price_matched, chance)
            for gone, matched, chance in self._answers_of(number, piece.left)
        ]
        money, time = self._units
        paid = [(end.money, price // (money or 1), chance) for end, price, chance in ends]
        waited = [(end.time, _wait(call) // (time or 1), chance) for end, _, chance in ends]
        row = sum((chance * end.row for end, _, chance in ends), np.zeros(3 * _MOST))
        row[column + self._names[call.source]] += 1.0
        return _Found(_mixed(paid), _mixed(waited), row)

    def _answers_of(self, number: int, left: int) -> list[tuple[int, bool, float]]:
        """(what is gone then, whether it knows the company, chance)."""
        key = number, left & self._links[number][0]
        if key not in self._answers:
            self._answers[key] = self._all_answers(*key)
        return self._answers[key]

    def _all_answers(self, number: int, left: int) -> list[tuple[int, bool, float]]:
        call = self._sources[number].call
        known = {0: call.match_rate}
        for gone, rate in self._events(call):
            if gone & left and rate > 0:
                further = dict[int, float]()
                for before, chance in known.items():
                    for now, likely in ((before | gone & left, rate), (before, 1 - rate)):
                        if likely > 0:
                            further[now] = further.get(now, 0.0) + chance * likely
                known = further
        answers = [(gone, True, chance) for gone, chance in known.items() if chance > 0]
        return [*answers, (0, False, 1 - call.match_rate)] if call.match_rate < 1 else answers

    def _events(self, call: Call) -> Iterator[tuple[int, float]]:
        for dataset, rate in call.brings:
            rules = (n for n, r in enumerate(self._rules) if call.source in r.if_held and dataset in r.shared)
            here = frozenset({dataset})
            yield self._open(here) | self._silent(here) | _union(_unmet(n) for n in rules), rate
        for dataset, rate in call.mentions:
            yield self._silent(frozenset({dataset})), rate

    def _named(self, found: _Found) -> Came:
        asked, resorted, open_ = found.row.reshape(3, _MOST).tolist()
        money, time = self._units
        return Came(
            costs={n * money: chance for n, chance in enumerate(found.money.tolist()) if chance > 0},
            waits={n * time: chance for n, chance in enumerate(found.time.tolist()) if chance > 0},
            asked=_by_name(self._names, asked),
            resorted=_by_name(self._names, resorted),
            open=_by_name(self._datasets, open_),
        )


def _wait(call: Call) -> int:
    """Milliseconds."""
    return round(1000 * call.seconds)


def _by_name(names: Mapping[str, int], chances: Sequence[float]) -> dict[str, float]:
    """Exactly 1 where that is sure."""
    return {name: chance if chance < 1 - 1e-12 else 1.0 for name, n in sorted(names.items()) if (chance := chances[n])}


def _rule_bits(number: int) -> int:
    return 3 << 2 * (_MOST + number)


def _unmet(number: int) -> int:
    return 1 << 2 * (_MOST + number)


def _both(one: _Found, other: _Found) -> _Found:
    if one is _NOTHING:
        return other
    return _Found(np.convolve(one.money, other.money), np.convolve(one.time, other.time), one.row + other.row)


def _mixed(spreads: Sequence[tuple[Spread, int, float]]) -> Spread:
    """Each moved on by so many units, with its chance."""
    mixed = np.zeros(max(len(spread) + moved for spread, moved, _ in spreads))
    for spread, moved, chance in spreads:
        mixed[moved : moved + len(spread)] += chance * spread
    return mixed


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _union(masks: Iterator[int]) -> int:
    return reduce(int.__or__, masks, 0)
