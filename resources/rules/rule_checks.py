"""Are the business rules fit to use: their files, their names, and the vendors' questions in them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from enrichment.analysis.answer_schemas import ANSWERS, FIELD_OF_DATASET
from enrichment.parsing import READERS
from enrichment.rules import Rules, RulesError, SourceQuestion, load_rules
from resources.providers import PROVIDERS, NoClient
from resources.rules.active_rules import last_good_rules
from resources.settings import load_settings

_FILE_OF_CONFIG = re.compile(r"(?<![\w/])config/(?=[\w/]+\.(?:yaml|md)\b)")


def checked_rules(folder: Path | None) -> tuple[Path, Rules]:
    """The rules of this folder, else of the configured one. Raises RulesError with every problem."""
    folder = folder or load_settings().enrich_config
    with naming_files_of(folder):
        rules = load_rules(folder, _question_problems)
        if problems := [*_answer_problems(rules)]:
            raise RulesError(problems)
    return folder, rules


@contextmanager
def naming_files_of(folder: Path) -> Iterator[None]:
    """A RulesError of these rules names the files where they are, not as files of config/."""
    try:
        yield
    except RulesError as error:
        raise RulesError([in_folder(folder, problem) for problem in error.problems]) from error


def in_folder(folder: Path, sentence: str) -> str:
    """The sentence, with this folder's path in place of 'config/', unless the folder is called config."""
    return sentence if folder.name == "config" else _FILE_OF_CONFIG.sub(lambda _: f"{folder}/", sentence)


def rules_before() -> Rules | None:
    """The last rules that Dagster worked by in this home, if there are any."""
    return last_good_rules(load_settings())


def _answer_problems(rules: Rules) -> Iterator[str]:
    """Analyses without a type of answer, or without a field for a dataset they answer."""
    for name, analysis in rules.analyses.items():
        where = f"config/analyses.yaml: {name}"
        if name not in ANSWERS:
            yield f"{where}: has no type of answer: add one to ANSWERS in enrichment/analysis/answer_schemas.py"
            continue
        fields = ANSWERS[name].type.model_fields
        for dataset in analysis.answers:
            if FIELD_OF_DATASET.get(dataset) not in fields:
                yield (
                    f"{where}.answers: its answer has no field for {dataset}: "
                    "name it in FIELD_OF_DATASET of enrichment/analysis/answer_schemas.py"
                )


def _question_problems(source: str, asked: SourceQuestion) -> Iterator[str]:
    where = f"config/sources.yaml: {source}"
    if asked.provider not in PROVIDERS:
        yield f"{where}.provider: {NoClient(asked.provider)}"
    else:
        for problem in PROVIDERS[asked.provider].check_question(asked.question):
            yield f"{where}.question: {problem}"
    reader = asked.reader or source
    if reader not in READERS:
        yield f"{where}: no reader named '{reader}': add it to READERS of a file in enrichment/parsing/vendors"
