"""The simulated month of the bench: what memory serves obeys every expiry, and the audit would find what does not."""

from random import Random

from bench.planner.value_ages import Ages, ages
from enrichment.rules import Rules
from tests.support.examples import MATRIX

SEED = 20_250_101


def audited(by: Rules) -> Ages:
    rng = Random(SEED)
    return ages(MATRIX, [str(rng.randrange(40)) for _ in range(1_500)], seed=SEED, by=by)


def test_no_value_is_served_beyond_its_expiry_unless_asked_for_and_then_it_is_marked() -> None:
    found = audited(MATRIX)
    assert (found.profiles, found.not_asked_for, found.unmarked) == (1_500, 0, 0)
    assert found.values > 10_000
    assert found.expired > 0


def test_a_memory_that_serves_longer_than_the_matrix_says_is_found_out() -> None:
    """Descriptions, which then need not be bought again, would be served a week longer."""
    sources = {name: source.model_copy(update={"ttl": 2 * source.ttl}) for name, source in MATRIX.sources.items()}
    found = audited(MATRIX.model_copy(update={"sources": sources}))
    assert found.not_asked_for > 0
    assert found.unmarked > 0
