"""Past requests under two sets of rules, side by side; what cannot be replayed is left out with its reason."""

from dataclasses import replace
from typing import Any

import pytest

from enrichment.domain.knowledge import Known
from enrichment.domain.requests import Request
from enrichment.pipeline.backtest.compare import Comparison, compare
from enrichment.pipeline.backtest.history import SpendingEntry
from enrichment.pipeline.backtest.replay import Side
from enrichment.rules import Rules
from tests.support.examples import MATRIX, NOON
from tests.support.replays import (
    DAY,
    everything_from_company_db,
    history,
    request,
)


def side_by_side(other: Rules, *requests: Request, **more: Any) -> Comparison:
    past = replace(history(everything_from_company_db(NOON + 20 * DAY), *requests), **more)
    return compare(past, Side(MATRIX), Side(other))


def test_only_requests_that_both_can_serve_are_compared_and_what_only_these_paid() -> None:
    consumers = {name: entry for name, entry in MATRIX.consumers.items() if name != "vendor_enrichment"}
    other = MATRIX.model_copy(update={"consumers": consumers, "hash": "other"})
    alike, gone = request(1), request(2, "vendor_enrichment")
    bought = {
        alike.request_id: (
            SpendingEntry("profile", "brightdata_company_db", 1, 150_000),
            SpendingEntry("profile", "analysis:x", 1, 7),
        ),
        gone.request_id: (SpendingEntry("vendor_enrichment", "apollo_contacts", 1, 120_000),),
    }
    compared = side_by_side(other, alike, gone, bought=bought, left_out={"they have not come to an end": 3})
    assert compared.requests == 1
    assert (compared.paid.calls, compared.paid.vendors, compared.paid.analyses, compared.paid.cost) == (
        1,
        150_000,
        7,
        150_007,
    )
    assert compared.here.spent == compared.there.spent
    assert dict(compared.left_out) == {
        "there is no consumer named 'vendor_enrichment' in the other rules": 1,
        "they have not come to an end": 3,
    }


def test_what_is_in_force_for_all_is_in_force_on_both_sides() -> None:
    past = history(Known(), request(1, max_cost=9_000_000))
    forced, plain = (compare(past, Side(MATRIX), Side(MATRIX), override=by) for by in ("legacy", None))
    assert forced.here.spent.calls == forced.there.spent.calls > plain.here.spent.calls == plain.there.spent.calls


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (replace(request(consumer="custom"), plan=None), "which datasets they named was not kept then"),
        (request(consumer="research"), "what a model was asked in research sessions is not replayed"),
        (request(consumer="gone"), "there is no consumer named 'gone' in these rules"),
        (request(consumer="custom", datasets=("patents",)), "there is no dataset named 'patents' in these rules"),
        (
            request(consumer="custom", datasets=("industry",), sources=("serp_news", "oracle")),
            "there is no source named 'oracle' in these rules",
        ),
        (request(strategy="hybrid"), "there is no strategy 'hybrid' in the other rules"),
    ],
)
def test_what_cannot_be_replayed_is_left_out_of_all_with_its_reason(asked: Request, why: str) -> None:
    unmixed = MATRIX.model_copy(update={"strategies": MATRIX.strategies.model_copy(update={"hybrid": None})})
    compared = side_by_side(unmixed, asked)
    assert (compared.requests, compared.here.spent.calls, compared.there.spent.calls) == (0, 0, 0)
    assert dict(compared.left_out) == {why: 1}
