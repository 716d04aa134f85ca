"""config/learned.yaml: rates that count instead of those in sources.yaml, once people say so."""

from pathlib import Path

import pytest

from enrichment.domain.decisions import CompanyKind
from enrichment.rules import RulesError, load_rules

LINE = "value: 0.25, low: 0.2, high: 0.3, answers: 400"
OF_FAMILY = "value: 0.95, low: 0.9, high: 0.97, answers: 400"


def write(config: Path, text: str) -> None:
    (config / "learned.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(("use", "rate"), [("proposed", 0.7), ("accepted", 0.25), ("pinned", 0.25)])
def test_a_learned_rate_counts_once_it_is_accepted_or_pinned(config: Path, use: str, rate: float) -> None:
    write(config, f"snov_contacts:\n  match_rate: {{{LINE}, use: {use}}}\n")
    rules = load_rules(config)
    assert rules.sources["snov_contacts"].match_rate == rate
    assert rules.as_written["snov_contacts"].match_rate == 0.7


def test_a_fill_rate_is_learned_by_the_name_of_its_dataset(config: Path) -> None:
    write(config, f"snov_contacts:\n  industry: {{{LINE}, use: accepted}}\n")
    assert load_rules(config).sources["snov_contacts"].datasets["industry"].fill_rate == 0.25


def test_plans_carry_a_hash_that_learned_lines_are_part_of(config: Path) -> None:
    before = load_rules(config).hash
    write(config, "{}\n")
    assert load_rules(config).hash == before
    write(config, f"snov_contacts:\n  match_rate: {{{LINE}}}\n")
    assert load_rules(config).hash != before


def test_the_rate_of_a_kind_counts_for_companies_of_that_kind_alone(config: Path) -> None:
    write(config, f"snov_contacts:\n  match_rate of fin, 51-500: {{{LINE}, use: accepted}}\n")
    rules = load_rules(config)
    assert rules.sources["snov_contacts"].match_rate == 0.7
    of_kind = rules.of_kind(CompanyKind("fin", "51-500", "AT"))
    assert (of_kind.sources["snov_contacts"].match_rate, of_kind.hash) == (0.25, rules.hash)
    assert rules.of_kind(CompanyKind("fin")) is rules
    write(config, f"snov_contacts:\n  match_rate of fin, 51-500: {{{LINE}}}\n")
    assert load_rules(config).by_kind == {}


def test_a_family_counts_once_its_line_is_accepted(config: Path) -> None:
    family = frozenset({"apollo_contacts", "snov_contacts"})
    for use, families in (("proposed", ()), ("accepted", ((family, 0.95),))):
        write(config, f"apollo_contacts, snov_contacts:\n  known_to_any: {{{OF_FAMILY}, use: {use}}}\n")
        assert load_rules(config).families == families


def test_sources_that_lack_a_dataset_together_count_once_their_line_is_accepted(config: Path) -> None:
    name, family = "apollo_contacts, snov_contacts", frozenset({"apollo_contacts", "snov_contacts"})
    for use, families in (("proposed", ()), ("pinned", (("key_contacts", family, 0.95),))):
        write(config, f"{name}:\n  known_to_any: {{{LINE}}}\n  key_contacts: {{{OF_FAMILY}, use: {use}}}\n")
        rules = load_rules(config)
        assert (rules.fill_families, rules.families) == (families, ())
        assert rules.in_families == (family if families else frozenset())


BOTH_PINNED = "".join(
    f"{source}:\n  match_rate: {{value: 0.6, low: 0.5, high: 0.7, answers: 9, use: pinned}}\n"
    for source in ("apollo_contacts", "snov_contacts")
)


@pytest.mark.parametrize(
    ("figure", "members", "problem"),
    [
        ("known_to_any", "", "known_to_any.value: 0.6 is below the rate of apollo_contacts alone, 0.78: raise it"),
        ("known_to_any", BOTH_PINNED, ""),
        ("key_contacts", "", "key_contacts.value: 0.6 is below the rate of"),
    ],
)
def test_no_source_counts_with_a_higher_rate_than_its_family(
    config: Path, figure: str, members: str, problem: str
) -> None:
    family = f"apollo_contacts, snov_contacts:\n  {figure}: {{value: 0.6, low: 0.5, high: 0.7, answers: 9"
    write(config, f"{members}{family}}}\n")
    load_rules(config)
    write(config, f"{members}{family}, use: accepted}}\n")
    if problem:
        with pytest.raises(RulesError, match=problem):
            load_rules(config)
    else:
        assert [known for _, known in load_rules(config).families] == [0.6]


LOW_ABOVE_HIGH = "value: 0.25, low: 0.4, high: 0.3, answers: 400"
NONE = "value: 0, low: 0, high: 0, answers: 9"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"snov_contacts:\n  match_rate: {{{LOW_ABOVE_HIGH}}}\n", "snov_contacts.match_rate: low is above high"),
        (f"snov_contacts:\n  billed_units: {{{NONE}}}\n", "snov_contacts.billed_units.value: has to be above 0"),
        (f"apollo_contacts, snov_contacts:\n  known_to_any: {{{NONE}}}\n", "known_to_any.value: has to be above 0"),
        (f"snov_contacts, snov_contacts:\n  known_to_any: {{{LINE}}}\n", "names a source twice"),
        (f"apollo_contacts, serp_news:\n  key_contacts: {{{LINE}}}\n", "a dataset that all of them answer"),
        (f"nobody:\n  match_rate: {{{LINE}}}\n", "config/learned.yaml: nobody: there is no source of this name"),
        (f"snov_contacts:\n  mood: {{{LINE}}}\n", "config/learned.yaml: snov_contacts.mood: snov_contacts has no such"),
        ("snov_contacts:\n  match_rate: 0.5\n", "config/learned.yaml: snov_contacts.match_rate"),
        ("snov_contacts:\n  match_rate: {value: 2, low: 0, high: 1, answers: 1}\n", "snov_contacts.match_rate.value"),
        (f"snov_contacts:\n  match_rate: {{{LINE}, use: maybe}}\n", "snov_contacts.match_rate.use"),
        (f"snov_contacts:\n  match_rate of tiny, x: {{{LINE}}}\n", "is no kind of company: write it as"),
        (f"snov_contacts:\n  match_rate of nonsense, 51-500: {{{LINE}}}\n", "there is no group of industries nonsense"),
        (f"snov_contacts, nobody:\n  known_to_any: {{{LINE}}}\n", "snov_contacts, nobody: there is no source"),
        (f"apollo_contacts, snov_contacts:\n  mood: {{{LINE}}}\n", "sources together have no such figure"),
        (
            f"a, snov_contacts:\n  known_to_any: {{{LINE}}}\nb, snov_contacts:\n  known_to_any: {{{LINE}}}\n",
            "snov_contacts is in another family already",
        ),
        ("- snov_contacts\n", "config/learned.yaml"),
        ("", "config/learned.yaml: is empty: write {} if no learned rate counts"),
    ],
)
def test_a_line_that_cannot_be_used_is_a_problem_that_names_its_place(config: Path, text: str, problem: str) -> None:
    write(config, text)
    with pytest.raises(RulesError) as caught:
        load_rules(config)
    assert problem in str(caught.value)
