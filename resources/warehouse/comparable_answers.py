"""What sources state of the same companies, and what people said, as reliability is estimated from it.

build.facts, build.verdicts -> dataset -> ComparableAnswers: values that may both be right have one text
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from enrichment.domain.knowledge import VERDICT
from enrichment.domain.values import Value, load_value
from enrichment.learning.answer_patterns import LATER, Answer, Check
from enrichment.learning.estimate_reliability import Estimate, estimate_reliability
from enrichment.learning.feed_model import Rereadings
from enrichment.profiles.disputes import grouped
from enrichment.rules import Rules

_NEWEST = """
SELECT dataset, company_id, source, value FROM build.facts
WHERE dataset IN (SELECT unnest(?))
QUALIFY row_number() OVER (
    PARTITION BY dataset, company_id, source ORDER BY collected_at DESC, quality DESC, fact_id
) = 1
ORDER BY dataset, company_id, source
"""
_FORMER = """
WITH each AS (
    SELECT
        dataset, company_id, source, collected_at, arg_max(value, (quality, -fact_id)) AS value
    FROM build.facts WHERE dataset IN (SELECT unnest(?)) GROUP BY ALL
), told AS (
    SELECT
        *, lead(value) OVER later AS next_value, lead(collected_at) OVER later AS until,
        row_number() OVER later AS number
    FROM each WINDOW later AS (PARTITION BY dataset, company_id, source ORDER BY collected_at)
)
SELECT f.dataset, f.company_id, f.source, f.number, f.value, f.next_value, o.source, o.value
FROM told AS f JOIN told AS o ON
    o.dataset = f.dataset AND o.company_id = f.company_id AND o.source <> f.source
    AND o.collected_at < f.until AND (o.until IS NULL OR o.until >= f.until)
WHERE f.until IS NOT NULL
ORDER BY ALL
"""
"""Former answers, with what other sources had said by the time the source was asked once more."""
_SAID = """
SELECT dataset, company_id, right_value, wrong_value, "by" FROM build.verdicts
WHERE withdrawn_at IS NULL AND dataset IN (SELECT unnest(?)) ORDER BY dataset, company_id, "at", verdict_id
"""
_UNCOMPARED = frozenset({"company_description"})


@dataclass(slots=True)
class ComparableAnswers:
    answers: list[Answer] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)


def comparable_answers(connection: duckdb.DuckDBPyConnection, rules: Rules) -> dict[str, ComparableAnswers]:
    """From a published warehouse, the newest answer of each source about each company, for datasets of one value."""
    single = [
        name
        for name, entry in rules.datasets.items()
        if entry.at_most == 1 and entry.analysis is None and name not in _UNCOMPARED
    ]
    stated: dict[tuple[str, str], list[tuple[str, Value]]] = defaultdict(list)
    for dataset, company, right, wrong, by in connection.execute(_SAID, [single]).fetchall():
        for number, value in ((0, right), (1, wrong)):
            if value is not None:
                said = stated[dataset, company]
                said.append((f"{VERDICT} {number} {len(said)} {by}", load_value(dataset, json.loads(value))))
    for dataset, company, source, value in connection.execute(_NEWEST, [single]).fetchall():
        if source in rules.sources:
            stated[dataset, company].append((source, load_value(dataset, json.loads(value))))
    found: dict[str, ComparableAnswers] = defaultdict(ComparableAnswers)
    for (dataset, company), values in stated.items():
        _add(found[dataset], company, grouped(dataset, values), rules)
    _add_former(found, connection.execute(_FORMER, [single]).fetchall(), rules)
    return dict(found)


def _add_former(found: Mapping[str, ComparableAnswers], rows: Sequence[tuple[Any, ...]], rules: Rules) -> None:
    """What a source said before it was asked again: measured by what others said then, and what it says itself now.

    Others are evidence only, as their own answers are measured elsewhere.
    """
    former: dict[tuple[str, str, str, int], list[tuple[str, Value]]] = {}
    for dataset, company, source, number, value, next_value, other, its in rows:
        if source in rules.sources and other in rules.sources:
            of_itself = [(source, value), (LATER, next_value)]
            first = [(name, load_value(dataset, json.loads(said))) for name, said in of_itself]
            told = former.setdefault((dataset, company, source, number), first)
            told.append((other, load_value(dataset, json.loads(its))))
    for (dataset, company, source, number), values in former.items():
        groups = grouped(dataset, values)
        if groups[LATER] == groups[source]:
            del groups[LATER]  # saying the same again is no second witness
        for one, text in groups.items():
            reader = "" if one == LATER else rules.sources[one].provider
            answer = Answer(f"{company} {source} {number}", one, text, reader, counted=one == source)
            found[dataset].answers.append(answer)


def _add(to: ComparableAnswers, company: str, groups: Mapping[str, str], rules: Rules) -> None:
    for source, text in groups.items():
        if source.startswith(f"{VERDICT} "):
            _, wrong, _, by = source.split(" ", 3)
            to.checks.append(Check(company, text, is_right=wrong == "0", by=by))
        else:
            to.answers.append(Answer(company, source, text, reader=rules.sources[source].provider))


def estimates(
    found: Mapping[str, ComparableAnswers],
    rules: Rules,
    reread: Mapping[tuple[str, str], tuple[int, int]] | None = None,
) -> Iterator[tuple[str, Estimate]]:
    """Estimates for each dataset, beginning with what the rules state. reread: as Knowledge.rereadings gives it."""
    for dataset, compared in sorted(found.items()):
        matrix = {
            source: rules.reliability(source, dataset)
            for source in {answer.source for answer in compared.answers} - {LATER}
            if dataset in rules.sources[source].datasets
        }
        yield (
            dataset,
            estimate_reliability(
                compared.answers, compared.checks, matrix=matrix, rereadings=_of_readers(dataset, rules, reread or {})
            ),
        )


def _of_readers(dataset: str, rules: Rules, reread: Mapping[tuple[str, str], tuple[int, int]]) -> dict[str, Rereadings]:
    """Reader, named by the provider whose replies it reads -> how often it was found to have misread this dataset."""
    counted: dict[str, Rereadings] = {}
    for (source, of_dataset), (read, misread) in reread.items():
        if of_dataset == dataset and source in rules.sources:
            before = counted.get(rules.sources[source].provider, Rereadings(0, 0))
            counted[rules.sources[source].provider] = Rereadings(before.read + read, before.misread + misread)
    return counted
