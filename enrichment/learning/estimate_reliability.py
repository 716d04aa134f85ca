"""How reliable each source is on one dataset, from answers that can be compared. Pure.

answers + checks by people + figures of the matrix -> Estimate: accuracy per source, feeds, errors per reader

Hidden are the truth, what a feed said, and whether our reader misread; expectation maximisation over equality patterns,
so its cost does not grow with the number of companies. Readers apart from sources: Knowledge-Based Trust (Dong et al.,
arXiv 1502.03519). Sources are joined to a feed while that explains the answers better: Dong et al., VLDB 2009.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import log, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from enrichment.rules.reliability import DatasetReliability, Feed, SourceReliability

_PRIOR_ANSWERS = 4.0
"""The matrix's figure counts as this many checked answers."""
_PERSON_IS_RIGHT = 0.98
"""People err too; one that labels everything wrong is outweighed by fifty that agree with one another."""
_FEWEST_SHARED = 12
"""Below this many companies two sources are never joined: their agreement may be chance."""
_GAIN = 8.0
"""How much better, in log-likelihood, a feed must explain the answers: about 1 in 3,000 by chance."""
_ROUNDS = 60
_WAYS = 5
_OF_ALTERNATIVES = 20.0
"""How common a value is counts as much as `alternatives` once this many answers were seen."""
_RARITY_STEP = sqrt(10.0)
"""Values about as rare as one another, within this factor, are of one pattern."""
_MOST_STATED = 0.9
"""Of what a wrong source may state, all stated values of a company are at most this share: it may be another one."""
_FEED_STARTS = (0.4, 0.9)
"""Maximisation finds the nearest peak: feeds are begun as mostly wrong ones and as mostly right ones."""
LATER = "(later)"
"""What a source says later than what it said, as a witness against that: no source, in no feed, without a figure."""
_Floats = NDArray[np.float64]
_Feeds = tuple[tuple[int, ...], ...]


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


class Rereadings(NamedTuple):
    """Replies of a reader that a newer version read once more, and in how many it then found another value."""

    read: int
    misread: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """interval: 90 %, Wilson's. figures: of answers others or people speak of, misread ones left out."""

    accuracy: Mapping[str, float]
    interval: Mapping[str, tuple[float, float]]
    figures: DatasetReliability
    misreadings: Mapping[str, float]
    log_likelihood: float


@dataclass(frozen=True, slots=True)
class _Patterns:
    """A row per distinct pattern. value: (pattern, source) -> number of the value, -1: did not answer.

    common: (pattern, value) -> how often a source that is wrong states it; the last one: any other value.
    says: likewise -> log-likelihood of what people said, if that value were the truth. weight: how many companies.
    """

    sources: tuple[str, ...]
    readers: tuple[str, ...]
    reader_of: NDArray[np.int64]
    value: NDArray[np.int64]
    counted: NDArray[np.bool_]
    common: _Floats
    says: _Floats
    weight: _Floats
    checked: NDArray[np.bool_]


@dataclass(slots=True)
class _State:
    accuracy: _Floats
    misread: _Floats
    feeds: _Feeds
    feed_accuracy: dict[tuple[int, ...], float] = field(default_factory=dict)
    copied: dict[int, float] = field(default_factory=dict)
    log_likelihood: float = -np.inf
    right: _Floats = field(default_factory=lambda: np.zeros(0))
    read: _Floats = field(default_factory=lambda: np.zeros(0))
    """right, read: (pattern, source): chance that its answer is right and was read as it was given."""


def estimate_reliability(
    answers: Iterable[Answer],
    checks: Iterable[Check] = (),
    *,
    matrix: Mapping[str, float],
    rereadings: Mapping[str, Rereadings] | None = None,
    alternatives: float = 10.0,
) -> Estimate:
    """matrix: source -> the reliability people wrote.

    alternatives: how many wrong values are about equally likely, before any were seen; a wrong value that few state is
    less likely than one that many do, so two sources that share it are more likely to repeat one feed.
    """
    patterns = _patterns(answers, checks, alternatives)
    model = _Model(patterns, matrix, rereadings or {}, alternatives)
    return model.estimate(model.best())


