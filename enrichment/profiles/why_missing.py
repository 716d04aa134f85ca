"""Why a dataset of a profile is not satisfied, in words. Pure.

what each of its sources did, or why its analysis found too little -> one sentence
"""

from collections.abc import Sequence

from enrichment.analysis.answer_reading import dropped_in_words
from enrichment.domain.knowledge import Fact, ReplyHead
from enrichment.planning.plan import Plan
from enrichment.planning.skip_reasons import shown
from enrichment.profiles.ingredients import Ingredients
from enrichment.rules import Rules


def why_not_satisfied(rules: Rules, made_of: Ingredients, dataset: str, *, expired: bool) -> str:
    """Why a dataset is not satisfied, in words: what each of its sources did."""
    failed = {f.source: f.reason for f in made_of.failures}
    replies = {reply.source: reply for reply in made_of.known.replies}
    reasons = []
    for source in rules.datasets[dataset].sources:
        if source in failed:
            reasons.append(f"{source} failed: {failed[source].rstrip('.')}")
        elif source in replies:
            reasons.append(f"{source} {_why_not_enough(replies[source])}")
        else:
            reasons.append(_not_asked(made_of.plan, source))
    prefix = "expired, not bought again: " if expired else ""
    judged = sorted({f.source for f in made_of.known.rejected if f.dataset == dataset})
    return prefix + "; ".join([*(f"a verdict rejects what {source} states" for source in judged), *reasons])


def _why_not_enough(reply: ReplyHead) -> str:
    if reply.unread:
        return "answered, but its reply could not be read"
    return "did not report enough" if reply.found else "knows nothing of it"


def _not_asked(plan: Plan, source: str) -> str:
    planned = next((s for s in plan.sources if s.source == source), None)
    return f"{source} not asked" if planned is None else f"{source} not asked ({shown(planned.verdict)}: {planned.why})"


def why_too_little(made_of: Ingredients, name: str, facts: Sequence[Fact], threshold: float) -> str:
    """Why an analysis that was made does not satisfy a dataset it answers."""
    if facts and all(fact.quality < threshold for fact in facts):
        below = f"its claims are of quality {facts[0].quality:.2f}, below {threshold:.2f}"
    else:
        below = "it reported too few claims" if facts else "it found nothing of it in the evidence"
    dropped = next((a for a in made_of.analyses if a.name == name and a.claims_dropped), None)
    if dropped is None:
        return f"{name}: {below}"
    return f"{name}: {below}; {dropped_in_words(dropped.claims_kept, dropped.evidence.get('dropped', {}))}"
