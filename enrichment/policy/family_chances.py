"""What is still likely of a source of a family, where those of it that are not usable have failed.

Frame, source, usable sources of many states  ->  its match rate and fill rates in each of them
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from enrichment.policy.problem import Family
from enrichment.policy.state_encoding import Frame

Codes = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


def chances(frame: Frame, i: int, usable: Codes | int) -> Values:
    """The match rate of source i if no member of its family has matched and unusable members have missed."""
    family = frame.families[frame.family_bits[i].bit_length() - 1 - len(frame.datasets)]
    return frame.offers[i].match_rate * _still_known(frame, family, usable)


def _still_known(frame: Frame, family: Family, usable: Codes | int) -> Values:
    """The factor on the chance that members can know the company, after all unusable members have failed."""
    likely = np.full(np.shape(usable), family.known)
    for source, rate in family.rates:
        likely *= np.where(np.asarray(usable) & frame.source_bits.of([source]), 1.0, 1 - rate / family.known)
    return np.asarray(likely / (likely + 1 - family.known) / family.known)


def fills_given(frame: Frame, i: int, usable: Codes | int) -> tuple[tuple[int, float | Values], ...]:
    """The `fills` of source i with these usable sources: unusable members of its families lacked the dataset."""
    families = frame.fill_families[i]
    return tuple(
        (bit, rate * _still_known(frame, families[bit], usable) if bit in families else rate)
        for bit, rate in frame.fills[i]
    )
