"""Why a dataset is not known, as a seller reads it: what was not asked and for which reason, in one sentence. Pure.

    sources of the dataset + what each did, or why the plan left it out -> 'the budget left too little for Google News'

Planners' reasons (which chain, which fallback) are in the trace of the request; what answered nothing is in `asked`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from enrichment.domain.knowledge import Known
from enrichment.pipeline.enrich import Enriched
from enrichment.rules import Rules
from enrichment.rules.names_for_people import all_called

_BUDGET = "the budget left too little for {names}"
_NOT_REACHED = "{names} could not be reached"
_STOPPED = "it was stopped before it was looked up"
_REASONS: Mapping[str, str] = {
    "over a cap": _BUDGET,
    "no credentials": "this installation has no access to {names}",
    "provider down": _NOT_REACHED,
    "plan used up": "the contract for {names} is used up",
    "suspended": "{names} is suspended",
    "needs a domain": "its website is not known, which {names} would need",
    "not worth its price": "{names} was not asked: it costs more than it is expected to add",
}
"""Decision of the plan -> why a source was not asked."""
_KINDS: Mapping[str, str] = {"OverCap": _BUDGET, "Stopped": _STOPPED, "CredentialsRejected": _REASONS["no credentials"]}
"""Kind of failure -> the same."""
_ASKED = frozenset({"chosen", "fallback", "last resort", "explored"})
NOTHING_KNOWN = "nothing that was asked knows it"
NOT_TOLD = "what is known does not tell it"


def why_missing(dataset: str, end: Enriched | None, known: Known, rules: Rules, fallback: str | None) -> str:
    """end: of the request that was to collect it; None: another process has ended that, and fallback is the reason."""
    if rules.datasets[dataset].analysis is not None:
        return NOT_TOLD
    if end is None:
        return fallback or NOTHING_KNOWN
    answered = {reply.source for reply in known.replies}
    return _in_one_sentence(_reasons(rules.datasets[dataset].sources, answered, end)) or NOTHING_KNOWN


def not_reached(dataset: str, end: Enriched | None, rules: Rules) -> str:
    """Sources of the dataset that could not answer, in one sentence; empty: there are none."""
    failed = () if end is None else tuple(failure.source for failure in end.failures if failure.kind not in _KINDS)
    each = dict.fromkeys(one for one in failed if one in rules.datasets[dataset].sources)
    return _NOT_REACHED.format(names=all_called(each)) if each else ""


def why_not_answered(end: Enriched | None) -> str:
    """Why the sources of a request for one thing have not answered; empty: they have, or nothing is known of it."""
    if end is None:
        return ""
    planned = () if end.plan is None else (one.source for one in end.plan.sources)
    return _in_one_sentence(_reasons([*planned, *(failure.source for failure in end.failures)], (), end))


def _in_one_sentence(reasons: Iterable[tuple[str, str]]) -> str:
    named = dict[str, list[str]]()
    for source, reason in reasons:
        named.setdefault(reason, []).append(source)
    return "; ".join(reason.format(names=all_called(sources)) for reason, sources in named.items())


def _reasons(sources: Iterable[str], answered: Collection[str], end: Enriched) -> Iterator[tuple[str, str]]:
    """Source and reason, of each that was not asked or did not answer."""
    failed = {failure.source: failure.kind for failure in end.failures}
    planned = {one.source: one.verdict for one in end.plan.sources} if end.plan is not None else {}
    for source in dict.fromkeys(sources):
        if source in failed:
            yield source, _KINDS.get(failed[source], _NOT_REACHED)
        elif source not in answered and (decision := planned.get(source)) is not None:
            if decision in _REASONS:
                yield source, _REASONS[decision]
            elif decision in _ASKED and "Stopped" in failed.values():
                yield source, _STOPPED
