"""How a request ended. Pure.

Analysed + the required datasets and analyses it lacks -> complete | refused (a higher cap might help) | incomplete
"""

from collections.abc import Sequence

from enrichment.domain.requests import RequestState
from enrichment.pipeline.stages import Analysed
from enrichment.rules import Rules


def end_state(analysed: Analysed, missing: Sequence[str], rules: Rules) -> RequestState:
    """refused: only if a source that did not fit the caps could have answered something that is missing."""
    if not missing:
        return "complete"
    wanted = _missing_on_the_way(analysed, missing, rules)
    could_answer = {source for dataset in wanted for source in rules.datasets[dataset].sources} | set(missing)
    return "refused" if could_answer & _over_a_cap(analysed) else "incomplete"


def _over_a_cap(analysed: Analysed) -> set[str]:
    """Left out by the plan, or when it was to be asked; in stage 1 too."""
    failed = {failure.source for failure in analysed.failures if failure.kind == "OverCap"}
    return failed | {source.source for source in analysed.plan.sources if source.verdict == "over a cap"}


def _missing_on_the_way(analysed: Analysed, missing: Sequence[str], rules: Rules) -> set[str]:
    """The missing datasets, and those not found without which an analysis or a source cannot answer them."""
    found, left = set[str](), [name for name in missing if name in rules.datasets]
    while left:
        dataset = left.pop()
        if dataset not in found:
            found.add(dataset)
            left += [need for need in _needs(dataset, analysed, rules) if _not_found(need, analysed)]
    return found


def _needs(dataset: str, analysed: Analysed, rules: Rules) -> set[str]:
    entry, only = rules.datasets[dataset], analysed.requirements.sources
    if entry.analysis is not None:
        return set(rules.analyses[entry.analysis].needs)
    askable = (source for source in entry.sources if only is None or source in only)
    return {need for source in askable for need in rules.sources[source].needs}


def _not_found(dataset: str, analysed: Analysed) -> bool:
    if dataset == "domain":
        return analysed.company.domain is None
    return all(fact.dataset != dataset for fact in (*analysed.known.facts, *analysed.analysis_facts))
