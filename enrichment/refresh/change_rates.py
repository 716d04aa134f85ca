"""How often a fact changes: a gamma distribution over its rate, sharpened by each look at it.

    prior of the dataset -> observed(age, changed) -> ... -> RateBelief

What a purchase shows is only whether the value changed since the last one, not how often. The posterior of that is a
mixture of gammas; it is replaced by the gamma with the same mean and variance (assumed density filtering, Minka 2001).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_SMALLEST_VARIANCE = 1e-30
_SHAPES = np.array([0.5, 0.7, 1.0, 1.4, 2.0, 3.0])
_MEANS = 86_400 * np.geomspace(1, 3_000, 300)
"""Seconds between changes that are tried for a prior."""
_CLASSES_PER_E = 8
_MOST_CLASSES = 180
"""Classes of ages, up to 190 years."""


@dataclass(frozen=True, slots=True)
class RateBelief:
    """Gamma(shape, seconds): a mean rate of shape / seconds changes a second. Numbers, or arrays of one length."""

    shape: Floats
    seconds: Floats

    @classmethod
    def of(cls, seconds_between_changes: float, *, shape: float = 1.0) -> Self:
        """A vague belief: the mean rate is one change in so many seconds."""
        return cls(np.asarray(shape), np.asarray(shape * seconds_between_changes))

    @property
    def rate(self) -> Floats:
        """Changes a second, on average."""
        return self.shape / self.seconds

    def unchanged(self, age: Floats) -> Floats:
        """The chance that nothing changed in so many seconds."""
        return np.asarray((self.seconds / (self.seconds + age)) ** self.shape)

    def observed(self, age: Floats, changed: NDArray[np.bool_]) -> Self:
        """The belief after a renewal `age` seconds (above 0) after the last one. changed: whether the value had."""
        shape, seconds, later = self.shape, self.seconds, self.seconds + age
        same = self.unchanged(age)
        mean = (shape / seconds - same * shape / later) / (1 - same)
        square = shape * (shape + 1) * (1 / seconds**2 - same / later**2) / (1 - same)
        variance = np.maximum(square - mean**2, _SMALLEST_VARIANCE)
        return type(self)(
            np.where(changed, mean**2 / variance, shape),
            np.where(changed, mean / variance, later),
        )


def priors_of(group: NDArray[np.int64], ages: Floats, changed: NDArray[np.bool_], *, groups: int) -> RateBelief:
    """For each group of renewals, the gamma prior under which they are likeliest; ages in seconds, above 0.

    group: the group of each renewal, from 0 to groups - 1. The likelihood of one renewal is unchanged(age), or one
    minus it. The best of a grid of shapes and means is taken, any of it for a group without renewals. Ages are counted
    in classes of an eighth: the time it takes grows with the number of groups, not of renewals. Where renewals do not
    show the shape, as when all have one age, it is 1.
    """
    classes = np.clip(np.rint(np.log(np.maximum(ages, 1.0)) * _CLASSES_PER_E), 0, _MOST_CLASSES - 1).astype(np.int64)
    counts = np.bincount((group * _MOST_CLASSES + classes) * 2 + changed, minlength=groups * _MOST_CLASSES * 2).reshape(
        groups, _MOST_CLASSES, 2
    )
    shapes, means = (grid.ravel() for grid in np.meshgrid(_SHAPES, _MEANS, indexing="ij"))
    same = RateBelief(shapes[:, None], (shapes * means)[:, None]).unchanged(
        np.exp(np.arange(_MOST_CLASSES) / _CLASSES_PER_E)
    )
    same = np.clip(same, 1e-12, 1 - 1e-12)
    likelihood = counts[:, :, 0] @ np.log(same).T + counts[:, :, 1] @ np.log1p(-same).T
    best = (likelihood - np.log(shapes) ** 2).argmax(axis=1)
    return RateBelief(shapes[best], shapes[best] * means[best])
