"""What buying a fact again is worth: the reads of it that will no longer be stale, for each dollar.

    belief about its change rate, age, reads a day, cost -> worth;  a company's refresh: the sum over its facts

For a fact of age a with rate l: w / (l c) * (1 - (1 + l a) e^(-l a)), from the freshness objective of Cho and
Garcia-Molina (2003) by its Lagrangian; here averaged over what is believed of l. Compare Azar et al., PNAS 115(32).
"""

import numpy as np

from enrichment.refresh.change_rates import Floats, RateBelief

_NEAR_ONE = 1e-6


def worth_of_refresh(belief: RateBelief, age: Floats, reads: Floats, cost: Floats) -> Floats:
    """Stale reads avoided per unit of `cost`. age in seconds, reads in any unit of time, cost above 0.

    The expectation over Gamma(k, s) of (1 - (1 + l a) e^(-l a)) / l is
    s / (k - 1) * (1 - (s / (s + a))^(k - 1)) - a * (s / (s + a))^k, and s * ln((s + a) / s) - a * s / (s + a) at k = 1.
    """
    shape, seconds = belief.shape, belief.seconds
    same = seconds / (seconds + age)
    is_one = np.abs(shape - 1) < _NEAR_ONE
    less_one = np.where(is_one, 1.0, shape - 1)
    first = np.where(is_one, -seconds * np.log(same), seconds / less_one * (1 - same**less_one))
    return np.asarray(reads / cost * (first - age * same**shape))


def stale_chance(belief: RateBelief, age: Floats) -> Floats:
    """The chance that a fact of this age (seconds) is no longer true."""
    return 1 - belief.unchanged(age)
