"""The generated store of `bench.planner` has values that can be read."""

from pathlib import Path

import pytest

from bench.planner.generated_store import generated_value
from enrichment.domain.values import value_type
from enrichment.rules import load_rules

SHIPPED = load_rules(Path(__file__).parents[3] / "config")


@pytest.mark.parametrize("dataset", sorted(name for name, one in SHIPPED.datasets.items() if one.analysis is None))
def test_a_generated_value_is_one_of_its_dataset(dataset: str) -> None:
    assert value_type(dataset).model_validate(generated_value(dataset, "x 1"))
