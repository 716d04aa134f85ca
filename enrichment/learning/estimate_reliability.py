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
_PERSON_IS_RIGHT, _PRIOR_LABELS = 0.98, 50.0
"""What is believed of each person at first, as if so many labels had been checked: people weigh most."""
_FEWEST_SHARED = 12
"""Below this many companies two sources are never joined: their agreement may be chance."""
_GAIN = 8.0
"""How much better, in log-likelihood, a feed must explain the answers: about 1 in 3,000 by chance."""
_GAIN_OF_PERSON = 24.0
"""The same, for each person said to repeat what a source states: as much as three sources that repeat another."""
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
_PERSON = "(person) "
"""Before the name of a person among sources; also the reader of what people state: nothing is misread."""
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
    by: str = ""


class Rereadings(NamedTuple):
    """Replies of a reader that a newer version read once more, and in how many it then found another value."""

    read: int
    misread: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """interval: 90 %, Wilson's. figures: of answers others or people speak of, misread ones left out.

    people: of what each person said, how much is likely right.
    """

    accuracy: Mapping[str, float]
    interval: Mapping[str, tuple[float, float]]
    figures: DatasetReliability
    misreadings: Mapping[str, float]
    people: Mapping[str, SourceReliability]
    log_likelihood: float


@dataclass(frozen=True, slots=True)
class _Patterns:
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
    common: _Floats
    usual: _Floats
    rejected: _Floats
    weight: _Floats


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
    """values: number by source, -1: none. wrong, true: how rare each is as such, in steps. rejected: number, person."""

    values: tuple[int, ...]
    counted: tuple[bool, ...]
    wrong: tuple[int, ...]
    true: tuple[int, ...]
    rejected: tuple[tuple[int, int], ...]


def _patterns(answers: Iterable[Answer], checks: Iterable[Check], alternatives: float) -> _Patterns:
    by_company: dict[str, list[Answer]] = {}
    rejections: dict[str, list[Check]] = {}
    for answer in answers:
        by_company.setdefault(answer.company, []).append(answer)
    checks = tuple(checks)
    frequencies = _frequencies(by_company, checks, alternatives)
    for check in checks:
        if check.is_right:
            by_company.setdefault(check.company, []).append(_said(check))
        else:
            rejections.setdefault(check.company, []).append(check)
    said = {(_PERSON + check.by, _PERSON) for its in rejections.values() for check in its}
    columns = sorted({(a.source, a.reader) for its in by_company.values() for a in its} | said)
    number = {column: index for index, column in enumerate(columns)}
    counted = Counter(
        _pattern(by_company.get(company, ()), rejections.get(company, ()), number, frequencies)
        for company in {**by_company, **rejections}
    )
    readers = sorted({reader for _, reader in columns})
    rows = sorted(counted)
    width = max([1, *(len(row.wrong) for row in rows)])
    shape = len(rows), len(columns)
    return _Patterns(
        sources=tuple(source for source, _ in columns),
        people=tuple(at for at, (_, reader) in enumerate(columns) if reader == _PERSON),
        readers=tuple(readers),
        reader_of=np.array([readers.index(reader) for _, reader in columns], dtype=np.int64),
        value=np.array([row.values for row in rows], dtype=np.int64).reshape(shape),
        counted=np.array([row.counted for row in rows], dtype=np.bool_).reshape(shape),
        common=np.array([_common(row.wrong, width) for row in rows]).reshape(len(rows), width + 1),
        usual=np.array([_common(row.true, width, 1 / (alternatives + 1)) for row in rows]).reshape(
            len(rows), width + 1
        ),
        rejected=_rejected(rows, width, len(columns)),
        weight=np.array([float(counted[row]) for row in rows]),
    )


def _said(check: Check) -> Answer:
    return Answer(check.company, _PERSON + check.by, check.value, _PERSON)


def _rejected(rows: Sequence[_Pattern], width: int, columns: int) -> _Floats:
    rejected = np.zeros((len(rows), width + 1, columns))
    for number, row in enumerate(rows):
        for value, person in row.rejected:
            rejected[number, value, person] = 1.0
    return rejected


