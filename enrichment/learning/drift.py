"""Since when a rate has been as it is now: what came before a change is no evidence of the present.

Counts in order of time -> the place of the first that still counts

A likelihood-ratio test of two rates against one, for every place a change may have been (Siegmund and Venkatraman,
Annals of Statistics 23, 1995); repeated on what is left, until no change is seen.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from enrichment.learning.pooled_rates import Count

_THRESHOLD = 7.0
"""Log of the likelihood ratio: of 2,000 simulated series of 90 days whose rate never changed, 0.4 % reach it."""


def counts_since(counts: Sequence[Count]) -> int:
    """Index of the first count after the last change; 0 where none is seen."""
    hits = np.array([count.hits for count in counts], dtype=np.float64)
    tries = np.array([count.tries for count in counts], dtype=np.float64)
    first = 0
    while (place := _change(hits[first:], tries[first:])) is not None:
        first += place
    return first


def _change(hits: NDArray[np.float64], tries: NDArray[np.float64]) -> int | None:
    """The likeliest place of a change, if there was one."""
    if len(tries) < 2 or not tries.sum():
        return None
    before, tried_before = np.cumsum(hits)[:-1], np.cumsum(tries)[:-1]
    after, tried_after = hits.sum() - before, tries.sum() - tried_before
    ratio = _likelihood(before, tried_before) + _likelihood(after, tried_after)
    ratio -= _likelihood(hits.sum(keepdims=True), tries.sum(keepdims=True))
    place = int(ratio.argmax())
    return place + 1 if ratio[place] > _THRESHOLD else None


def _likelihood(hits: NDArray[np.float64], tries: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log likelihood of counts at their own rate."""
    rate = np.divide(hits, tries, out=np.zeros_like(hits), where=tries > 0)
    miss = tries - hits
    return np.asarray(hits * np.log(np.maximum(rate, 1e-300)) + miss * np.log(np.maximum(1 - rate, 1e-300)))
