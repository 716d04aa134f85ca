"""Which vendors a batch cannot do without."""

from pathlib import Path

from enrichment.batches.outages import needed_providers
from enrichment.rules.loader import load_rules
from enrichment.rules.requirements import requirements_of

RULES = load_rules(Path("config"))


def test_a_vendor_with_fallbacks_can_be_done_without_and_one_that_alone_has_what_is_required_cannot() -> None:
    assert needed_providers(RULES, requirements_of(RULES, ("profile",))) == frozenset()
    assert needed_providers(RULES, requirements_of(RULES, ("vendor_enrichment",))) == {"brightdata", "openai"}
