"""A price that is far from the usual one is remarked on; it is no error."""

from decimal import Decimal
from pathlib import Path

import pytest

from enrichment.rules import Rules, load_rules
from enrichment.rules.provider_rules import ModelPrices, Price, ProviderRules, Repeat
from resources.rules.rule_remarks import price_remarks
from tests.support.examples import MATRIX

SHIPPED = load_rules(Path(__file__).parents[3] / "config")


def priced(usd: str, *, provider: str = "serpapi", unit: str = "search", per: int = 1, rules: Rules = MATRIX) -> Rules:
    price = Price(usd_per_unit=usd, per=per, confidence="stated", as_of="2026-11-21")
    before = rules.providers.get(provider, ProviderRules(base_url="https://api.example", repeat=Repeat(rule="never")))
    changed = before.model_copy(update={"prices": {**before.prices, unit: price}})
    return rules.model_copy(update={"providers": {**rules.providers, provider: changed}})


def test_no_price_that_ships_is_remarked_on() -> None:
    assert price_remarks(SHIPPED) == ()


def test_every_price_that_ships_has_a_usual_one_to_be_compared_with() -> None:
    for provider, entry in SHIPPED.providers.items():
        for unit, price in entry.prices.items():
            assert len(price_remarks(priced(str(price.usd * 10), provider=provider, unit=unit, rules=SHIPPED))) == 1
        for model, prices in entry.models.items():
            slipped = prices.input_token.model_copy(update={"per": prices.input_token.per // 10})
            dear = ModelPrices(input_token=slipped, output_token=prices.output_token)
            models = entry.model_copy(update={"models": {model: dear}})
            rules = SHIPPED.model_copy(update={"providers": {**SHIPPED.providers, provider: models}})
            (remark,) = price_remarks(rules)
            assert f"{provider}.models.{model}.input_token is 10 times dearer" in remark


@pytest.mark.parametrize(
    ("usd", "per", "remark"),
    [
        ("0.50", 1, "serpapi.prices.search is 10 times dearer than usual (0.5 USD a unit instead of 0.05)"),
        ("0.005", 1, "serpapi.prices.search is 10 times cheaper than usual (0.005 USD a unit instead of 0.05)"),
        ("0.45", 1, "is 9 times dearer"),
        ("50", 100, "is 10 times dearer"),
        ("0", 1, "serpapi.prices.search is free, but a unit usually costs 0.05 USD"),
        ("0.20", 1, None),
        ("0.01", 1, None),
        ("5", 100, None),
    ],
)
def test_a_slip_of_the_decimal_point_is_remarked_on_and_a_negotiated_price_is_not(
    usd: str, per: int, remark: str | None
) -> None:
    remarks = price_remarks(priced(usd, per=per))
    assert len(remarks) == (0 if remark is None else 1)
    assert (remark or "") in "".join(remarks)


def test_a_price_of_a_unit_without_a_usual_one_is_compared_with_the_last_rules_in_force() -> None:
    before, now = (priced(usd, provider="people_data_labs", unit="record") for usd in ("0.28", "2.8"))
    assert price_remarks(now) == ()
    assert [one.partition(" than")[0] for one in price_remarks(now, before)] == [
        "config/providers.yaml: people_data_labs.prices.record is 10 times dearer"
    ]
    assert before.providers["people_data_labs"].prices["record"].usd == Decimal("0.28")
