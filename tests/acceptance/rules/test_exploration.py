"""A source asked besides, within the day's budget, as the quote says; on record with its chance."""

import asyncio
from dataclasses import replace

from enrichment.purchasing.caps import exploration_cap
from enrichment.rules.models import ExplorationRules
from tests.acceptance.conftest import Stack


def test_a_source_is_asked_besides_and_booked_on_the_budget_for_that(stack: Stack) -> None:
    exploration = ExplorationRules.model_validate({"budget_usd_per_day": "2.00", "share": 1.0})
    rules = stack.rules.model_copy(update={"exploration": exploration})
    found = asyncio.run(replace(stack, rules=rules).ask("tesla.com", "profile"))
    assert found.plan is not None
    assert found.plan.explores is not None
    one = found.plan.explores
    [purchase] = [purchase for purchase in found.purchases if purchase.source == one.source]
    cap = exploration_cap(rules, found.request.asked_at).name
    assert stack.store.ledger.spent([cap]) == {cap: purchase.cost_micro_usd}
    assert found.request.cost_micro_usd <= found.plan.quote.upper_bound
    decided = stack.store.requests.decisions(found.request.request_id)
    assert [made.chance for made in decided if one.source in made.chosen] == [one.chance]
    assert {made.chance for made in decided if one.source not in made.chosen} == {1.0}


def test_a_request_that_might_have_explored_has_on_record_with_which_chance_it_did_not(stack: Stack) -> None:
    exploration = ExplorationRules.model_validate({"budget_usd_per_day": "2.00", "share": 0.02})
    rules = stack.rules.model_copy(update={"exploration": exploration})
    found = asyncio.run(replace(stack, rules=rules).ask("tesla.com", "profile"))
    assert found.plan is not None
    assert found.plan.unexplored is not None
    [made] = [made for made in stack.store.requests.decisions(found.request.request_id) if made.chance < 1]
    assert (made.chosen, made.chance) == ((), 0.98)
    assert {*made.alternatives} <= {*found.plan.unexplored.alternatives}
