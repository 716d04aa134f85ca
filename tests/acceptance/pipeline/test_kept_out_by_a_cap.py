"""What only a cap kept out of a profile is bought by the next request that has the money."""

import asyncio

from tests.acceptance.conftest import Stack
from tests.acceptance.pipeline.test_three_days import bought


def test_a_profile_that_a_cap_left_poorer_is_not_served_to_a_request_with_more_money(stack: Stack) -> None:
    asyncio.run(more_money(stack))


async def more_money(stack: Stack) -> None:
    poor = await stack.ask("tesla.com", "customer_enrichment", max_cost=450_000)
    assert poor.request.state == "complete"
    (capped,) = poor.profile.document["over_a_cap"]
    assert poor.profile.document["datasets"][capped]["status"] == "missing"

    again = await stack.ask("tesla.com", "customer_enrichment", max_cost=1_000)
    assert (again.request.served_from, bought(again), again.request.cost_micro_usd) == ("memory", set(), 0)

    rich = await stack.ask("tesla.com", "customer_enrichment")
    assert bought(rich)
    assert not bought(rich) & bought(poor)
    assert "over_a_cap" not in rich.profile.document

    served = await stack.ask("tesla.com", "customer_enrichment", max_cost=1_000)
    assert served.request.served_from == "layer_1"