@dataclass(frozen=True, slots=True)
class _Frequencies:
    """Value -> its share, in steps below that of all: among wrong answers, and among what is true."""

    wrong: Mapping[str, int]
    true: Mapping[str, int]


def _frequencies(
    by_company: Mapping[str, Sequence[Answer]], checks: Sequence[Check], alternatives: float
) -> _Frequencies:
    """Few answers: each value is one of so many alternatives.

    True, before anything is estimated, is what a person says, or else what most sources state and no person rejects.
    """
    right = {(check.company, check.value) for check in checks if check.is_right}
    rejected = {(check.company, check.value) for check in checks if not check.is_right}
    wrong, true = defaultdict[str, float](float), defaultdict[str, float](float)
    labelled = {company for company, _ in right}
    for company, its in by_company.items():
        stated = Counter(answer.value for answer in its)
        most = max(stated.values())
        leading = sum(count == most for count in stated.values())
        for value, count in stated.items():
            likely = float((company, value) in right) if company in labelled else (count == most) / leading
            likely = 0.0 if (company, value) in rejected else likely
            true[value] += likely
            wrong[value] += count * (1 - likely)
    return _Frequencies(_steps(wrong, alternatives), _steps(true, alternatives))


def _steps(counts: Mapping[str, float], alternatives: float) -> dict[str, int]:
    total = sum(counts.values()) + _OF_ALTERNATIVES
    shares = {value: (count + _OF_ALTERNATIVES / alternatives) / total for value, count in counts.items()}
    return {value: round(-log(share) / log(_RARITY_STEP)) for value, share in shares.items()}


def _common(rarity: Sequence[int], width: int, floor: float = 0.0) -> list[float]:
    """Share of each value, and of all others. floor: no value is rarer: the truth is stated more often than others."""
    shares = [max(floor, _RARITY_STEP**-steps) for steps in rarity]
    least = max(1.0, sum(shares) / _MOST_STATED)
    stated = [share / least for share in shares]
    return [*stated, *[0.0] * (width - len(stated)), 1 - sum(stated)]


