"""What if: past requests once more under today's rules and under others, beside what they really paid.

History + two Sides  ->  Comparison: the same requests in all three, and why the rest is left out
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from enrichment.domain.companies import Company
from enrichment.domain.requests import Request
from enrichment.pipeline.backtest.history import History, Spending, spending
from enrichment.pipeline.backtest.recorded_vendors import SEED
from enrichment.pipeline.backtest.replay import Side, SimulationOutcome, rerun
from enrichment.pipeline.stages import asked_before
from enrichment.policy.cache import IN_MEMORY, PolicyCache
from enrichment.rules import Rules
from enrichment.rules.requirements import CUSTOM, RESEARCH, UnknownName
from enrichment.rules.strategy import UnknownStrategy, choose_strategy


@dataclass(frozen=True, slots=True)
class Comparison:
    """requests: how many, the same ones in paid, here and there. left_out: why -> how many are in none of them."""

    requests: int
    paid: Spending
    here: SimulationOutcome
    there: SimulationOutcome
    left_out: Mapping[str, int]


def compare(
    history: History,
    here: Side,
    there: Side,
    *,
    override: str | None = None,
    policies: PolicyCache = IN_MEMORY,
    seed: int = SEED,
) -> Comparison:
    """The requests that both sides can serve. override: the strategy that is in force for all."""
    same = replayable(history, {"these rules": here.rules, "the other rules": there.rules}, override=override)
    return Comparison(
        requests=len(same.requests),
        paid=spending(entry for request in same.requests for entry in history.bought.get(request.request_id, ())),
        here=rerun(here, same, override=override, policies=policies, seed=seed),
        there=rerun(there, same, override=override, policies=policies, seed=seed),
        left_out=same.left_out,
    )


def replayable(history: History, each: Mapping[str, Rules], *, override: str | None = None) -> History:
    """The requests that all of these rules can serve, and why the others are left out. each: by their names in it."""
    left_out, alike = Counter(history.left_out), list[Request]()
    for request in history.requests:
        company = history.companies[request.company_id]
        obstacles = (_obstacle(request, company, rules, override, named) for named, rules in each.items())
        why = next((obstacle for obstacle in obstacles if obstacle is not None), None)
        if why is None:
            alike.append(request)
        else:
            left_out[why] += 1
    return replace(history, requests=tuple(alike), left_out=dict(sorted(left_out.items())))


def _obstacle(request: Request, company: Company, rules: Rules, override: str | None, named: str) -> str | None:
    """Why it cannot be replayed; named: how the message names the rules."""
    if request.consumer == RESEARCH:
        return "what a model was asked in research sessions is not replayed"
    ask = asked_before(request, company)
    if request.consumer == CUSTOM and not ask.datasets:
        return "which datasets they named was not kept then"
    try:
        ask.requirements(rules)
        choose_strategy(rules, consumer=request.consumer, company=company, asked=ask.strategy, override=override)
    except (UnknownName, UnknownStrategy) as error:
        sentence = str(error).partition(". ")[0]
        return f"{sentence[0].lower()}{sentence[1:]} in {named}"
    return None
