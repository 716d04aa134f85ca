"""Bright Data's filter language over records: leaves {name, operator, value}, joined by and/or, three levels deep.

companies_asked(filter) -> the companies it can be about;  matches(record, filter) -> bool
"""

from collections.abc import Callable, Iterator
from typing import Any

from sandbox.calls.request import Json
from sandbox.companies.catalogue import Catalogue, CatalogueCompany, host, plain

DEEPEST = 3
_NAMES = ("name", "current_company_name", "current_company.name", "legal_name")
_ADDRESSES = ("website", "website_simplified", "domain")


class FilterError(ValueError):
    """The filter is not written as the vendor wants it."""


def companies_asked(catalogue: Catalogue, asked: Any) -> list[CatalogueCompany]:
    """The companies, in the order they are named; each once. Raises FilterError."""
    found: dict[str, CatalogueCompany] = {}
    for leaf in _leaves(asked, 1):
        for value in _values(leaf):
            company = catalogue.by_any(str(value))
            several = _named_like(catalogue, leaf, str(value)) if company is None else [company]
            found |= {one.domain: one for one in several}
    return list(found.values())


def matches(record: Json, asked: Any) -> bool:
    if "filters" in asked:
        verdicts = (matches(record, part) for part in asked["filters"])
        return all(verdicts) if asked["operator"] == "and" else any(verdicts)
    test = _OPERATORS[asked["operator"]]
    return test(_field(record, asked["name"]), asked)


def _leaves(asked: Any, depth: int) -> Iterator[Json]:
    if not isinstance(asked, dict) or "operator" not in asked:
        raise FilterError('"filter" is required')
    if "filters" not in asked:
        if "name" not in asked or asked["operator"] not in _OPERATORS:
            raise FilterError(f'"operator" must be one of [{", ".join(_OPERATORS)}]')
        yield asked
        return
    if depth > DEEPEST or asked["operator"] not in ("and", "or"):
        raise FilterError('"filter" may be nested 3 levels deep, with operator and, or')
    for part in asked["filters"]:
        yield from _leaves(part, depth + 1)


def _values(leaf: Json) -> list[Any]:
    value = leaf.get("value")
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _named_like(catalogue: Catalogue, leaf: Json, value: str) -> list[CatalogueCompany]:
    if leaf["operator"] != "includes" or leaf["name"] not in _NAMES:
        return []
    return [company for company in catalogue.companies if value.lower() in company.name.lower()]


def _field(record: Json, name: str) -> Any:
    found: Any = record
    for step in name.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _equal(actual: Any, leaf: Json, value: Any) -> bool:
    if actual is None:
        return False
    if leaf["name"] in _ADDRESSES:
        mine, asked = host(str(actual)), host(str(value))
        return mine == asked or mine.endswith(f".{asked}")
    if leaf["name"] in _NAMES:
        return plain(str(actual)) == plain(str(value))
    return str(actual).rstrip("/").lower() == str(value).rstrip("/").lower()


def _any_equal(actual: Any, leaf: Json) -> bool:
    return any(_equal(actual, leaf, value) for value in _values(leaf))


def _includes(actual: Any, leaf: Json) -> bool:
    return actual is not None and any(str(value).lower() in str(actual).lower() for value in _values(leaf))


def _contains(actual: Any, leaf: Json) -> bool:
    return isinstance(actual, list) and any(value in actual for value in _values(leaf))


def _ordered(actual: Any, leaf: Json, test: Callable[[float, float], bool]) -> bool:
    return (
        isinstance(actual, (int, float)) and isinstance(leaf.get("value"), (int, float)) and test(actual, leaf["value"])
    )


_OPERATORS: dict[str, Callable[[Any, Json], bool]] = {
    "=": _any_equal,
    "!=": lambda actual, leaf: not _any_equal(actual, leaf),
    "<": lambda actual, leaf: _ordered(actual, leaf, lambda mine, asked: mine < asked),
    "<=": lambda actual, leaf: _ordered(actual, leaf, lambda mine, asked: mine <= asked),
    ">": lambda actual, leaf: _ordered(actual, leaf, lambda mine, asked: mine > asked),
    ">=": lambda actual, leaf: _ordered(actual, leaf, lambda mine, asked: mine >= asked),
    "in": _any_equal,
    "not_in": lambda actual, leaf: not _any_equal(actual, leaf),
    "includes": _includes,
    "not_includes": lambda actual, leaf: not _includes(actual, leaf),
    "array_includes": _contains,
    "not_array_includes": lambda actual, leaf: not _contains(actual, leaf),
    "is_null": lambda actual, _leaf: actual is None,
    "is_not_null": lambda actual, _leaf: actual is not None,
}