class _Pattern(NamedTuple):
    """values: number by source, -1: none. rarity: by number, in steps. said: number (-1: of no source), is it right."""

    values: tuple[int, ...]
    counted: tuple[bool, ...]
    rarity: tuple[int, ...]
    said: tuple[tuple[int, bool], ...]


def _patterns(answers: Iterable[Answer], checks: Iterable[Check], alternatives: float) -> _Patterns:
    by_company: dict[str, list[Answer]] = {}
    for answer in answers:
        by_company.setdefault(answer.company, []).append(answer)
    said: dict[str, list[Check]] = {}
    for check in checks:
        said.setdefault(check.company, []).append(check)
    columns = sorted({(a.source, a.reader) for its in by_company.values() for a in its})
    number = {column: index for index, column in enumerate(columns)}
    rarity = _rarity(by_company.values(), alternatives)
    counted = Counter(_pattern(its, said.get(company, []), number, rarity) for company, its in by_company.items())
    readers = sorted({reader for _, reader in columns})
    rows = sorted(counted)
    width = max([1, *(max(row.values, default=-1) + 1 for row in rows)])
    shape = len(rows), len(columns)
    return _Patterns(
        sources=tuple(source for source, _ in columns),
        readers=tuple(readers),
        reader_of=np.array([readers.index(reader) for _, reader in columns], dtype=np.int64),
        value=np.array([row.values for row in rows], dtype=np.int64).reshape(shape),
        counted=np.array([row.counted for row in rows], dtype=np.bool_).reshape(shape),
        common=np.array([_common(row.rarity, width) for row in rows]).reshape(len(rows), width + 1),
        says=np.array([_said(row.said, width, alternatives) for row in rows]).reshape(len(rows), width + 1),
        weight=np.array([float(counted[row]) for row in rows]),
        checked=np.array([bool(row.said) for row in rows], dtype=np.bool_),
    )


def _rarity(answers: Iterable[Sequence[Answer]], alternatives: float) -> dict[str, int]:
    """Value -> its share of wrong answers, in steps below that of all; few answers: one of so many alternatives.

    Wrong, before anything is estimated, is what fewer sources state of a company than another value.
    """
    wrong = defaultdict[str, float](float)
    for its in answers:
        stated = Counter(answer.value for answer in its)
        most = max(stated.values())
        leading = sum(count == most for count in stated.values())
        for value, count in stated.items():
            wrong[value] += count * (1.0 if count < most else (leading - 1) / leading)
    total = sum(wrong.values()) + _OF_ALTERNATIVES
    shares = {value: (count + _OF_ALTERNATIVES / alternatives) / total for value, count in wrong.items()}
    return {value: round(-log(share) / log(_RARITY_STEP)) for value, share in shares.items()}


def _common(rarity: Sequence[int], width: int) -> list[float]:
    shares = [_RARITY_STEP**-steps for steps in rarity]
    least = max(1.0, sum(shares) / _MOST_STATED)
    stated = [share / least for share in shares]
    return [*stated, *[0.0] * (width - len(stated)), 1 - sum(stated)]


def _pattern(
    answers: Sequence[Answer],
    checks: Sequence[Check],
    number: Mapping[tuple[str, str], int],
    rarity: Mapping[str, int],
) -> _Pattern:
    values: dict[str, int] = {}
    row, counted = [-1] * len(number), [False] * len(number)
    for answer in sorted(answers, key=lambda a: number[a.source, a.reader]):
        at = number[answer.source, answer.reader]
        row[at] = values.setdefault(answer.value, len(values))
        counted[at] = answer.counted
    said = sorted((values.get(check.value, -1), check.is_right) for check in checks)
    return _Pattern(tuple(row), tuple(counted), tuple(rarity[value] for value in values), tuple(said))


