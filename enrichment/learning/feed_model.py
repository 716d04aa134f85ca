"""Which sources repeat one feed, and how often each source and reader is right: expectation maximisation. Pure.

AnswerPatterns + figures of the matrix + rereadings -> FeedModel.best() -> Fit

Hidden are the truth, what a feed said, and whether our reader misread. Readers apart from sources: Knowledge-Based
Trust (Dong et al., arXiv 1502.03519). Sources are joined to a feed while that explains the answers better: Dong et
al., VLDB 2009.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import NamedTuple

import numpy as np

from enrichment.learning.answer_patterns import LATER, PERSON, AnswerPatterns, Floats

PRIOR_ANSWERS = 4.0
"""The matrix's figure counts as this many checked answers."""
_PERSON_IS_RIGHT, _PRIOR_LABELS = 0.98, 50.0
"""What is believed of each person at first, as if so many labels had been checked: people weigh most."""
_FEWEST_SHARED = 12
"""Below this many companies two sources are never joined: their agreement may be chance."""
_FEWEST_LABELS = 5
"""The same of a person and a source."""
_GAIN = 8.0
"""How much better, in log-likelihood, a feed must explain the answers: about 1 in 3,000 by chance."""
_GAIN_OF_PERSON = 24.0
"""As _GAIN, for each person taken to repeat a source: as much as for three sources that repeat another."""
_ROUNDS = 60
_WAYS = 5
"""So many sets of feeds are extended side by side."""
_PRIOR_MISREAD, _PRIOR_READ = 0.05, 50.0
"""What is believed of a reader at first, as if so many of so many replies had been misread: nearly none."""
_HARD = 0.2
"""Share of companies that are hard for all sources, if any are."""
_FACTORS = (1.0, 0.8, 0.6, 0.4, 0.2)
"""By which a source may be right less often of a hard company; 1: none is hard."""
_MORE_ROUNDS = 20
"""From one factor to the next, whose fit is near."""
_FEED_STARTS = (0.4, 0.9)
"""Maximisation finds the nearest peak: feeds are begun as mostly wrong ones and as mostly right ones."""
Feeds = tuple[tuple[int, ...], ...]


class Rereadings(NamedTuple):
    """Replies of a reader that a newer version read once more, and in how many it then found another value."""

    read: int
    misread: int


@dataclass(slots=True)
class Fit:
    """What one set of feeds makes of the answers; each round of the maximisation improves it in place.

    accuracy: of each source. misread: share of answers by reader. feed_accuracy, copied: of each feed, and of its
    sources the share of answers that repeat it. factor: of the accuracy where the company is a hard one.
    right, read: (pattern, source): the chance that the answer is right, and that it was read as it was given.
    """

    accuracy: Floats
    misread: Floats
    feeds: Feeds
    feed_accuracy: dict[tuple[int, ...], float] = field(default_factory=dict)
    copied: dict[int, float] = field(default_factory=dict)
    factor: float = 1.0
    log_likelihood: float = -np.inf
    right: Floats = field(default_factory=lambda: np.zeros(0))
    read: Floats = field(default_factory=lambda: np.zeros(0))


class _States:
    """What may be true of a company: its value, and, of two classes, whether it is a hard one. Easy ones come first."""

    def __init__(self, patterns: AnswerPatterns, agree: Floats, if_wrong: Floats, classes: int) -> None:
        self.classes = classes
        width = patterns.rejected.shape[1] - 1
        with np.errstate(divide="ignore"):
            value = np.log(patterns.usual)
        shares = [1.0] if classes == 1 else [1 - _HARD, _HARD]
        self.prior = np.concatenate([value + np.log(share) for share in shares], axis=1)
        self.agree = np.tile(agree, (1, 1, classes))
        self.if_wrong = np.tile(if_wrong, (1, classes))
        self.is_true = np.tile(np.eye(width + 1), (classes, 1))[None, :, :]
        says_wrongly = patterns.common[:, None, :] * if_wrong[:, :, None]
        says_wrongly[:, :width] *= 1 - np.eye(width + 1)[None, :width]
        self.says_wrongly = np.tile(says_wrongly, (1, classes, 1))
        self.rejected = np.tile(patterns.rejected, (1, classes, 1))
        self.unrejected = self.rejected.sum(axis=1, keepdims=True) / classes - self.rejected

    def by_class(self, of_states: Floats) -> Floats:
        """(..., state) -> (..., class, value)."""
        return of_states.reshape(*of_states.shape[:-1], self.classes, -1)


