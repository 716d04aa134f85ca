"""Money is rounded once, and people see all of it."""

from decimal import Decimal

import pytest

from enrichment.domain.money import charge, counted, in_cents, in_full, in_usd, to_micro


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


@pytest.mark.parametrize(
    ("micro_usd", "shown"),
    [
        (50, "0.00005"),
        (1, "0.000001"),
        (99, "0.000099"),
        (100, "0.0001"),
        (250, "0.0003"),
        (450, "0.0005"),
        (1_234_550, "1.2346"),
        (-50, "-0.00005"),
        (-250, "-0.0003"),
        (20_000_000_050, "20000.0001"),
        (999_990, "1.0000"),
        (10_049, "0.0100"),
    ],
)
def test_money_for_people_is_rounded_half_up_and_what_was_paid_is_never_shown_as_nothing(
    micro_usd: int, shown: str
) -> None:
    assert in_usd(micro_usd) == shown


@pytest.mark.parametrize(
    ("micro_usd", "shown"), [(0, "0.00"), (5_000, "0.01"), (25_000, "0.03"), (50, "0.00005"), (4_999, "0.0050")]
)
def test_totals_are_rounded_half_up_to_the_cent_unless_less_than_that_was_paid(micro_usd: int, shown: str) -> None:
    assert in_cents(micro_usd) == shown


def test_an_amount_that_is_typed_back_loses_nothing() -> None:
    assert [in_full(x) for x in (170_000, 123_441, 50, 0, 2_000_000)] == ["0.17", "0.123441", "0.00005", "0.00", "2.00"]


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