def _said(checks: Sequence[tuple[int, bool]], width: int, alternatives: float) -> list[float]:
    likely = [0.0] * (width + 1)
    for value, is_right in checks:
        for truth in range(width + 1):
            same = truth == (width if value < 0 else value)
            if is_right:
                likely[truth] += log(_PERSON_IS_RIGHT if same else (1 - _PERSON_IS_RIGHT) / alternatives)
            elif value >= 0:
                likely[truth] += log(1 - _PERSON_IS_RIGHT if same else _PERSON_IS_RIGHT)
    return likely


class _Model:
    def __init__(
        self,
        patterns: _Patterns,
        matrix: Mapping[str, float],
        rereadings: Mapping[str, Rereadings],
        alternatives: float,
    ) -> None:
        self.p, self.n = patterns, alternatives
        self.prior = np.array([min(max(matrix.get(s, 0.7), 0.05), 0.95) for s in patterns.sources])
        seen = [rereadings.get(reader, Rereadings(0, 0)) for reader in patterns.readers]
        self.misread = np.array([one.misread for one in seen], dtype=float)
        self.reread = np.array([one.read for one in seen], dtype=float)
        width = patterns.says.shape[1] - 1
        self.width = width
        self.answered = patterns.value >= 0
        self.counted = np.where(self.answered & patterns.counted, patterns.weight[:, None], 0.0)
        self.as_wrong = self._as_wrong()
        self.agree = np.zeros((len(patterns.weight), len(patterns.sources), width + 1))
        for value in range(width):
            self.agree[:, :, value] = patterns.value == value
        distinct = patterns.value.max(axis=1, initial=-1) + 1
        possible = np.arange(width + 1)[None, :] < distinct[:, None]
        possible[:, width] = True
        many = np.maximum(self.n + 1 - distinct, 1.0)
        self.truth_prior = np.where(possible, -log(self.n + 1), -np.inf)
        self.truth_prior[:, width] += np.log(many)

    def _as_wrong(self) -> _Floats:
        """(pattern, source): how often a source that is wrong, or was misread, states this value."""
        numbers = np.maximum(self.p.value, 0)
        return np.where(self.answered, np.take_along_axis(self.p.common, numbers, axis=1), 1.0)

    def best(self) -> _State:
        """Feeds joined two by two, several ways side by side: the best first join may lead nowhere."""
        if not len(self.p.weight):
            return self._start((), 0.5)
        best = self._fitted(())
        tried: dict[_Feeds, None] = {(): None}
        ahead = [best]
        while ahead:
            joins = {feeds for state in ahead for feeds in self._joins(state.feeds)} - tried.keys()
            tried |= dict.fromkeys(joins)
            ahead = sorted(map(self._fitted, sorted(joins)), key=self._worth, reverse=True)[:_WAYS]
            best = max([best, *ahead], key=self._worth)
        return best

    def _worth(self, state: _State) -> float:
        return state.log_likelihood - _GAIN * sum(len(feed) - 1 for feed in state.feeds)

    def _joins(self, feeds: _Feeds) -> list[_Feeds]:
        fed = {source for feed in feeds for source in feed}
        alone = (one for one, source in enumerate(self.p.sources) if one not in fed and source != LATER)
        parts = [*feeds, *((one,) for one in alone)]
        joins = []
        for one, other in combinations(parts, 2):
            if any(self._shared(a, b) >= _FEWEST_SHARED for a in one for b in other):
                rest = [part for part in parts if part not in (one, other) and len(part) > 1]
                joins.append(tuple(sorted([*rest, tuple(sorted((*one, *other)))])))
        return joins

    def _shared(self, one: int, other: int) -> float:
        if self.p.sources[one] == self.p.sources[other]:
            return 0.0
        return float(self.p.weight[self.answered[:, one] & self.answered[:, other]].sum())

    def _start(self, feeds: _Feeds, right: float) -> _State:
        state = _State(self.prior.copy(), (self.misread + 0.5) / (self.reread + 50.0), feeds)
        state.feed_accuracy = dict.fromkeys(feeds, right)
        state.copied = {source: 0.8 for feed in feeds for source in feed}
        return state

    def _fitted(self, feeds: _Feeds) -> _State:
        states = [self._start(feeds, right) for right in (_FEED_STARTS if feeds else _FEED_STARTS[:1])]
        for state in states:
            for _ in range(_ROUNDS):
                self._step(state)
        return max(states, key=lambda one: one.log_likelihood)

    def _own(self, state: _State) -> _Floats:
        """(pattern, source, truth): how likely the answer is, if the source made it itself."""
        misread = state.misread[self.p.reader_of]
        by_chance = misread * self.as_wrong
        right = (1 - misread) * state.accuracy + by_chance
        wrong = (1 - misread) * (1 - state.accuracy) * self.as_wrong + by_chance
        own = np.where(self.agree > 0, right[:, :, None], wrong[:, :, None])
        return np.where(self.answered[:, :, None], own, 1.0)

    def _step(self, state: _State) -> None:
        own = self._own(state)
        fed = {source for feed in state.feeds for source in feed}
        alone = [source for source in range(len(self.p.sources)) if source not in fed]
        log_truth = self.truth_prior + self.p.says + np.log(own[:, alone, :]).sum(axis=1)
        parts = {}
        for feed in state.feeds:
            given = self._given(state, feed, own)
            log_truth = log_truth + np.log(given.sum(axis=2))
            parts[feed] = given / given.sum(axis=2, keepdims=True)
        most = log_truth.max(axis=1, keepdims=True)
        evidence = most[:, 0] + np.log(np.exp(log_truth - most).sum(axis=1))
        truth = np.exp(log_truth - evidence[:, None])
        state.log_likelihood = float(self.p.weight @ evidence) + self._prior_fit(state)
        self._learn(state, truth, parts, own)

    def _prior_fit(self, state: _State) -> float:
        a = state.accuracy
        return float(_PRIOR_ANSWERS * (self.prior * np.log(a) + (1 - self.prior) * np.log(1 - a)).sum())

    def _given(self, state: _State, feed: tuple[int, ...], own: _Floats) -> _Floats:
        """(pattern, truth, what the feed said): likelihood of its sources' answers and of the feed."""
        likely = np.ones((len(self.p.weight), self.width + 1, self.width + 1))
        for source in feed:
            share = state.copied[source]
            mixed = share * self.agree[:, source, None, :] + (1 - share) * own[:, source, :, None]
            likely *= np.where(self.answered[:, source, None, None], mixed, 1.0)
        right = state.feed_accuracy[feed]
        says = np.repeat((1 - right) * self.p.common[:, None, :], self.width + 1, axis=1)
        says += right * np.eye(self.width + 1)[None, :, :]
        return likely * says

    def _learn(self, state: _State, truth: _Floats, parts: Mapping[tuple[int, ...], _Floats], own: _Floats) -> None:
        misread = state.misread[self.p.reader_of]
        counted = self.counted
        by_itself = np.repeat(truth[:, None, :], len(self.p.sources), axis=1)
        for feed, given in parts.items():
            joint = truth[:, :, None] * given
            state.feed_accuracy[feed] = self._feed_accuracy(feed, joint)
            for source in feed:
                share = state.copied[source]
                copied = share * self.agree[:, source, None, :]
                was = joint * copied / (copied + (1 - share) * own[:, source, :, None])
                its = counted[:, source]
                state.copied[source] = float(np.clip((its @ was.sum(axis=(1, 2)) + 1) / (its.sum() + 2), 0.01, 0.99))
                by_itself[:, source, :] = (joint - was).sum(axis=2)
        missed = (misread * self.as_wrong)[:, :, None] / own
        read = by_itself * (1 - missed) * counted[:, :, None]
        right = (read * self.agree).sum(axis=(0, 2))
        total = read.sum(axis=(0, 2))
        # A source read by two versions is one source: its columns share an accuracy.
        for name in set(self.p.sources):
            columns = [i for i, source in enumerate(self.p.sources) if source == name]
            prior = self.prior[columns[0]]
            mean = (right[columns].sum() + _PRIOR_ANSWERS * prior) / (total[columns].sum() + _PRIOR_ANSWERS)
            state.accuracy[columns] = min(max(float(mean), 0.01), 0.99)
        wrongly = (by_itself * missed * counted[:, :, None]).sum(axis=(0, 2))
        for reader in range(len(self.p.readers)):
            read_by = self.p.reader_of == reader
            seen = self.reread[reader] + counted[:, read_by].sum() + 50.0
            state.misread[reader] = (self.misread[reader] + wrongly[read_by].sum() + 0.5) / seen
        state.right = ((truth[:, None, :] - by_itself * missed) * self.agree).sum(axis=2)
        state.read = 1 - (by_itself * missed).sum(axis=2)

    def _feed_accuracy(self, feed: tuple[int, ...], joint: _Floats) -> float:
        weight = self.counted[:, list(feed)].max(axis=1)
        says_the_truth = weight @ np.einsum("ptt->p", joint)
        prior = float(np.mean(self.prior[list(feed)]))
        mean = (says_the_truth + _PRIOR_ANSWERS * prior) / (weight.sum() + _PRIOR_ANSWERS)
        return min(max(float(mean), 0.01), 0.99)

    def _comparable(self, state: _State) -> NDArray[np.bool_]:
        """(pattern, source): a person, or a source that repeats no feed of its own, speaks of the same company."""
        group = {source: feed for feed in state.feeds for source in feed}
        names = self.p.sources
        comparable = np.repeat(self.p.checked[:, None], len(names), axis=1) & self.answered
        for one in range(len(names)):
            for other in range(len(names)):
                if names[one] != names[other] and (one not in group or group[one] != group.get(other)):
                    comparable[:, one] |= self.answered[:, one] & self.answered[:, other]
        return comparable

    def estimate(self, state: _State) -> Estimate:
        if not len(self.p.weight):
            return Estimate({}, {}, DatasetReliability(sources={}, alternatives=self.n), {}, 0.0)
        names = self.p.sources
        counted = np.where(self._comparable(state), self.counted, 0.0)
        sources, accuracy = {}, {}
        for name in sorted({*names} - {LATER}):
            its = [index for index, source in enumerate(names) if source == name]
            checked = float((counted * state.read)[:, its].sum())
            right = float((counted * state.right)[:, its].sum())
            prior = _PRIOR_ANSWERS * float(self.prior[its[0]])
            sources[name] = SourceReliability(right=min(round(right), round(checked)), checked=round(checked))
            accuracy[name] = (right + prior) / (checked + _PRIOR_ANSWERS)
        feeds = tuple(
            Feed(
                accuracy=round(state.feed_accuracy[feed], 4),
                copied={names[one]: round(state.copied[one], 4) for one in feed},
            )
            for feed in state.feeds
        )
        return Estimate(
            accuracy=accuracy,
            interval={name: wilson(one.right, one.checked) for name, one in sources.items()},
            figures=DatasetReliability(sources=sources, feeds=feeds, alternatives=self.n),
            misreadings=dict(zip(self.p.readers, map(float, state.misread), strict=True)),
            log_likelihood=state.log_likelihood,
        )


def wilson(right: float, checked: int, z: float = 1.645) -> tuple[float, float]:
    """The interval of a share (Wilson, 1927); z 1.645: 90 %. Without any: 0 to 1."""
    if checked == 0:
        return 0.0, 1.0
    share, spread = right / checked, z * z / checked
    middle = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / checked + spread / checked / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
