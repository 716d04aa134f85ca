"""Only what the evidence confirms stays in a model's answer."""

import pytest

from enrichment.analysis.answer_schemas import (
    Competition,
    Competitor,
    ContactPriorities,
    Growth,
    PrioritisedContact,
    Statement,
)
from enrichment.analysis.citations import check_citations

TEXTS = {
    "e1": "Acme opens a plant in Ohio\nThe plant makes 4,000 anvils a day.",
    "e2": "Go\nprogramming language",
    "e3": "Wile Coyote\nHead of Procurement",
}


def growth(evidence_id: str, quote: str, statement: str = "It grows.") -> Growth:
    claim = Statement(evidence_id=evidence_id, quote=quote, statement=statement)
    return Growth(growth_signals=[claim], business_challenges=[])


@pytest.mark.parametrize(
    ("evidence_id", "quote", "stays"),
    [
        ("e1", "Acme opens a plant in Ohio", True),
        ("e1", "opens a plant", True),
        ("e1", "  opens \n a\u200b   plant ", True),
        ("e1", "in Ohio The plant makes", True),
        ("e1", "opens two plants", False),
        ("e1", "OPENS A PLANT", False),
        ("e1", "a plant", False),
        ("e2", "Go", True),
        ("e2", "programming", False),
        ("e2", "Acme opens a plant in Ohio", False),
        ("e9", "Acme opens a plant in Ohio", False),
        ("e1", "", False),
        ("e1", " \n", False),
    ],
)
def test_a_claim_stays_only_if_its_quote_is_word_for_word_in_the_evidence_it_names(
    evidence_id: str, quote: str, stays: bool
) -> None:
    checked = check_citations(growth(evidence_id, quote), TEXTS)
    assert (checked.kept, checked.dropped) == ((1, 0) if stays else (0, 1))
    assert len(checked.answer.growth_signals) == checked.kept


def test_a_claim_without_a_statement_is_dropped_though_its_quote_is_right() -> None:
    assert check_citations(growth("e1", "opens a plant", statement=" "), TEXTS).dropped == 1


def test_no_name_is_invented_beside_a_true_quote() -> None:
    def contact(name: str) -> PrioritisedContact:
        return PrioritisedContact(
            evidence_id="e3",
            quote="Head of Procurement",
            full_name=name,
            seniority="director",
            department="procurement",
            priority=1,
            why="Decides what is bought.",
        )

    answer = ContactPriorities(contacts=[contact("Wile Coyote"), contact("Road Runner")])
    checked = check_citations(answer, TEXTS)
    assert [c.full_name for c in checked.answer.contacts] == ["Wile Coyote"]
    assert (checked.kept, checked.dropped) == (1, 1)


def test_a_competitor_must_be_named_where_the_quote_is_from() -> None:
    rival = Competitor(evidence_id="e1", quote="Acme opens a plant", name="Road Runner Ltd", how_they_compete="Speed.")
    assert check_citations(Competition(competitors=[rival]), TEXTS).dropped == 1
