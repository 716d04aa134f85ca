"""What came of an experiment so far: a sum of its metric for each arm, of the companies in it.

spend.requests since it began, by company and the arm on record -> ArmResult of each arm;  verdict: ahead or not, guards
"""

from collections import defaultdict
from dataclasses import dataclass

import duckdb

from enrichment.learning.off_policy import IfAll, LoggedCompany, if_all
from enrichment.learning.sequential_test import ERROR, ArmComparison, ArmSum, compare_arms
from enrichment.rules import Rules
from enrichment.rules.experiments import Experiment

_BY_COMPANY = """
SELECT
    json_extract_string(r.plan, '$.arm.name') AS arm, CAST(sum(r.cost_usd) AS DOUBLE),
    avg(CAST(r.state = 'complete' AS INTEGER)), count(*) FILTER (r.state = 'complete'), avg(coalesce(p.quality, 0)),
    avg(epoch(r.finished_at - r.asked_at)), count(*),
    CAST(sum(list_sum(CAST(json_extract(p.document, '$.analyses.*.claims_kept') AS BIGINT[]))) AS DOUBLE)
FROM spend.requests AS r LEFT JOIN layers.profiles AS p USING (profile_id)
WHERE
    json_extract_string(r.plan, '$.arm.experiment') = ? AND r.consumer = ? AND r.asked_at >= CAST(? AS TIMESTAMP)
    AND r.state IN ('complete', 'incomplete', 'refused')
GROUP BY r.company_id, arm ORDER BY r.company_id, arm
"""

_LOGGED = """
WITH kinds AS (
    SELECT request_id, arg_min(coalesce(industry_group, '') || ', ' || coalesce(size_band, ''), decision_id) AS kind
    FROM build.decisions GROUP BY request_id
)
SELECT
    json_extract_string(r.plan, '$.arm.name') AS arm,
    CAST(json_extract(r.plan, '$.arm.chance') AS DOUBLE) AS chance, coalesce(min_by(k.kind, r.asked_at), '') AS kind,
    CAST(sum(r.cost_usd) AS DOUBLE)
FROM spend.requests AS r LEFT JOIN kinds AS k USING (request_id)
WHERE
    json_extract_string(r.plan, '$.arm.experiment') = ? AND r.consumer = ? AND r.asked_at >= CAST(? AS TIMESTAMP)
    AND r.state IN ('complete', 'incomplete', 'refused')
GROUP BY r.company_id, arm, chance ORDER BY r.company_id, arm, chance
"""


@dataclass(frozen=True, slots=True)
class ArmResult:
    """A company is one observation. beside: compared with the first arm; None for that one, and without companies.

    to_stop: why a guard of the experiment says so. if_all: USD that all companies of the experiment would have cost.
    """

    companies: int
    metric: ArmSum | None
    beside: ArmComparison | None
    to_stop: str | None
    if_all: IfAll | None


def experiment_results(connection: duckdb.DuckDBPyConnection, rules: Rules, name: str) -> dict[str, ArmResult]:
    """The results in a published warehouse, for each arm of the experiment."""
    experiment = rules.experiments[name]
    rows: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    asked = [name, experiment.consumer, experiment.since]
    found = connection.execute(_BY_COMPANY, asked).fetchall()
    logged = [LoggedCompany(*row) for row in connection.execute(_LOGGED, asked).fetchall()]
    for arm, *figures in found:
        rows[arm].append(tuple(float(figure or 0) for figure in figures))
    sums = {arm: _metric(experiment, rows[arm]) for arm in experiment.arms}
    first = sums[next(iter(experiment.arms))]
    return {
        arm: ArmResult(
            companies=len(rows[arm]),
            metric=of_arm,
            beside=_beside(first, of_arm, of=len(sums) - 1),
            to_stop=_to_stop(experiment, rows[arm]),
            if_all=if_all(logged, arm),
        )
        for arm, of_arm in sums.items()
    }


def _beside(first: ArmSum | None, other: ArmSum | None, *, of: int) -> ArmComparison | None:
    """of: so many comparisons share the chance that one of them names a winner where there is none."""
    return None if first is None or other is None or other is first else compare_arms(first, other, error=ERROR / of)


def _metric(experiment: Experiment, rows: list[tuple[float, ...]]) -> ArmSum | None:
    """None: there is nothing to take a mean of yet."""
    if not rows:
        return None
    cost, _, complete, quality, seconds, requests, claims = (list(column) for column in zip(*rows, strict=True))
    match experiment.metric:
        case "cost":
            return ArmSum.of_ratio(cost, requests)
        case "cost_per_complete_profile":
            return ArmSum.of_ratio(cost, complete) if sum(complete) else None
        case "quality":
            return ArmSum.of(quality)
        case "kept_claims":
            return ArmSum.of_ratio(claims, requests)
        case "seconds":
            return ArmSum.of(seconds)


def _to_stop(experiment: Experiment, rows: list[tuple[float, ...]]) -> str | None:
    guard = experiment.guard
    if not rows:
        return None
    error = ERROR / (2 * len(experiment.arms))
    if guard.least_complete is not None:
        complete = ArmSum.of([row[1] for row in rows])
        if compare_arms(_exactly(guard.least_complete, complete), complete, error=error).high < 0:
            return f"{complete.mean:.0%} of its profiles are complete, below {guard.least_complete:.0%}"
    if guard.most_usd is not None:
        cost = ArmSum.of_ratio([row[0] for row in rows], [row[5] for row in rows])
        if compare_arms(_exactly(guard.most_usd, cost), cost, error=error).low > 0:
            return f"a request of it costs {cost.mean:.4f} USD, above {guard.most_usd:.4f}"
    return None


def _exactly(bound: float, like: ArmSum) -> ArmSum:
    return ArmSum(like.count, bound, 0.0)
