"""How sure an answer is told by its confidence, and by the sources and days of its quotes."""

from enrichment.research.answers.research_itself import sureness_of
from tests.unit.research.answers.test_at_a_glance import ended


def test_what_confidence_rests_on_is_told_source_by_source() -> None:
    told = sureness_of("What is new at Acme?", ended("What is new at Acme?", "new", "old"))
    assert told.what == 'how sure the answer to "What is new at Acme?" is'
    assert told.because.startswith(
        "High, with 2 claims from 1 source, reliability 0.90, 0 points open; it rests on 2 quotes"
    )
    assert "(reliability 0.90, collected on " in told.because
    assert told.because.endswith("its claims: 2 exact; nothing was bought")


def test_an_answer_without_claims_rests_on_nothing() -> None:
    told = sureness_of("What is new at Acme?", ended("What is new at Acme?"))
    assert "no claim was borne out" in told.because
