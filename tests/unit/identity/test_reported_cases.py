"""Names, addresses and lists that went wrong for people in public, each with the right answer, by kind."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from enrichment.identity.company_list import read_rows, sorted_lists
from enrichment.identity.comparison import same_company
from enrichment.identity.domains import NotACompany, company_key, own_domain, parse_company
from enrichment.identity.list_columns import NoCompanyColumn
from resources.company_lists import UnreadableList, read_list

CASES: Mapping[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "records" / "identity_cases.json").read_text(encoding="utf-8")
)


def cases(call: str) -> Iterator[Any]:
    for kind, of_kind in CASES.items():
        for number, case in enumerate(of_kind):
            if case["call"] == call:
                yield pytest.param(case["input"], case["expected"], id=f"{kind} {number}")


def is_expected(expected: object, found: object) -> bool:
    if isinstance(expected, dict) and "one_of" in expected:
        return any(is_expected(one, found) for one in expected["one_of"])
    return expected == found


@pytest.mark.parametrize(("names", "same"), list(cases("same")))
def test_two_names_are_one_companys_or_not(names: list[str], same: bool) -> None:
    assert same_company(*names) is same
    assert same_company(*reversed(names)) is same


@pytest.mark.parametrize(("typed", "expected"), list(cases("parse")))
def test_what_is_typed_is_a_domain_a_name_or_refused(typed: str, expected: object) -> None:
    try:
        asked = parse_company(typed)
        found = f"domain:{asked.domain}" if asked.domain else company_key(asked.name, None)
    except NotACompany:
        found = "refused"
    assert is_expected(expected, found)


@pytest.mark.parametrize(("address_and_name", "expected"), list(cases("own_domain")))
def test_a_page_on_a_platform_is_no_companys_own_domain(address_and_name: list[str], expected: object) -> None:
    assert is_expected(expected, own_domain(*address_and_name))


@pytest.mark.parametrize(("given", "expected"), list(cases("add_file")))
def test_a_list_gives_the_companies_that_are_meant(
    given: dict[str, Any], expected: dict[str, Any], tmp_path: Path
) -> None:
    assert is_registered(expected, registered(written(given, tmp_path)))


def written(given: dict[str, Any], folder: Path) -> Path:
    path = folder / f"list{given.get('ext', '.csv')}"
    if "text" in given:
        path.write_text(given["text"], encoding="utf-8")
    elif "base64" in given:
        path.write_bytes(base64.b64decode(given["base64"]))
    else:
        pd.DataFrame(given["rows"], columns=given["columns"]).to_excel(path, index=False)
    return path


def registered(path: Path) -> list[tuple[str, str, str]]:
    """Key, name and domain of each company that is new."""
    try:
        tables = read_list(path)
    except UnreadableList:
        return []
    found: list[tuple[str, str, str]] = []
    for table in tables:
        try:
            (understood,) = sorted_lists([read_rows(table.rows)], known=lambda _: (), same_name=lambda _: ())
        except NoCompanyColumn:
            continue
        entries = [row.entry for row in understood.sorted.of("new") if row.entry is not None]
        found += [(company_key(one.name, one.domain), one.name or "", one.domain or "") for one in entries]
    return found


def is_registered(expected: dict[str, Any], companies: list[tuple[str, str, str]]) -> bool:
    match expected:
        case {"one_of": several}:
            return any(is_registered(one, companies) for one in several)
        case {"all": several}:
            return all(is_registered(one, companies) for one in several)
        case {"has": text}:
            return any(text in company for company in companies)
        case {"lacks": text}:
            return not any(text in company for company in companies)
        case {"keys": keys}:
            return sorted(keys) == sorted(key for key, _, _ in companies)
        case {"names": names}:
            return list(names) == [name for _, name, _ in companies]
    raise ValueError(f"no such expectation: {expected}")
