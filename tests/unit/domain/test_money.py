"""Money is rounded once, and people see all of it."""

from decimal import Decimal

import pytest

from enrichment.domain.money import charge, counted, in_usd, to_micro


@pytest.mark.parametrize(
    ("units", "prices", "micro_usd"),
    [
        ({"search": 1}, {"search": "0.05"}, 50_000),
        ({"input_token": 3, "output_token": 1}, {"input_token": "0.0000004", "output_token": "0.0000016"}, 3),
        ({"credit": 1}, {"credit": "0.0000005"}, 1),
        ({"credit": 3}, {"credit": "0.0000005"}, 2),
        ({}, {}, 0),
    ],
)
def test_a_charge_is_exact_and_rounded_once_half_up(
    units: dict[str, int], prices: dict[str, str], micro_usd: int
) -> None:
    assert charge(units, {unit: Decimal(price) for unit, price in prices.items()}) == micro_usd


def test_money_for_people_hides_no_fraction_of_a_cent() -> None:
    assert [in_usd(x) for x in (170_000, 400, 0, to_micro(Decimal("1.5")))] == ["0.17", "0.0004", "0.00", "1.50"]


def test_units_are_counted_in_words() -> None:
    units: tuple[dict[str, int], ...]
    units = ({"search": 30_000}, {"search": 1}, {"input_token": 900, "output_token": 1}, {"person_record": 0}, {})
    assert [counted(each) for each in units] == [
        "30,000 searches",
        "1 search",
        "900 input tokens, 1 output token",
        "0 person records",
        "no units",
    ]