class FeedModel:
    """Explains patterns of answers, at least one, by feeds that sources repeat."""

    def __init__(
        self,
        patterns: AnswerPatterns,
        matrix: Mapping[str, float],
        rereadings: Mapping[str, Rereadings],
    ) -> None:
        self.patterns = patterns
        self.prior = np.array([min(max(matrix.get(s, 0.7), 0.05), 0.95) for s in patterns.sources])
        self.prior_answers = np.full(len(patterns.sources), PRIOR_ANSWERS)
        self.prior[[*patterns.people]], self.prior_answers[[*patterns.people]] = _PERSON_IS_RIGHT, _PRIOR_LABELS
        self.read_by_us = np.array([float(reader != PERSON) for reader in patterns.readers])
        seen = [rereadings.get(reader, Rereadings(0, 0)) for reader in patterns.readers]
        self.misread = np.array([one.misread for one in seen], dtype=float)
        self.reread = np.array([one.read for one in seen], dtype=float)
        self.width = width = patterns.rejected.shape[1] - 1
        self.answered = patterns.value >= 0
        self.counted = np.where(self.answered & patterns.counted, patterns.weight[:, None], 0.0)
        self.as_wrong = self._as_wrong()
        self.agree = np.zeros((len(patterns.weight), len(patterns.sources), width + 1))
        for value in range(width):
            self.agree[:, :, value] = patterns.value == value
        if_wrong = 1 / (1 - patterns.common)
        if_wrong[:, width] = 1.0
        self._easy = _States(patterns, self.agree, if_wrong, 1)
        self._easy_and_hard = _States(patterns, self.agree, if_wrong, 2)
        self.answered_by_source = self.counted.sum(axis=0)
        self.said = patterns.rejected.sum(axis=1) * patterns.weight[:, None]

    def _as_wrong(self) -> Floats:
        """(pattern, source): how often a source that is wrong, or was misread, states this value."""
        numbers = np.maximum(self.patterns.value, 0)
        return np.where(self.answered, np.take_along_axis(self.patterns.common, numbers, axis=1), 1.0)

    def best(self) -> Fit:
        """Join feeds two by two, with several sets of feeds side by side, as the best first join may lead nowhere."""
        best = self._fitted(())
        tried: dict[Feeds, None] = {(): None}
        ahead = [best]
        while ahead:
            joins = {feeds for fit in ahead for feeds in self._joins(fit.feeds)} - tried.keys()
            tried |= dict.fromkeys(joins)
            ahead = sorted(map(self._fitted, sorted(joins)), key=self._worth, reverse=True)[:_WAYS]
            best = max([best, *ahead], key=self._worth)
        return best

    def by_difficulty(self, best: Fit) -> list[tuple[float, Fit]]:
        """The feeds of a fit with hard companies, ever harder ones, and how likely each is; weights add up to 1."""
        fits = [best]
        for factor in _FACTORS[1:]:
            fit = replace(fits[-1], factor=factor, accuracy=fits[-1].accuracy.copy(), misread=fits[-1].misread.copy())
            fit.feed_accuracy, fit.copied = dict(fit.feed_accuracy), dict(fit.copied)
            for _ in range(_MORE_ROUNDS):
                self._step(fit)
            fits.append(fit)
        weights = np.exp(np.array([fit.log_likelihood for fit in fits]) - max(fit.log_likelihood for fit in fits))
        return [(float(weight), fit) for weight, fit in zip(weights / weights.sum(), fits, strict=True)]

    def _states(self, fit: Fit) -> _States:
        return self._easy if fit.factor == 1 else self._easy_and_hard

    def _worth(self, fit: Fit) -> float:
        people = {*self.patterns.people}
        of_people = sum(len(people.intersection(feed)) for feed in fit.feeds)
        joined = sum(len(feed) - 1 for feed in fit.feeds)
        return fit.log_likelihood - _GAIN * (joined - of_people) - _GAIN_OF_PERSON * of_people

    def _joins(self, feeds: Feeds) -> list[Feeds]:
        fed = {source for feed in feeds for source in feed}
        alone = (one for one, source in enumerate(self.patterns.sources) if one not in fed and source != LATER)
        parts = [*feeds, *((one,) for one in alone)]
        joins = []
        for one, other in combinations(parts, 2):
            if any(self._shared(a, b) >= self._fewest_shared(a, b) for a in one for b in other):
                rest = [part for part in parts if part not in (one, other) and len(part) > 1]
                joins.append(tuple(sorted([*rest, tuple(sorted((*one, *other)))])))
        return joins

    def _fewest_shared(self, one: int, other: int) -> int:
        return _FEWEST_SHARED if {one, other}.isdisjoint(self.patterns.people) else _FEWEST_LABELS

    def _shared(self, one: int, other: int) -> float:
        if self.patterns.sources[one] == self.patterns.sources[other]:
            return 0.0
        return float(self.patterns.weight[self.answered[:, one] & self.answered[:, other]].sum())

    def _start(self, feeds: Feeds, right: float) -> Fit:
        fit = Fit(
            self.prior.copy(), self.read_by_us * (self.misread + _PRIOR_MISREAD) / (self.reread + _PRIOR_READ), feeds
        )
        fit.feed_accuracy = dict.fromkeys(feeds, right)
        fit.copied = {source: 0.8 for feed in feeds for source in feed}
        return fit

    def _fitted(self, feeds: Feeds) -> Fit:
        states = [self._start(feeds, right) for right in (_FEED_STARTS if feeds else _FEED_STARTS[:1])]
        for fit in states:
            for _ in range(_ROUNDS):
                self._step(fit)
        return max(states, key=lambda one: one.log_likelihood)

    def _own(self, fit: Fit) -> Floats:
        """(pattern, source, state): how likely the answer is, if the source made it itself."""
        states, misread = self._states(fit), fit.misread[self.patterns.reader_of]
        by_chance, of_class = misread * self.as_wrong, []
        for factor in self._factors(fit):
            accuracy = fit.accuracy * factor
            right = (1 - misread) * accuracy + by_chance
            wrong = (1 - misread) * (1 - accuracy) * self.as_wrong + by_chance
            # What is wrong is not the truth: the other values share its frequency.
            of_class.append(
                np.where(self.agree > 0, right[:, :, None], wrong[:, :, None] * self._easy.if_wrong[:, None, :])
            )
        own = np.concatenate(of_class, axis=2) if states.classes > 1 else of_class[0]
        return np.where(self.answered[:, :, None], own, 1.0)

    def _factors(self, fit: Fit) -> list[Floats]:
        """Of each class, the factor of each source's accuracy; what people say is as right of a hard company."""
        hard = np.full(len(fit.accuracy), fit.factor)
        hard[[*self.patterns.people]] = 1.0
        return [np.ones_like(hard), hard][: self._states(fit).classes]

    def _step(self, fit: Fit) -> None:
        own = self._own(fit)
        parts, truth = self._likely(fit, own)
        self._learn(fit, truth, parts, own)

    def truth(self, fit: Fit) -> Floats:
        """(pattern, value): the chance that it is the truth."""
        return np.asarray(self._states(fit).by_class(self._likely(fit, self._own(fit))[1]).sum(axis=1))

    def _likely(self, fit: Fit, own: Floats) -> tuple[dict[tuple[int, ...], Floats], Floats]:
        """The chance of what each feed said, as (pattern, state, value), and of the truth, as (pattern, state)."""
        fed = {source for feed in fit.feeds for source in feed}
        alone = [source for source in range(len(self.patterns.sources)) if source not in fed]
        log_truth = self._states(fit).prior + self._rejecting(fit) + np.log(own[:, alone, :]).sum(axis=1)
        parts: dict[tuple[int, ...], Floats] = {}
        for feed in fit.feeds:
            given = self._given(fit, feed, own)
            log_truth = log_truth + np.log(given.sum(axis=2))
            parts[feed] = given / given.sum(axis=2, keepdims=True)
        most = log_truth.max(axis=1, keepdims=True)
        evidence = most[:, 0] + np.log(np.exp(log_truth - most).sum(axis=1))
        truth = np.exp(log_truth - evidence[:, None])
        fit.log_likelihood = float(self.patterns.weight @ evidence) + self._prior_fit(fit)
        return parts, truth

    def _rejecting(self, fit: Fit) -> Floats:
        """(pattern, state): the log-likelihood of what people rejected."""
        states = self._states(fit)
        return np.asarray(states.rejected @ np.log(1 - fit.accuracy) + states.unrejected @ np.log(fit.accuracy))

    def _prior_fit(self, fit: Fit) -> float:
        a = fit.accuracy
        return float((self.prior_answers * (self.prior * np.log(a) + (1 - self.prior) * np.log(1 - a))).sum())

    def _given(self, fit: Fit, feed: tuple[int, ...], own: Floats) -> Floats:
        """(pattern, state, what the feed said): likelihood of its sources' answers and of the feed."""
        states = self._states(fit)
        likely = np.ones((len(self.patterns.weight), own.shape[2], self.width + 1))
        for source in feed:
            share = fit.copied[source]
            mixed = share * self.agree[:, source, None, :] + (1 - share) * own[:, source, :, None]
            likely *= np.where(self.answered[:, source, None, None], mixed, 1.0)
        right = fit.feed_accuracy[feed]
        return likely * ((1 - right) * states.says_wrongly + right * states.is_true)

    def _learn(self, fit: Fit, truth: Floats, parts: Mapping[tuple[int, ...], Floats], own: Floats) -> None:
        states, by_itself = self._states(fit), self._learn_feeds(fit, truth, parts, own)
        missed = by_itself * ((fit.misread[self.patterns.reader_of] * self.as_wrong)[:, :, None] / own)
        self._learn_accuracy(fit, truth, (by_itself - missed) * self.counted[:, :, None])
        self._learn_misreadings(fit, np.einsum("pst,ps->s", missed, self.counted))
        fit.right = np.einsum("pst,pst->ps", truth[:, None, :] - missed, states.agree)
        fit.read = 1 - missed.sum(axis=2)

    def _learn_feeds(self, fit: Fit, truth: Floats, parts: Mapping[tuple[int, ...], Floats], own: Floats) -> Floats:
        """(pattern, source, state): chance of that state, and that the source did not copy its answer from its feed."""
        by_itself = np.repeat(truth[:, None, :], len(self.patterns.sources), axis=1)
        for feed, given in parts.items():
            joint = truth[:, :, None] * given
            fit.feed_accuracy[feed] = self._feed_accuracy(feed, joint * self._states(fit).is_true)
            for source in feed:
                share = fit.copied[source]
                fed = np.einsum("ptv,pv->pt", joint, self.agree[:, source])  # only what it states can be copied
                copied = fed * share / (share + (1 - share) * own[:, source])
                times = self.counted[:, source] @ copied.sum(axis=1)
                fit.copied[source] = min(max(float((times + 1) / (self.answered_by_source[source] + 2)), 0.01), 0.99)
                by_itself[:, source] -= copied
        return by_itself

    def _learn_accuracy(self, fit: Fit, truth: Floats, read: Floats) -> None:
        """read: (pattern, source, state): how many answers were the source's own and were read as given."""
        states = self._states(fit)
        said, rightly = self.rejections(states.by_class(truth).sum(axis=1))
        right = states.by_class(np.einsum("pst,pst->st", read, states.agree)).sum(axis=2)
        right[:, 0] += rightly.sum(axis=0)
        total = states.by_class(read.sum(axis=0)).sum(axis=2)
        total[:, 0] += said.sum(axis=0)
        factors = self._factors(fit)
        # A source read by two versions is one source: its columns share an accuracy.
        for name in set(self.patterns.sources):
            columns = [i for i, source in enumerate(self.patterns.sources) if source == name]
            prior, answers = self.prior[columns[0]], self.prior_answers[columns[0]]
            its_right, its_total = right[columns].sum(axis=0), total[columns].sum(axis=0)
            its_right[0], its_total[0] = its_right[0] + answers * prior, its_total[0] + answers
            best = likeliest_accuracy(its_right, its_total - its_right, float(factors[-1][columns[0]]))
            fit.accuracy[columns] = min(max(best, 0.01), 0.99)

    def _learn_misreadings(self, fit: Fit, misread: Floats) -> None:
        """misread: of each source, how many answers were likely not read as they were given."""
        for reader in range(len(self.patterns.readers)):
            read_by = self.patterns.reader_of == reader
            seen = self.reread[reader] + self.counted[:, read_by].sum() + _PRIOR_READ
            fit.misread[reader] = (
                self.read_by_us[reader] * (self.misread[reader] + misread[read_by].sum() + _PRIOR_MISREAD) / seen
            )

    def rejections(self, truth: Floats) -> tuple[Floats, Floats]:
        """(pattern, person): how often it says that a value is wrong, and how often that is right."""
        wrongly = np.einsum("ptc,pt->pc", self.patterns.rejected, truth) * self.patterns.weight[:, None]
        return self.said, self.said - wrongly

    def _feed_accuracy(self, feed: tuple[int, ...], said_rightly: Floats) -> float:
        weight = self.counted[:, list(feed)].max(axis=1)
        says_the_truth = weight @ said_rightly.sum(axis=(1, 2))
        sources = [one for one in feed if one not in self.patterns.people]
        prior = float(np.mean(self.prior[sources]))
        mean = (says_the_truth + PRIOR_ANSWERS * prior) / (weight.sum() + PRIOR_ANSWERS)
        return min(max(float(mean), 0.01), 0.99)


def likeliest_accuracy(right: Floats, wrong: Floats, factor: float) -> float:
    """The likeliest a, where answers of each class are right with chance a, and of hard companies with a x factor.

    right, wrong: numbers of answers, by class.
    """
    if factor == 1:
        return float(right.sum() / (right.sum() + wrong.sum()))
    # The derivative of the log-likelihood is 0: a quadratic, of which the lower root is a chance.
    a = factor * (right.sum() + wrong.sum())
    b = right.sum() * (1 + factor) + wrong[0] + factor * wrong[1]
    return float((b - np.sqrt(max(b * b - 4 * a * right.sum(), 0.0))) / (2 * a))
