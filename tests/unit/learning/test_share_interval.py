import pytest

from enrichment.learning.share_interval import wilson


@pytest.mark.parametrize(
    ("right", "checked", "low", "high"), [(0, 0, 0.0, 1.0), (9, 10, 0.6516, 0.9777), (90, 100, 0.8405, 0.9389)]
)
def test_intervals_are_wilsons(right: int, checked: int, low: float, high: float) -> None:
    assert wilson(right, checked) == pytest.approx((low, high), abs=0.002)
