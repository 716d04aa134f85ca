"""Which of several stated values is most likely right, by how reliable sources proved. Pure.

source -> what it states, DatasetReliability  ->  value -> probability that it is right

Sources that repeat one feed are one witness: what they share is explained by the feed, whose accuracy counts once
(Dong, Berti-Equille, Srivastava: Integrating Conflicting Data, VLDB 2009; here with the feed itself as what is hidden).
"""

from collections.abc import Callable, Mapping
from math import exp, log, prod

from enrichment.rules.reliability import DatasetReliability, Feed

_NEVER_CERTAIN = (0.01, 0.99)


def probabilities(
    stated: Mapping[str, str], figures: DatasetReliability, *, otherwise: Mapping[str, float]
) -> dict[str, float]:
    """The probability of each stated value; they add up to one.

    otherwise: the reliability of sources of which no answer was checked.
    """
    values = list(dict.fromkeys(stated.values()))
    weight = {value: _log_likelihood(value, stated, figures, otherwise) for value in values}
    most = max(weight.values())
    total = sum(exp(one - most) for one in weight.values())
    return {value: exp(one - most) / total for value, one in weight.items()}


def _log_likelihood(
    truth: str, stated: Mapping[str, str], figures: DatasetReliability, otherwise: Mapping[str, float]
) -> float:
    """The log likelihood of all that is stated, if this were the truth."""

    def own(source: str, value: str) -> float:
        known = figures.sources.get(source)
        accuracy = _bounded(known.accuracy if known and known.checked else otherwise.get(source, 0.5))
        return accuracy if value == truth else (1 - accuracy) / figures.alternatives

    fed = [(feed, {s: v for s, v in stated.items() if s in feed.copied}) for feed in figures.feeds]
    alone = [source for source in stated if not any(source in feed.copied for feed in figures.feeds)]
    return sum(log(own(source, stated[source])) for source in alone) + sum(
        log(_of_feed(feed, its, truth, figures.alternatives, own)) for feed, its in fed if its
    )


def _of_feed(
    feed: Feed, stated: Mapping[str, str], truth: str, alternatives: float, own: Callable[[str, str], float]
) -> float:
    """Summed over what the feed may say: the truth, what any of its sources states, or something else."""

    def given(fed: str | None) -> float:
        return prod(feed.copied[s] * (v == fed) + (1 - feed.copied[s]) * own(s, v) for s, v in stated.items())

    wrong = (1 - feed.accuracy) / alternatives
    others = set(stated.values()) - {truth}
    rest = max(0.0, 1 - feed.accuracy - wrong * len(others))
    return feed.accuracy * given(truth) + sum(wrong * given(v) for v in others) + rest * given(None)


def _bounded(accuracy: float) -> float:
    return min(max(accuracy, _NEVER_CERTAIN[0]), _NEVER_CERTAIN[1])
