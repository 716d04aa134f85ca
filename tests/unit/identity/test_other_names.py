"""Names beside a company's own in one text, and which company is its parent."""

import pytest

from enrichment.domain.companies import CompanyRelation, RelationKind
from enrichment.identity.domains import AmbiguousCompany, NotACompany
from enrichment.identity.other_names import named_beside
from enrichment.identity.parents import parent_of
from tests.support.examples import NOON, acme


@pytest.mark.parametrize(
    ("text", "beside"),
    [
        ("Acme Corp", []),
        ("Acme Corp (formerly Beta Inc.)", [("former_name", "Beta Inc.", "name:beta")]),
        ("Acme (f/k/a Beta)", [("former_name", "Beta", "name:beta")]),
        ("Acme GmbH (vormals Beta AG)", [("former_name", "Beta AG", "name:beta")]),
        ("Acme Ltd t/a Gamma", [("brand", "Gamma", "name:gamma")]),
        ("Acme LLC dba Gamma", [("brand", "Gamma", "name:gamma")]),
        ("Acme (also known as Delta)", [("spelling", "Delta", "name:delta")]),
        ("Acme (formerly Acme Inc.)", []),
        ("Acme (formerly !!!)", []),
        ("Acme (formerly Beta) (t/a Gamma)", [("former_name", "Beta", "name:beta"), ("brand", "Gamma", "name:gamma")]),
    ],
)
def test_a_name_beside_another_one_has_the_kind_that_its_words_tell(
    text: str, beside: list[tuple[str, str, str]]
) -> None:
    assert [tuple(one) for one in named_beside(text)] == beside


def related(other: str, name: str, kind: RelationKind = "parent") -> CompanyRelation:
    return CompanyRelation("com_1", kind, other, name, "apollo_contacts", NOON)


@pytest.mark.parametrize(
    ("relations", "asked"),
    [
        ([related("abc.xyz", "Alphabet Inc.")], "abc.xyz"),
        ([related("name:alphabet", "Alphabet")], "Alphabet"),
        ([related("name:alphabet", "Alphabet"), related("abc.xyz", "Alphabet Inc.")], "abc.xyz"),
        ([related("abc.xyz", "Alphabet"), related("small.example", "Small", "subsidiary")], "abc.xyz"),
    ],
)
def test_a_parent_is_asked_for_by_its_domain_or_else_by_its_name(relations: list[CompanyRelation], asked: str) -> None:
    assert parent_of(acme(), relations) == asked


def test_a_parent_that_no_source_or_several_name_is_not_guessed() -> None:
    with pytest.raises(NotACompany, match=r"no source names a parent of acme\.com"):
        parent_of(acme(), [related("small.example", "Small", "subsidiary")])
    with pytest.raises(AmbiguousCompany, match=r"several parents of acme\.com: ask for one of abc\.xyz, Omega"):
        parent_of(acme(), [related("name:omega", "Omega"), related("abc.xyz", "Alphabet")])
