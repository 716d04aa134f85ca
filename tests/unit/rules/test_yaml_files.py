"""Files of the rules that are missing, emptied, broken or no sound YAML: each is one line with its place."""

from decimal import Decimal
from pathlib import Path

import pytest

from enrich_cli.commands.rules import check
from enrichment.rules import load_rules
from tests.support.edited_rules import change, lines, problems


def test_a_missing_file_is_one_problem_and_not_a_hundred(config: Path) -> None:
    (config / "datasets.yaml").unlink()
    assert problems(config).splitlines() == [f"config/datasets.yaml: not found in {config}"]


LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * 10)}]\n" for i in range(8))
EMPTIED = {
    "caps": "{} if there shall be no cap on what a day may cost",
    "refresh": "{} if nothing shall be refreshed that costs anything",
    "redundancy": "[] if no source is ever redundant",
    "strategies": "{} if every plan is made by `enhanced`",
    "providers": "{} if it has no entries",
    "sources": "{} if it has no entries",
    "datasets": "{} if it has no entries",
    "consumers": "{} if it has no entries",
    "analyses": "{} if it has no entries",
}


@pytest.mark.parametrize("content", ["", "# all: 250\n", "---\n", "null\n", "\ufeff"])
@pytest.mark.parametrize("file", EMPTIED)
def test_an_emptied_file_is_refused_as_it_would_lift_every_limit_in_it(config: Path, file: str, content: str) -> None:
    (config / f"{file}.yaml").write_text(content, encoding="utf-8")
    assert problems(config) == f"config/{file}.yaml: is empty: write {EMPTIED[file]}"


@pytest.mark.parametrize(
    ("file", "text", "where"),
    [
        ("caps", "all:\n", "all"),
        ("caps", "all: '250'\nproviders:\n", "providers"),
        ("caps", "all: '250'\nproviders: {serpapi: }\n", "providers.serpapi"),
        ("refresh", "budget_usd_per_day:\n", "budget_usd_per_day"),
        ("strategies", "default: enhanced\nhybrid:\n", "hybrid"),
    ],
)
def test_a_key_without_a_value_is_refused_as_it_may_be_a_limit(config: Path, file: str, text: str, where: str) -> None:
    (config / f"{file}.yaml").write_text(text, encoding="utf-8")
    assert problems(config) == f"config/{file}.yaml: {where}: has no value: write one, or take the line out"


def test_a_rate_limit_without_a_value_is_no_freedom_to_ask(config: Path) -> None:
    change(config, "providers", lambda d: d["serpapi"].update(rate_limits={"per_minute": None}))
    assert "config/providers.yaml: serpapi.rate_limits.per_minute: has no value" in problems(config)


@pytest.mark.parametrize(
    "amount", ["010", "0x10", "1_000", "1:30", "'\u0661\u0660'", "'1_0'", "'1,000'", "'$250'", "[250]", "yes"]
)
def test_an_amount_is_in_plain_digits_as_yaml_reads_others_its_own_way(config: Path, amount: str) -> None:
    (config / "caps.yaml").write_text(f"all: {amount}\n", encoding="utf-8")
    assert "config/caps.yaml: " in problems(config)


@pytest.mark.parametrize(
    ("amount", "usd"), [("250", "250"), ("'250.00'", "250"), ("1e3", "1000"), ("0", "0"), ("0.5", "0.5"), (".5", "0.5")]
)
def test_an_amount_in_plain_digits_is_what_it_looks_like(config: Path, amount: str, usd: str) -> None:
    (config / "caps.yaml").write_text(f"all: {amount}\n", encoding="utf-8")
    assert load_rules(config).caps.all == Decimal(usd)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"- 1", b"", b"a: 1\n" * 250_000])