def _pattern(
    answers: Sequence[Answer],
    rejections: Sequence[Check],
    number: Mapping[tuple[str, str], int],
    frequencies: _Frequencies,
) -> _Pattern:
    values: dict[str, int] = {}
    row, counted = [-1] * len(number), [False] * len(number)
    for answer in sorted(answers, key=lambda a: number[a.source, a.reader]):
        at = number[answer.source, answer.reader]
        row[at] = values.setdefault(answer.value, len(values))
        counted[at] = answer.counted
    wrong, true = frequencies.wrong, frequencies.true
    people = [(values.get(check.value, -1), number[_PERSON + check.by, _PERSON]) for check in rejections]
    rejected = {(value, person) for value, person in people if value >= 0 and row[person] < 0}
    return _Pattern(
        tuple(row),
        tuple(counted),
        tuple(wrong.get(value, max(wrong.values(), default=0)) for value in values),
        tuple(true.get(value, max(true.values(), default=0)) for value in values),
        tuple(sorted(rejected)),
    )


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
        self.prior_answers = np.full(len(patterns.sources), _PRIOR_ANSWERS)
        self.prior[[*patterns.people]], self.prior_answers[[*patterns.people]] = _PERSON_IS_RIGHT, _PRIOR_LABELS
        self.read_by_us = np.array([float(reader != _PERSON) for reader in patterns.readers])
        seen = [rereadings.get(reader, Rereadings(0, 0)) for reader in patterns.readers]
        self.misread = np.array([one.misread for one in seen], dtype=float)
        self.reread = np.array([one.read for one in seen], dtype=float)
        width = patterns.rejected.shape[1] - 1
        self.width = width
        self.answered = patterns.value >= 0
        self.counted = np.where(self.answered & patterns.counted, patterns.weight[:, None], 0.0)
        self.as_wrong = self._as_wrong()
        self.agree = np.zeros((len(patterns.weight), len(patterns.sources), width + 1))
        for value in range(width):
            self.agree[:, :, value] = patterns.value == value
        with np.errstate(divide="ignore"):
            self.truth_prior = np.log(patterns.usual)
        self.if_wrong = 1 / (1 - patterns.common)
        self.if_wrong[:, width] = 1.0

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
        people = {*self.p.people}
        of_people = sum(len(people.intersection(feed)) for feed in state.feeds)
        joined = sum(len(feed) - 1 for feed in state.feeds)
        return state.log_likelihood - _GAIN * (joined - of_people) - _GAIN_OF_PERSON * of_people

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
        state = _State(self.prior.copy(), self.read_by_us * (self.misread + 0.5) / (self.reread + 50.0), feeds)
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
        # What is wrong is not the truth: the other values share its frequency.
        own = np.where(self.agree > 0, right[:, :, None], wrong[:, :, None] * self.if_wrong[:, None, :])
        return np.where(self.answered[:, :, None], own, 1.0)

    def _step(self, state: _State) -> None:
        own = self._own(state)
        parts, truth = self._likely(state, own)
        self._learn(state, truth, parts, own)

    def _likely(self, state: _State, own: _Floats | None = None) -> tuple[dict[tuple[int, ...], _Floats], _Floats]:
        """What each feed said, (pattern, truth, value), and the truth, (pattern, value): chances."""
        own = self._own(state) if own is None else own
        fed = {source for feed in state.feeds for source in feed}
        alone = [source for source in range(len(self.p.sources)) if source not in fed]
        log_truth = self.truth_prior + self._rejecting(state) + np.log(own[:, alone, :]).sum(axis=1)
        parts: dict[tuple[int, ...], _Floats] = {}
        for feed in state.feeds:
            given = self._given(state, feed, own)
            log_truth = log_truth + np.log(given.sum(axis=2))
            parts[feed] = given / given.sum(axis=2, keepdims=True)
        most = log_truth.max(axis=1, keepdims=True)
        evidence = most[:, 0] + np.log(np.exp(log_truth - most).sum(axis=1))
        truth = np.exp(log_truth - evidence[:, None])
        state.log_likelihood = float(self.p.weight @ evidence) + self._prior_fit(state)
        return parts, truth

    def _rejecting(self, state: _State) -> _Floats:
        """(pattern, truth): log-likelihood of what people say it is not."""
        rejected, wrongly = self.p.rejected, np.log(1 - state.accuracy)
        return np.asarray(
            rejected @ wrongly + (rejected.sum(axis=1, keepdims=True) - rejected) @ np.log(state.accuracy)
        )

    def _prior_fit(self, state: _State) -> float:
        a = state.accuracy
        return float((self.prior_answers * (self.prior * np.log(a) + (1 - self.prior) * np.log(1 - a))).sum())

    def _given(self, state: _State, feed: tuple[int, ...], own: _Floats) -> _Floats:
        """(pattern, truth, what the feed said): likelihood of its sources' answers and of the feed."""
        likely = np.ones((len(self.p.weight), self.width + 1, self.width + 1))
        for source in feed:
            share = state.copied[source]
            mixed = share * self.agree[:, source, None, :] + (1 - share) * own[:, source, :, None]
            likely *= np.where(self.answered[:, source, None, None], mixed, 1.0)
        right = state.feed_accuracy[feed]
        is_true = np.eye(self.width + 1)[None, :, :]
        says = (1 - right) * self.p.common[:, None, :] * self.if_wrong[:, :, None]
        says[:, : self.width] *= 1 - is_true[:, : self.width]
        says += right * is_true
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
        said, rightly = self._rejections(truth)
        right = (read * self.agree).sum(axis=(0, 2)) + rightly.sum(axis=0)
        total = read.sum(axis=(0, 2)) + said.sum(axis=0)
        # A source read by two versions is one source: its columns share an accuracy.
        for name in set(self.p.sources):
            columns = [i for i, source in enumerate(self.p.sources) if source == name]
            prior, answers = self.prior[columns[0]], self.prior_answers[columns[0]]
            mean = (right[columns].sum() + answers * prior) / (total[columns].sum() + answers)
            state.accuracy[columns] = min(max(float(mean), 0.01), 0.99)
        wrongly = (by_itself * missed * counted[:, :, None]).sum(axis=(0, 2))
        for reader in range(len(self.p.readers)):
            read_by = self.p.reader_of == reader
            seen = self.reread[reader] + counted[:, read_by].sum() + 50.0
            missed_by = self.misread[reader] + wrongly[read_by].sum() + 0.5
            state.misread[reader] = self.read_by_us[reader] * missed_by / seen
        state.right = ((truth[:, None, :] - by_itself * missed) * self.agree).sum(axis=2)
        state.read = 1 - (by_itself * missed).sum(axis=2)

    def _rejections(self, truth: _Floats) -> tuple[_Floats, _Floats]:
        """(pattern, person): how often it says that a value is wrong, and how often that is right."""
        said = np.asarray(self.p.rejected.sum(axis=1) * self.p.weight[:, None])
        wrongly = np.einsum("ptc,pt->pc", self.p.rejected, truth) * self.p.weight[:, None]
        return said, said - wrongly

    def _feed_accuracy(self, feed: tuple[int, ...], joint: _Floats) -> float:
        weight = self.counted[:, list(feed)].max(axis=1)
        says_the_truth = weight @ np.einsum("ptt->p", joint)
        sources = [one for one in feed if one not in self.p.people]
        prior = float(np.mean(self.prior[sources]))
        mean = (says_the_truth + _PRIOR_ANSWERS * prior) / (weight.sum() + _PRIOR_ANSWERS)
        return min(max(float(mean), 0.01), 0.99)

    def _comparable(self, state: _State) -> NDArray[np.bool_]:
        """(pattern, source): a person, or a source that repeats no feed of its own, speaks of the same company."""
        group = {source: feed for feed in state.feeds for source in feed}
        names = self.p.sources
        checked = self.p.rejected.sum(axis=(1, 2)) > 0
        comparable = np.repeat(checked[:, None], len(names), axis=1) & self.answered
        for one in range(len(names)):
            for other in range(len(names)):
                if names[one] != names[other] and (one not in group or group[one] != group.get(other)):
                    comparable[:, one] |= self.answered[:, one] & self.answered[:, other]
        return comparable

    def estimate(self, state: _State) -> Estimate:
        if not len(self.p.weight):
            return Estimate({}, {}, DatasetReliability(sources={}, alternatives=self.n), {}, {}, 0.0)
        names = self.p.sources
        counted = np.where(self._comparable(state), self.counted, 0.0)
        sources, accuracy = {}, {}
        for name in sorted({*names} - {LATER, *(names[at] for at in self.p.people)}):
            its = [index for index, source in enumerate(names) if source == name]
            checked = float((counted * state.read)[:, its].sum())
            right = float((counted * state.right)[:, its].sum())
            prior = _PRIOR_ANSWERS * float(self.prior[its[0]])
            sources[name] = SourceReliability(right=min(round(right), round(checked)), checked=round(checked))
            accuracy[name] = (right + prior) / (checked + _PRIOR_ANSWERS)
        feeds = tuple(
            Feed(
                accuracy=round(state.feed_accuracy[feed], 4), copied={names[o]: round(state.copied[o], 4) for o in its}
            )
            for feed in state.feeds
            if len(its := [one for one in feed if one not in self.p.people]) > 1
        )
        return Estimate(
            accuracy=accuracy,
            interval={name: wilson(one.right, one.checked) for name, one in sources.items()},
            figures=DatasetReliability(sources=sources, feeds=feeds, alternatives=self.n),
            misreadings={
                reader: float(share)
                for reader, share in zip(self.p.readers, state.misread, strict=True)
                if reader != _PERSON
            },
            people=self._people(state),
            log_likelihood=state.log_likelihood,
        )

    def _people(self, state: _State) -> dict[str, SourceReliability]:
        _, truth = self._likely(state)
        said, rightly = self._rejections(truth)
        labelled = self.counted + said
        right = np.einsum("pct,pt->pc", self.agree, truth) * self.counted + rightly
        return {
            self.p.sources[at].removeprefix(_PERSON): SourceReliability(
                right=round(right[:, at].sum()), checked=round(labelled[:, at].sum())
            )
            for at in self.p.people
        }


def wilson(right: float, checked: float, z: float = 1.645) -> tuple[float, float]:
    """The interval of a share (Wilson, 1927); z 1.645: 90 %. Without any: 0 to 1."""
    if checked == 0:
        return 0.0, 1.0
    share, spread = right / checked, z * z / checked
    middle = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / checked + spread / checked / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
