"""Which analyses would not be asked over what is known now: their answer, or a failure of late, is stored.

names + facts + store -> names of these analyses; nothing is bought, nothing is written
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from enrichment.analysis.context import StoredAnswers
from enrichment.analysis.question import AnalysisInputs, AnalysisQuestion, NothingToAsk, facts_of, prepare
from enrichment.domain.knowledge import Fact
from enrichment.rules import Rules


def remembered_analyses(
    names: Sequence[str], facts: Iterable[Fact], inputs: AnalysisInputs, knowledge: StoredAnswers, now: datetime
) -> frozenset[str]:
    """Blocks."""
    known, found = list(facts), set[str]()
    for name in (name for wave in in_waves(names, inputs.rules) for name in wave):
        try:
            question = prepare(name, known, inputs, now)
        except NothingToAsk:
            continue
        if _failed_of_late(question, knowledge, now):
            found.add(name)
        elif (analysis := knowledge.analysis(question.key)) is not None:
            found.add(name)
            known += (fact for fact in facts_of(analysis, question, inputs) if may_be_read(fact, inputs))
    return frozenset(found)


def may_be_read(fact: Fact, inputs: AnalysisInputs) -> bool:
    """Whether other analyses may read it: what is below its dataset's threshold reaches no other prompt."""
    return fact.quality >= inputs.requirements.threshold(inputs.rules, fact.dataset)


def in_waves(names: Sequence[str], rules: Rules) -> Iterator[list[str]]:
    """Groups that can be asked side by side; an analysis comes after those of which it reads the answers."""
    left = list(dict.fromkeys(names))
    while left:
        ready = [name for name in left if not _waits_for_another(name, left, rules)] or left
        yield ready
        left = [name for name in left if name not in ready]


def _failed_of_late(question: AnalysisQuestion, knowledge: StoredAnswers, now: datetime) -> bool:
    reply = knowledge.model_reply(question.key)
    if reply is None or reply.failure is None:
        return False
    return now < reply.answered_at + timedelta(seconds=question.rules.try_again_after)


def _waits_for_another(name: str, names: Sequence[str], rules: Rules) -> bool:
    others = {dataset for other in names if other != name for dataset in rules.analyses[other].answers}
    return not others.isdisjoint(rules.analyses[name].reads)
