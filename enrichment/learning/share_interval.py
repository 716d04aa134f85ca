"""The confidence interval of a share, such as a match rate, from a number of cases. Pure."""

from math import sqrt


def wilson(right: float, checked: float, z: float = 1.645) -> tuple[float, float]:
    """The interval of a share (Wilson, 1927); z 1.645: 90 %. Without any: 0 to 1."""
    if checked == 0:
        return 0.0, 1.0
    share, spread = right / checked, z * z / checked
    middle = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / checked + spread / checked / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
