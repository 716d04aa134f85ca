"""A rate for each kind of company: a kind with few observations borrows from all others, as far as they are alike.

Counts of each kind -> posterior over (overall rate, strength of pooling), on a grid -> mean and interval of each kind

Beta-binomial model (Gelman et al., Bayesian Data Analysis, 5.3): the rate of a kind is Beta(m k, (1 - m) k), with m the
overall rate and k the strength of pooling; given both, the posterior is Beta(m k + hits, (1 - m) k + misses).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_OVERALL = (np.arange(60) + 0.5) / 60
_STRENGTHS = np.geomspace(2, 256, 12)
PRIOR_OBSERVATIONS = 20.0
"""As many observations as the figure in the rules counts for."""
PRIOR_AFTER_CHANGE = 4.0
"""The same, where the rate was seen to change since: what people once wrote is then of the past."""
_POINTS = 161
_WIDTH = 6.0
"""Standard deviations on either side of the mean in which an interval is looked for."""
_HALF_TAIL = 0.05
_NEGLIGIBLE = 1e-8
"""Of the greatest weight: points below it change no figure that is shown, and are most of the grid."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many tries were hits. Both may be fractions, if a try counts for less than one."""

    hits: float
    tries: float


@dataclass(frozen=True, slots=True)
class RateEstimate:
    """mean: posterior mean. low, high: its 90 % interval. tries: observations it rests on."""

    mean: float
    low: float
    high: float
    tries: int


def pooled_rates(
    prior: float, kinds: Sequence[Count], prior_observations: float = PRIOR_OBSERVATIONS
) -> tuple[RateEstimate, ...]:
    """The rate of each kind, in their order; of one without tries that of a kind that was never seen.

    prior: the rate that the rules state, from 0 to 1, which counts as so many observations.
    """
    hits = np.array([kind.hits for kind in kinds], dtype=np.float64)
    tries = np.array([kind.tries for kind in kinds], dtype=np.float64)
    mean, strength = (
        grid.ravel() for grid in np.meshgrid(_grid(prior, prior_observations, hits, tries), _STRENGTHS, indexing="ij")
    )
    weight = _posterior(prior, prior_observations, hits, tries, mean, strength)
    likely = weight > _NEGLIGIBLE * weight.max()
    mean, strength, weight = mean[likely], strength[likely], weight[likely] / weight[likely].sum()
    a, b = hits[:, None] + mean * strength, (tries - hits)[:, None] + (1 - mean) * strength
    return tuple(_mixture(weight, a[i], b[i], round(kind.tries)) for i, kind in enumerate(kinds))


def _grid(prior: float, prior_observations: float, hits: Floats, tries: Floats) -> Floats:
    """Overall rates worth trying: everywhere, and finely where all kinds together and the prior say it is."""
    total, found = tries.sum() + prior_observations, hits.sum() + prior * prior_observations
    centre, kinds = found / total, max(1, len(tries))
    spread = np.sqrt(centre * (1 - centre) * (1 / total + 1 / (3 * kinds)))
    near = centre + spread * np.linspace(-3, 3, 25)
    return np.unique(np.clip(np.concatenate([_OVERALL, near]), 1e-3, 1 - 1e-3))


def _posterior(
    prior: float, prior_observations: float, hits: Floats, tries: Floats, mean: Floats, strength: Floats
) -> Floats:
    """Weights of the grid's points: marginal likelihood of all kinds, times a prior around what the rules state."""
    a, b = mean * strength, (1 - mean) * strength
    likelihood = -len(tries) * log_beta(a, b)
    for hit, tried in zip(hits, tries, strict=True):
        likelihood += log_beta(a + hit, b + tried - hit)
    stated = np.clip(prior, 0.02, 0.98) * prior_observations
    likelihood += (stated - 1) * np.log(mean) + (prior_observations - stated - 1) * np.log1p(-mean)
    likelihood += np.log(_cell_widths(mean))
    weight = np.exp(likelihood - likelihood.max())
    return np.asarray(weight / weight.sum())


def _cell_widths(mean: Floats) -> Floats:
    """The width around each point of the uneven grid: a point represents all rates nearest to it."""
    points = np.unique(mean)
    edges = np.concatenate([[0.0], (points[1:] + points[:-1]) / 2, [1.0]])
    return np.asarray(np.diff(edges)[np.searchsorted(points, mean)])


def _mixture(weight: Floats, a: Floats, b: Floats, tries: int) -> RateEstimate:
    """Mean and interval of a mixture of beta distributions."""
    means, total = a / (a + b), a + b
    mean = float(weight @ means)
    variance = float(weight @ (means * (1 - means) / (total + 1) + (means - mean) ** 2))
    reach = _WIDTH * np.sqrt(variance)
    angles = np.linspace(_angle(mean - reach), _angle(mean + reach), _POINTS)
    points, middle = np.sin(angles) ** 2, (angles[1:] + angles[:-1]) / 2
    logs = np.log(np.sin(middle)), np.log(np.cos(middle))
    density = np.exp((2 * a - 1)[:, None] * logs[0] + (2 * b - 1)[:, None] * logs[1] - log_beta(a, b)[:, None])
    below = np.concatenate([[0.0], np.cumsum(weight @ density)])
    below /= below[-1]
    low, high = np.interp([_HALF_TAIL, 1 - _HALF_TAIL], below, points)
    return RateEstimate(mean, float(low), float(high), tries)


def _angle(rate: float) -> float:
    """The angle whose squared sine is the rate: rates near 0 and 1 are spread out, and the density has no pole."""
    return float(np.arcsin(np.sqrt(min(max(rate, 0.0), 1.0))))


def log_beta(a: Floats, b: Floats) -> Floats:
    """Log of the beta function."""
    return _log_gamma(a) + _log_gamma(b) - _log_gamma(a + b)


def _log_gamma(x: Floats) -> Floats:
    """Log of gamma for x > 0: Stirling's series after moving up by 8 (Abramowitz and Stegun, 6.1.41, 6.1.15)."""
    up = x + 8.0
    series = 1 / (12 * up) - 1 / (360 * up**3) + 1 / (1260 * up**5)
    steps = np.log(x * (x + 1) * (x + 2) * (x + 3) * (x + 4) * (x + 5) * (x + 6) * (x + 7))
    return np.asarray((up - 0.5) * np.log(up) - up + 0.5 * np.log(2 * np.pi) + series - steps)
