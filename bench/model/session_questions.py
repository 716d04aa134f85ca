"""What a research session asks a model: to break a question down, and to answer it over two companies' evidence.

rules + facts -> Breakdown's and ResearchAnswer's AnalysisQuestion -> answer -> what of it a session would use
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from enrichment.analysis.answer_schemas import AnalysisAnswer
from enrichment.analysis.question import AnalysisQuestion
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Fact, Known
from enrichment.domain.research import Persona, Session
from enrichment.research.answers.answer_question import answer_question, bytes_for_evidence
from enrichment.research.claims.claim import checked
from enrichment.research.claims.model_answers import Breakdown, ResearchAnswer
from enrichment.research.evidence.passages import Sides, sides
from enrichment.research.questions.breakdown import breakdown_question, by_model
from enrichment.research.questions.mention import NOTHING_KNOWN
from enrichment.rules import Rules
from enrichment.rules.requirements import custom

QUESTION = "How should I position Snowflake to Acme for their new plant, and whom should I talk to?"
SELLER = Persona("Ann", "account executive", "Snowflake", "a data platform in the cloud, for engineering teams")


def both_sides(rules: Rules, facts: Sequence[Fact], now: datetime) -> Sides:
    """facts: of the company that is asked about; of the vendor only what the seller says is known."""
    asked = rules.research.answer
    assert asked is not None
    acme = Company("com", "acme.example", "Acme", "acme.example", now)
    vendor = Company("com_vendor", "snowflake.example", "Snowflake", "snowflake.example", now)
    session = Session("ses", "", SELLER, vendor.company_id, 0, now, "bench")
    return sides(
        acme,
        Known(facts=tuple(facts)),
        vendor,
        Known(),
        session,
        rules=rules,
        requirements=custom(rules, ("company_name",), None),
        reads=asked.reads,
        most_bytes=bytes_for_evidence(rules, asked),
        now=now,
        questions=(QUESTION,),
    )


def session_questions(rules: Rules, both: Sides) -> list[AnalysisQuestion]:
    """The questions as a session asks them, one after the other."""
    first, second = rules.research.breakdown, rules.research.answer
    assert first is not None
    assert second is not None
    return [
        breakdown_question(QUESTION, SELLER, NOTHING_KNOWN, rules, first),
        answer_question(QUESTION, (), both, rules, second),
    ]


def used_in_session(answer: AnalysisAnswer, *, question: AnalysisQuestion, both: Sides, rules: Rules) -> str:
    """What the session makes of it, in a line."""
    if isinstance(answer, Breakdown):
        parts = by_model(answer, QUESTION, SELLER, rules, instructions=question.instructions)
        return f"understood as {parts.intent}, companies {list(parts.companies)}, areas {list(parts.areas)}"
    assert isinstance(answer, ResearchAnswer)
    kept, dropped = checked(answer, both, instructions=question.instructions)
    return f"{len(kept)} claims kept, dropped {dict(Counter(one.because for one in dropped))}"