def test_a_broken_file_is_named(config: Path, content: bytes) -> None:
    (config / "consumers.yaml").write_bytes(content)
    assert problems(config).startswith("config/consumers.yaml: ")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            "profile: [",
            "line 1, column 11: a value is missing here, or a list in [ ] or a mapping in { } is",
        ),
        (
            "profile:\n  required: [domain, industry\n",
            "line 3, column 1: a list in [ ] (opened in line 2, column 13) is not closed, or a comma between its items",
        ),
        ("profile: {a: 1", "a mapping in { } (opened in line 1, column 10) is not closed, or a comma in it is missing"),
        ('profile: "a', "a text in quotation marks (opened in line 1, column 10) is not closed: close it"),
        ("profile:\n\tttl: 1d", "line 2, column 1: a tab: indent with spaces"),
        ("profile: a: b", "line 1, column 11: a colon too many: put the text in quotation marks, or begin a new line"),
        ("a: 1\n---\nb: 1", "line 2, column 1: a line --- begins a second document: keep one in a file"),
        ("a: *b", "line 1, column 4: this alias (*) has no anchor (&) above it: write the value out"),
        ("a: 1\n  b: 2", "line 2, column 4: a colon too many: "),
        ("profile:\n  a: 1\n b: 2", "line 3, column 2: this line is indented otherwise than the entries beside it"),
        ("profile: {}\nprofile: {}", "line 2, column 1: the key profile is written twice: keep one"),
        ("profile:\n  on: 1", "line 2, column 3: the key on is not text: put it in quotes"),
        ("? [a]\n: 1", "line 1, column 3: a key must be text, not a list or a mapping"),
        ("profile: &a [*a]", "line 1, column 10: this contains itself through an alias: write it out"),
        ("profile: &a {<<: *a}", "line 1, column 10: this contains itself through an alias: write it out"),
        ("profile: " + "[" * 5000, "nested more than 50 deep"),
        (LAUGHS, "more than 100,000 values"),
        ("profile: !!set {a}", "line 1, column 10: the tag tag:yaml.org,2002:set means nothing here: take it out"),
        ("profile: 2026-13-45", "line 1, column 10: month must be in 1..12"),
        ("profile: {}\nx: \0", "line 2: the character #x0 is not allowed"),
        ("profile: {}\n---\nx: 1", "line 2, column 1: "),
    ],
)
def test_what_is_no_sound_yaml_is_one_short_line_with_its_place(config: Path, content: str, expected: str) -> None:
    (config / "consumers.yaml").write_text(content, encoding="utf-8")
    [line] = [line for line in problems(config).splitlines() if line.startswith("config/consumers.yaml")]
    assert expected in line
    assert len(line) < 160
    assert "<unicode string>" not in line


def test_an_entry_may_build_on_another_and_set_a_key_anew(config: Path) -> None:
    text = (config / "consumers.yaml").read_text(encoding="utf-8").replace("\nprofile:", "\nprofile: &profile", 1)
    (config / "consumers.yaml").write_text(f"{text}\nquick:\n  <<: *profile\n  max_seconds: 9\n", encoding="utf-8")
    consumers = load_rules(config).consumers
    assert (consumers["quick"].max_seconds, consumers["quick"].required) == (9, consumers["profile"].required)


def test_a_file_instead_of_a_folder_is_one_sentence(config: Path) -> None:
    file = config / "sources.yaml"
    assert (
        problems(file) == f"{file} is no folder: name the one that contains providers.yaml, sources.yaml and the rest"
    )


@pytest.mark.parametrize("content", ["", " \n"])
def test_an_empty_prompt_is_refused(config: Path, content: str) -> None:
    (config / "prompts" / "growth.md").write_text(content, encoding="utf-8")
    assert problems(config) == "config/prompts/growth.md: is empty: write what analysis growth is to find out"


def test_a_missing_prompt_is_named(config: Path) -> None:
    (config / "prompts" / "growth.md").unlink()
    assert "config/prompts/growth.md" in problems(config)


def test_sources_that_are_a_list_are_one_problem_also_where_their_questions_are_looked_at(config: Path) -> None:
    (config / "sources.yaml").write_text("- serp_news\n", encoding="utf-8")
    assert "config/sources.yaml: must be a mapping of names, is a list" in problems(config, lambda *_: ())


def test_a_file_of_the_wrong_kind_is_named_once(config: Path) -> None:
    (config / "caps.yaml").write_text("- 5\n", encoding="utf-8")
    assert "config/caps.yaml: " in problems(config)
    assert "::" not in problems(config)


def test_a_file_of_prices_that_cannot_be_read_is_one_problem(config: Path) -> None:
    (config / "providers.yaml").write_text("a: [", encoding="utf-8")
    assert lines(config) == ["config/providers.yaml: line 1, column 5"]


@pytest.mark.parametrize(("name", "text", "where"), [("caps", "- 1", ""), ("providers", "serpapi: 5", " serpapi")])
def test_what_is_no_mapping_is_named_without_the_name_of_a_class(
    config: Path, name: str, text: str, where: str
) -> None:
    (config / f"{name}.yaml").write_text(text, encoding="utf-8")
    assert f"config/{name}.yaml:{where}".removesuffix(":") + ": must be a mapping of names" in problems(config)
    assert "instance of" not in problems(config)


@pytest.mark.parametrize(("name", "remarked"), [("cap.yaml", True), ("caps.yml", True), ("learned.yaml", False)])
def test_a_file_that_no_rule_is_read_from_is_remarked_on(
    config: Path, capsys: pytest.CaptureFixture[str], name: str, remarked: bool
) -> None:
    (config / name).write_text("{}\n", encoding="utf-8")
    check(config)
    assert (f"config/{name} is read by nothing: correct its name" in capsys.readouterr().out) is remarked


def test_a_broken_file_of_providers_leaves_no_other_line_about_the_prices_that_it_had(config: Path) -> None:
    (config / "providers.yaml").write_text("providers: [", encoding="utf-8")
    assert "no price for model" not in problems(config)
