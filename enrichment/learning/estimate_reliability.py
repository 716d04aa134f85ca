"""How reliable each source is on one dataset, from answers that can be compared. Pure.

answers + checks by people + figures of the matrix -> Estimate: accuracy per source, feeds, errors per reader

`answer_patterns.py` counts equal answers, `feed_model.py` explains them; here is what it means for each source.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enrichment.learning.answer_patterns import LATER, PERSON, Answer, AnswerPatterns, Check, answer_patterns
from enrichment.learning.feed_model import PRIOR_ANSWERS, FeedModel, Fit, Rereadings
from enrichment.learning.share_interval import wilson
from enrichment.rules.reliability import DatasetReliability, Feed, SourceReliability

_LEAST_VARIANCE = 0.05
"""Of whether an answer is right: that of a source right in 95 of 100. For better ones the formula is no longer one."""


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
    patterns = answer_patterns(answers, checks, alternatives)
    if not len(patterns.weight):
        return Estimate({}, {}, DatasetReliability(sources={}, alternatives=alternatives), {}, {}, 0.0)
    model = FeedModel(patterns, matrix, rereadings or {})
    fits = model.by_difficulty(model.best())
    fit = max(fits, key=lambda one: one[0])[1]
    sources, accuracy = _of_sources(model, fits)
    return Estimate(
        accuracy=accuracy,
        interval={name: wilson(one.right, one.checked) for name, one in sources.items()},
        figures=DatasetReliability(sources=sources, feeds=_of_feeds(patterns, fit), alternatives=alternatives),
        misreadings={
            reader: float(share)
            for reader, share in zip(patterns.readers, fit.misread, strict=True)
            if reader != PERSON
        },
        people=_of_people(model, fit),
        log_likelihood=fit.log_likelihood,
    )


def _of_sources(
    model: FeedModel, fits: Sequence[tuple[float, Fit]]
) -> tuple[dict[str, SourceReliability], dict[str, float]]:
    """Source -> how many of its comparable answers are right, and its accuracy with the matrix's figure as a prior.

    A source is as uncertain as each fit says, and as they differ: whether companies are hard for all sources is open.
    """
    shares = [(weight, _share_of_sources(model, fit)) for weight, fit in fits]
    reliability, accuracy = {}, {}
    for name in shares[0][1]:
        each = [(weight, *of_source[name]) for weight, of_source in shares]
        share = sum(weight * its for weight, its, _ in each)
        spread = max(share * (1 - share), _LEAST_VARIANCE)
        error = sum(weight * (spread / max(checked, 1e-9) + (its - share) ** 2) for weight, its, checked in each)
        checked = spread / error if each[0][2] else 0.0
        prior = PRIOR_ANSWERS * float(model.prior[model.patterns.sources.index(name)])
        reliability[name] = SourceReliability(right=min(round(share * checked), round(checked)), checked=round(checked))
        accuracy[name] = (share * checked + prior) / (checked + PRIOR_ANSWERS)
    return reliability, accuracy


def _share_of_sources(model: FeedModel, fit: Fit) -> dict[str, tuple[float, float]]:
    """Source -> the share of its comparable answers that is right, and how many count as checked.

    An answer of which no person spoke, and of which it is open whether it is right, counts for less than a checked one:
    as far as it tells of the source's accuracy (Louis, Journal of the Royal Statistical Society B 44, 1982).
    """
    patterns, unchecked = model.patterns, ~_checked_by_people(model)
    counted = np.where(_comparable(model, fit), model.counted, 0.0) * fit.read
    found = {}
    for name in sorted({*patterns.sources} - {LATER, *(patterns.sources[at] for at in patterns.people)}):
        columns = [index for index, source in enumerate(patterns.sources) if source == name]
        weight, likely = counted[:, columns], fit.right[:, columns] / np.maximum(fit.read[:, columns], 1e-9)
        share = float((weight * likely).sum() / max(weight.sum(), 1e-9))
        is_open = (weight * likely * (1 - likely))[unchecked].sum() / max(share * (1 - share), _LEAST_VARIANCE)
        found[name] = share, max(0.0, float(weight.sum() - is_open))
    return found


def _comparable(model: FeedModel, fit: Fit) -> NDArray[np.bool_]:
    """(pattern, source): a person, or a source outside its own feed, answered about the same company.

    From how often two agree nothing follows for either: a source that at most one other can be compared with, those of
    a feed being one, is measured by what people said alone.
    """
    comparable = _checked_by_people(model)[:, None] & model.answered
    for columns in _same_source(model.patterns):
        others = _others(model, fit, columns)
        together = [model.answered[:, columns] & other[:, None] for other in others]
        if sum(bool(one.any()) for one in together) > 1:
            comparable[:, columns] |= np.logical_or.reduce(together)
    return comparable


def _checked_by_people(model: FeedModel) -> NDArray[np.bool_]:
    """(pattern) whether a person said what is right, or what is not."""
    said = model.answered[:, [*model.patterns.people]].any(axis=1)
    return np.asarray(said | (model.patterns.rejected.sum(axis=(1, 2)) > 0))


def _same_source(patterns: AnswerPatterns) -> list[list[int]]:
    """The columns of each source: one for each version of the reader."""
    names = dict.fromkeys(patterns.sources)
    return [[at for at, source in enumerate(patterns.sources) if source == name] for name in names]


def _others(model: FeedModel, fit: Fit, columns: list[int]) -> list[NDArray[np.bool_]]:
    """Of each independent witness besides these columns, people left out: (pattern) whether it answered."""
    group = {source: feed for feed in fit.feeds for source in feed}
    names, own = model.patterns.sources, group.get(columns[0])
    witnesses = defaultdict[object, list[int]](list)
    for other in {*range(len(names))}.difference(columns, model.patterns.people):
        if own is None or group.get(other) != own:
            witnesses[group.get(other, names[other])].append(other)
    return [np.asarray(model.answered[:, its].any(axis=1)) for its in witnesses.values()]


def _of_feeds(patterns: AnswerPatterns, fit: Fit) -> tuple[Feed, ...]:
    """Feeds of at least two sources; people who repeat a source are left out."""
    sources_of = {feed: [one for one in feed if one not in patterns.people] for feed in fit.feeds}
    return tuple(
        Feed(
            accuracy=round(fit.feed_accuracy[feed], 4),
            copied={patterns.sources[one]: round(fit.copied[one], 4) for one in sources},
        )
        for feed, sources in sources_of.items()
        if len(sources) > 1
    )


def _of_people(model: FeedModel, fit: Fit) -> dict[str, SourceReliability]:
    """Person -> how many of the values that person confirmed or rejected were judged rightly."""
    patterns, truth = model.patterns, model.truth(fit)
    said, rightly = model.rejections(truth)
    labelled = model.counted + said
    right = np.einsum("pct,pt->pc", model.agree, truth) * model.counted + rightly
    return {
        patterns.sources[at].removeprefix(PERSON): SourceReliability(
            right=round(right[:, at].sum()), checked=round(labelled[:, at].sum())
        )
        for at in patterns.people
    }
