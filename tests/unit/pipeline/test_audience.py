"""What is known of the vendor an analysis is written for: nothing that does not satisfy its dataset."""

from typing import Any

import pytest

from enrichment.pipeline.audience import audience_lines
from enrichment.rules.requirements import requirements_of
from tests.support.examples import MATRIX

WANTS = requirements_of(MATRIX, ("vendor_context",))
GOOD = MATRIX.datasets["company_products"].quality_threshold


def lines(**changes: Any) -> list[str]:
    value = {
        "value": {"statement": "It sells speed."},
        "quality": GOOD,
        "last_resort": False,
        "expired": False,
        **changes,
    }
    return [*audience_lines({"datasets": {"company_products": {"values": [value]}}}, MATRIX, WANTS)]


def test_a_value_that_satisfies_its_dataset_is_shown() -> None:
    assert lines() == ["company_products: It sells speed."]


@pytest.mark.parametrize("change", [{"quality": GOOD - 0.01}, {"last_resort": True}, {"expired": True}])
def test_a_value_below_its_threshold_reaches_no_prompt(change: dict[str, Any]) -> None:
    assert lines(**change) == []


def test_a_value_without_words_is_left_out() -> None:
    assert lines(value={"low": 10, "high": 50}) == []
