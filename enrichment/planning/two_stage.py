"""The template of what follows once the domain is found: it counts only what finding it is likely to leave.

PlanningState of stage 1 + PlanningState of the rest, both without a domain  ->  PlanTemplate of the rest
"""

from dataclasses import replace

from enrichment.memory.freshness import DatasetStatus
from enrichment.planning.explanation import Explanation
from enrichment.planning.fallback_chains import parts_of
from enrichment.planning.plan_template import Keyed, PlanningState, PlanTemplate, decided_parts
from enrichment.planning.quote import chain_of, legacy_cost, quote_of
from enrichment.policy.execution_forecast import forecast, likeliest_end, steps_if_found
from enrichment.policy.execution_model import Chain, Execution
from enrichment.policy.made_once import MadeOnce
from enrichment.policy.problem import Offer

FOUND = "(to be found)"
_TEMPLATES = 256


def template_beyond(first: PlanningState, rest: PlanningState) -> PlanTemplate:
    """Parts and chains as after the likeliest end of stage 1; chances and costs over all its ends.

    The quote is of the rest alone: what stage 1 costs is in its own.
    """
    return _templates(Keyed((first.signature(), rest.signature()), (first, rest)))


def _template(key: Keyed[tuple[PlanningState, PlanningState]]) -> PlanTemplate:
    first, rest = key.value
    execution = _execution(first, rest)
    # `everything`: a source left out as useless must not count as asked here
    open_, asked = likeliest_end(replace(execution, then=None, everything=True))
    later = _later(rest, open_, asked)
    decided, expected = decided_parts(later), forecast(execution)
    after = later.execution(decided.problems, decided.policy)
    parts = parts_of(after, decided.problems, decided.whole, expected)
    before = asked.difference(s for s, on in rest.eligibility.answered.items() if on)
    explanation = Explanation(later.eligibility, parts, expected, before=before, everything=later.everything)
    return PlanTemplate(
        parts=parts,
        sources=tuple(explanation.source(name) for name in rest.eligibility.rules.sources),
        chances=expected.satisfied,
        quote=quote_of(
            expected,
            _still_to_ask(execution) if any(chain.sources for chain in execution.chains) else after,
            legacy=legacy_cost(later.eligibility, later.caps.values()),
            above_least=decided.above_least,
        ),
        in_turn=bool(execution.binding()),
    )


_templates = MadeOnce(_template, _TEMPLATES)


def _execution(first: PlanningState, rest: PlanningState) -> Execution:
    """Stage 1, then the rest as each of its ends leaves it. Replies bring all they may of what either wants."""
    decided = decided_parts(first)
    one = first.execution(decided.problems, decided.policy)
    two = rest.execution((), decided.policy)
    found = _found(rest).eligibility
    askable = [s for s in found.rules.sources if found.concerns(s) and found.out_of_reach(s) is None]
    offers = {source: found.offer(source) for source in askable}
    offers |= {offer.source: _merged(offer, found.offer(offer.source)) for offer in one.offers}
    return replace(
        two,
        offers=tuple(offers.values()),
        chains=one.chains,
        open=one.open | rest.eligibility.pursued,
        skips=() if rest.everything else found.skips(offers.keys()),
        mentioned=one.mentioned | two.mentioned,
        then=lambda open_, asked: _chains(_later(rest, open_, asked)),
    )


def _merged(one: Offer, other: Offer) -> Offer:
    fills = dict(one.fill_rates) | dict(other.fill_rates)
    mentions = dict(one.mention_rates) | dict(other.mention_rates)
    return replace(
        one,
        fill_rates=tuple(fills.items()),
        mention_rates=tuple(mentions.items()),
        none_counts=one.none_counts | other.none_counts,
    )


def _chains(later: PlanningState) -> tuple[Chain, ...]:
    decided = decided_parts(later, by_whole=True)  # called once for each end of stage 1
    return tuple(chain_of(later.eligibility, problem, decided.policy) for problem in decided.problems)


def _found(rest: PlanningState) -> PlanningState:
    """The rest as if the domain were known."""
    return replace(rest, eligibility=replace(rest.eligibility, company=replace(rest.eligibility.company, domain=FOUND)))


def _later(rest: PlanningState, open_: frozenset[str], asked: frozenset[str]) -> PlanningState:
    """The rest, once these were asked and these datasets are still open."""
    here = rest if "domain" in open_ else _found(rest)
    eligibility, wanted = here.eligibility, here.eligibility.requirements.collected
    recorded = {s: frozenset(d for d in wanted if d in eligibility.rules.sources[s].datasets) for s in asked}
    return replace(
        here,
        mentioned=here.mentioned & open_,
        eligibility=replace(
            eligibility,
            statuses={
                d: DatasetStatus.without_facts(open_=d in open_, sources=one.sources)
                for d, one in eligibility.statuses.items()
            },
            answered={**eligibility.answered, **recorded},
            pursued=frozenset(d for d in wanted if d in open_ or here.everything),
        ),
    )


def _still_to_ask(execution: Execution) -> Execution:
    """The execution without the sources that stage 1 asks in any case."""
    began = steps_if_found(execution, frozenset())[0][:1]
    certain = frozenset[str]().union(*began)
    return replace(execution, offers=tuple(offer for offer in execution.offers if offer.source not in certain))
