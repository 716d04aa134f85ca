"""Yearly revenue as vendors write it: '96.77 billion USD (2023)', 'US$394.3 billion (2022)', '€77.8 billion'.

text -> Revenue | None

No currency, or one of several ('$' alone), is no value; neither is an amount that could be read in two ways.
"""

import re

from enrichment.domain.values import Revenue

_SIGNS = {
    "us$": "USD", "usd": "USD", "€": "EUR", "eur": "EUR", "£": "GBP", "gbp": "GBP", "chf": "CHF", "jpy": "JPY",
    "cny": "CNY", "rmb": "CNY", "inr": "INR", "₹": "INR", "krw": "KRW", "₩": "KRW", "a$": "AUD", "aud": "AUD",
    "c$": "CAD", "ca$": "CAD", "cad": "CAD", "hk$": "HKD", "hkd": "HKD", "nt$": "TWD", "twd": "TWD", "r$": "BRL",
    "brl": "BRL", "sek": "SEK", "nok": "NOK", "dkk": "DKK", "pln": "PLN", "sgd": "SGD", "s$": "SGD", "mxn": "MXN",
    "zar": "ZAR", "try": "TRY", "rub": "RUB", "ils": "ILS", "sar": "SAR", "aed": "AED",
}  # fmt: skip
_SCALES = {"thousand": 1_000, "k": 1_000, "million": 10**6, "m": 10**6, "mn": 10**6, "billion": 10**9, "b": 10**9,
           "bn": 10**9, "trillion": 10**12, "t": 10**12}  # fmt: skip
_SIGN = "|".join(sorted((re.escape(sign) for sign in _SIGNS), key=len, reverse=True))
_SCALE = "|".join(sorted(_SCALES, key=len, reverse=True))
_STATED = re.compile(
    rf"(?P<before>{_SIGN})?\s*(?P<digits>\d[\d,.]*)\s*(?P<scale>{_SCALE})?\b\s*"
    rf"(?P<after>{_SIGN})?\s*(?:\(\s*(?:FY\s*)?(?P<year>(?:19|20)\d\d)\s*\))?",
    re.IGNORECASE,
)
_MOST = 10**14


def revenue(text: str | None) -> Revenue | None:
    """The revenue; None where the amount, its scale or its currency is not sure."""
    found = _STATED.fullmatch((text or "").replace("\u00a0", " ").strip())
    if not found:
        return None
    sign = (found["before"] or found["after"] or "").lower()
    amount = _amount(found["digits"], found["scale"])
    if amount is None or sign not in _SIGNS:
        return None
    return Revenue(low=amount, high=amount, currency=_SIGNS[sign], year=int(found["year"]) if found["year"] else None)


def _amount(digits: str, scale: str | None) -> int | None:
    """The whole amount. With a scale a point or comma divides decimals; else commas must divide thousands."""
    if scale:
        if not re.fullmatch(r"\d+(?:[.,]\d{1,2})?|\d{1,3}\.\d{3}", digits):
            return None
        amount = round(float(digits.replace(",", ".")) * _SCALES[scale.lower()])
    elif re.fullmatch(r"\d{1,3}(?:,\d{3})+|\d+", digits):
        amount = int(digits.replace(",", ""))
    else:
        return None
    return amount if 0 < amount <= _MOST else None
