"""Which sources repeat one feed, and how often each source and reader is right: expectation maximisation. Pure.

AnswerPatterns + figures of the matrix + rereadings -> FeedModel.best() -> Fit

Hidden are the truth, what a feed said, and whether our reader misread. Readers apart from sources: Knowledge-Based
Trust (Dong et al., arXiv 1502.03519). Sources are joined to a feed while that explains the answers better: Dong et
al., VLDB 2009.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
_GAIN = 8.0
"""How much better, in log-likelihood, a feed must explain the answers: about 1 in 3,000 by chance."""
_GAIN_OF_PERSON = 24.0
"""As _GAIN, for each person taken to repeat a source: as much as for three sources that repeat another."""
_ROUNDS = 60
_WAYS = 5
"""So many sets of feeds are extended side by side."""
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
    sources the share of answers that repeat it. right, read: (pattern, source): the chance that the answer is right,
    and that it was read as it was given.
    """

    accuracy: Floats
    misread: Floats
    feeds: Feeds
    feed_accuracy: dict[tuple[int, ...], float] = field(default_factory=dict)
    copied: dict[int, float] = field(default_factory=dict)
    log_likelihood: float = -np.inf
    right: Floats = field(default_factory=lambda: np.zeros(0))
    read: Floats = field(default_factory=lambda: np.zeros(0))


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
        with np.errstate(divide="ignore"):
            self.truth_prior = np.log(patterns.usual)
        self.if_wrong = 1 / (1 - patterns.common)
        self.if_wrong[:, width] = 1.0
        self.is_true = np.eye(width + 1)[None, :, :]
        self.says_wrongly = patterns.common[:, None, :] * self.if_wrong[:, :, None]
        self.says_wrongly[:, :width] *= 1 - self.is_true[:, :width]
        self.answered_by_source = self.counted.sum(axis=0)
        self.unrejected = patterns.rejected.sum(axis=1, keepdims=True) - patterns.rejected
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
            if any(self._shared(a, b) >= _FEWEST_SHARED for a in one for b in other):
                rest = [part for part in parts if part not in (one, other) and len(part) > 1]
                joins.append(tuple(sorted([*rest, tuple(sorted((*one, *other)))])))
        return joins

    def _shared(self, one: int, other: int) -> float:
        if self.patterns.sources[one] == self.patterns.sources[other]:
            return 0.0
        return float(self.patterns.weight[self.answered[:, one] & self.answered[:, other]].sum())

    def _start(self, feeds: Feeds, right: float) -> Fit:
        fit = Fit(self.prior.copy(), self.read_by_us * (self.misread + 0.5) / (self.reread + 50.0), feeds)
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
        """(pattern, source, truth): how likely the answer is, if the source made it itself."""
        misread = fit.misread[self.patterns.reader_of]
        by_chance = misread * self.as_wrong
        right = (1 - misread) * fit.accuracy + by_chance
        wrong = (1 - misread) * (1 - fit.accuracy) * self.as_wrong + by_chance
        # What is wrong is not the truth: the other values share its frequency.
        own = np.where(self.agree > 0, right[:, :, None], wrong[:, :, None] * self.if_wrong[:, None, :])
        return np.where(self.answered[:, :, None], own, 1.0)

    def _step(self, fit: Fit) -> None:
        own = self._own(fit)
        parts, truth = self.likely(fit, own)
        self._learn(fit, truth, parts, own)

    def likely(self, fit: Fit, own: Floats | None = None) -> tuple[dict[tuple[int, ...], Floats], Floats]:
        """The chance of what each feed said, as (pattern, truth, value), and of the truth, as (pattern, value)."""
        own = self._own(fit) if own is None else own
        fed = {source for feed in fit.feeds for source in feed}
        alone = [source for source in range(len(self.patterns.sources)) if source not in fed]
        log_truth = self.truth_prior + self._rejecting(fit) + np.log(own[:, alone, :]).sum(axis=1)
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
        """(pattern, truth): the log-likelihood of what people rejected."""
        return np.asarray(self.patterns.rejected @ np.log(1 - fit.accuracy) + self.unrejected @ np.log(fit.accuracy))

    def _prior_fit(self, fit: Fit) -> float:
        a = fit.accuracy
        return float((self.prior_answers * (self.prior * np.log(a) + (1 - self.prior) * np.log(1 - a))).sum())

    def _given(self, fit: Fit, feed: tuple[int, ...], own: Floats) -> Floats:
        """(pattern, truth, what the feed said): likelihood of its sources' answers and of the feed."""
        likely = np.ones((len(self.patterns.weight), self.width + 1, self.width + 1))
        for source in feed:
            share = fit.copied[source]
            mixed = share * self.agree[:, source, None, :] + (1 - share) * own[:, source, :, None]
            likely *= np.where(self.answered[:, source, None, None], mixed, 1.0)
        right = fit.feed_accuracy[feed]
        return likely * ((1 - right) * self.says_wrongly + right * self.is_true)

    def _learn(self, fit: Fit, truth: Floats, parts: Mapping[tuple[int, ...], Floats], own: Floats) -> None:
        by_itself = self._learn_feeds(fit, truth, parts, own)
        missed = by_itself * ((fit.misread[self.patterns.reader_of] * self.as_wrong)[:, :, None] / own)
        self._learn_accuracy(fit, truth, (by_itself - missed) * self.counted[:, :, None])
        self._learn_misreadings(fit, np.einsum("pst,ps->s", missed, self.counted))
        fit.right = np.einsum("pst,pst->ps", truth[:, None, :] - missed, self.agree)
        fit.read = 1 - missed.sum(axis=2)

    def _learn_feeds(self, fit: Fit, truth: Floats, parts: Mapping[tuple[int, ...], Floats], own: Floats) -> Floats:
        """(pattern, source, truth): chance of that truth, and that the source did not copy its answer from its feed."""
        by_itself = np.repeat(truth[:, None, :], len(self.patterns.sources), axis=1)
        for feed, given in parts.items():
            joint = truth[:, :, None] * given
            fit.feed_accuracy[feed] = self._feed_accuracy(feed, joint)
            for source in feed:
                share = fit.copied[source]
                fed = np.einsum("ptv,pv->pt", joint, self.agree[:, source])  # only what it states can be copied
                copied = fed * share / (share + (1 - share) * own[:, source])
                times = self.counted[:, source] @ copied.sum(axis=1)
                fit.copied[source] = min(max(float((times + 1) / (self.answered_by_source[source] + 2)), 0.01), 0.99)
                by_itself[:, source] -= copied
        return by_itself

    def _learn_accuracy(self, fit: Fit, truth: Floats, read: Floats) -> None:
        """read: (pattern, source, truth): how many answers were the source's own and were read as given."""
        said, rightly = self.rejections(truth)
        right = np.einsum("pst,pst->s", read, self.agree) + rightly.sum(axis=0)
        total = read.sum(axis=(0, 2)) + said.sum(axis=0)
        # A source read by two versions is one source: its columns share an accuracy.
        for name in set(self.patterns.sources):
            columns = [i for i, source in enumerate(self.patterns.sources) if source == name]
            prior, answers = self.prior[columns[0]], self.prior_answers[columns[0]]
            mean = (right[columns].sum() + answers * prior) / (total[columns].sum() + answers)
            fit.accuracy[columns] = min(max(float(mean), 0.01), 0.99)

    def _learn_misreadings(self, fit: Fit, misread: Floats) -> None:
        """misread: of each source, how many answers were likely not read as they were given."""
        for reader in range(len(self.patterns.readers)):
            read_by = self.patterns.reader_of == reader
            seen = self.reread[reader] + self.counted[:, read_by].sum() + 50.0
            fit.misread[reader] = self.read_by_us[reader] * (self.misread[reader] + misread[read_by].sum() + 0.5) / seen

    def rejections(self, truth: Floats) -> tuple[Floats, Floats]:
        """(pattern, person): how often it says that a value is wrong, and how often that is right."""
        wrongly = np.einsum("ptc,pt->pc", self.patterns.rejected, truth) * self.patterns.weight[:, None]
        return self.said, self.said - wrongly

    def _feed_accuracy(self, feed: tuple[int, ...], joint: Floats) -> float:
        weight = self.counted[:, list(feed)].max(axis=1)
        says_the_truth = weight @ np.einsum("ptt->p", joint)
        sources = [one for one in feed if one not in self.patterns.people]
        prior = float(np.mean(self.prior[sources]))
        mean = (says_the_truth + PRIOR_ANSWERS * prior) / (weight.sum() + PRIOR_ANSWERS)
        return min(max(float(mean), 0.01), 0.99)
