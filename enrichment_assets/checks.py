"""Checks as sentences: is this profile complete, good enough, fresh; are all of them; does spend reconcile.

per company: of the profile that Dagster shows for the partition;  over all: of the published warehouse
of money: warehouse against store, payers and beneficiaries, store against the vendors' accounts, suspended sources
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import dagster as dg

from enrichment.domain.profiles import Profile
from enrichment.planning.skip_reasons import because
from enrichment.ports import Store
from enrichment.profiles.document import missing
from enrichment.purchasing.reconciliation import Agreement, BalanceComparison, compare, in_words, number
from enrichment.rules import Rules
from enrichment_assets.asset_specs import profile_key
from enrichment_assets.events.materializations import latest_materialization
from enrichment_assets.ledger_checks import book_differences, who_paid_differences
from enrichment_assets.marts import mart_key
from enrichment_assets.partitions import companies
from enrichment_assets.run_config import partition_keys
from resources.clock import utc_now
from resources.dagster_resources.enrichment import EnrichmentResource
from resources.warehouse import Warehouse

Offenders = Sequence[tuple[str, ...]]
_MOST_OFFENDERS = 100
_SENTENCES: Mapping[str, str] = {
    "profile_is_complete": "every required dataset is satisfied",
    "quality_is_above_threshold": "its quality is at least what the consumer asks for",
    "facts_are_fresh": "every value in it is still fresh",
}


def profile_checks(rules: Rules) -> list[dg.AssetChecksDefinition]:
    """The checks of each profile asset: three sentences about the company of the partition."""
    return [_profile_check(consumer) for consumer in rules.consumers]


def mart_checks() -> list[dg.AssetChecksDefinition]:
    """The same checks over all companies, and whether ledger and vendors' accounts agree."""
    return [
        _all_profiles_check(),
        ledger_equals_settled_purchases,
        who_paid_who_benefits,
        ledger_matches_accounts,
        no_source_is_suspended,
    ]


def _profile_check(consumer: str) -> dg.AssetChecksDefinition:
    key = profile_key(consumer)
    specs = [_company_check_spec(key, name, sentence) for name, sentence in _SENTENCES.items()]

    @dg.multi_asset_check(name=f"{consumer}_checks", specs=specs)
    def check(context: dg.AssetCheckExecutionContext, enrichment: EnrichmentResource) -> Iterator[dg.AssetCheckResult]:
        step = context.op_execution_context
        rules = enrichment.rules()
        with enrichment.store() as store:
            profiles = [(c, _shown_profile(store, step.instance, key, c)) for c in partition_keys(step)]
        threshold = rules.consumers[consumer].min_quality
        for name, find in _FINDERS.items():
            offenders = [(company, *found) for company, p in profiles for found in find(p, threshold, utc_now())]
            yield check_result(key, name, offenders, header=("company", "dataset", "why"))

    return check


def evaluations_of(consumer: str, profiles: Mapping[str, Profile], rules: Rules) -> list[dg.AssetCheckEvaluation]:
    """The three sentences about each of these companies, key -> profile, as the checks of one company find them.

    For a run over many companies: Dagster then skips checks, since no output is of all of them.
    """
    threshold, now = rules.consumers[consumer].min_quality, utc_now()
    found = (
        (company, name, [(company, *one) for one in find(profile, threshold, now)])
        for company, profile in profiles.items()
        for name, find in _FINDERS.items()
    )
    return [
        dg.AssetCheckEvaluation(
            asset_key=profile_key(consumer),
            check_name=name,
            passed=not offenders,
            severity=dg.AssetCheckSeverity.WARN,
            metadata=_offending(offenders, header=("company", "dataset", "why")),
            partition=company,
        )
        for company, name, offenders in found
    ]


def _company_check_spec(key: dg.AssetKey, name: str, sentence: str) -> dg.AssetCheckSpec:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)  # checks by partition are new; the lock file pins Dagster
        return dg.AssetCheckSpec(name, asset=key, description=f"Of this company: {sentence}.", partitions_def=companies)


def _shown_profile(store: Store, instance: dg.DagsterInstance, key: dg.AssetKey, company: str) -> Profile | None:
    shown = latest_materialization(instance, key, company)
    profile_id = None if shown is None else shown.metadata.get("profile_id")
    return store.profiles.by_id(str(profile_id.value)) if profile_id is not None else None


def _incomplete(profile: Profile | None, threshold: float, now: datetime) -> Iterator[tuple[str, str]]:  # noqa: ARG001
    if profile is None:
        yield "", "there is no profile yet"
        return
    yield from missing(profile.document).items()


def _below_threshold(profile: Profile | None, threshold: float, now: datetime) -> Iterator[tuple[str, str]]:  # noqa: ARG001
    if profile is not None and profile.quality < threshold:
        yield "", f"quality {profile.quality:.2f} is below {threshold:.2f}"


def _expired(profile: Profile | None, threshold: float, now: datetime) -> Iterator[tuple[str, str]]:  # noqa: ARG001
    for dataset, field in {} if profile is None else profile.document["datasets"].items():
        ended = [v["holds_until"] for v in field["values"] if datetime.fromisoformat(v["holds_until"]) <= now]
        if ended:
            yield dataset, f"{len(ended)} of {len(field['values'])} values ran out, the first at {min(ended)}"


_FINDERS: Mapping[str, Callable[[Profile | None, float, datetime], Iterator[tuple[str, str]]]] = {
    "profile_is_complete": _incomplete,
    "quality_is_above_threshold": _below_threshold,
    "facts_are_fresh": _expired,
}


def _all_profiles_check() -> dg.AssetChecksDefinition:
    key = mart_key("company_profiles")
    specs = [
        dg.AssetCheckSpec(name, asset=key, description=f"Of every latest profile: {sentence}.")
        for name, sentence in _SENTENCES.items()
    ]

    @dg.multi_asset_check(name="company_profiles_checks", specs=specs)
    def check(enrichment: EnrichmentResource) -> Iterator[dg.AssetCheckResult]:
        minimum = {name: consumer.min_quality for name, consumer in enrichment.rules().consumers.items()}
        warehouse = enrichment.warehouse()
        rows = warehouse.ask(
            "SELECT company_key, consumer, missing, quality FROM marts.company_profiles ORDER BY ALL"
        ).rows
        offenders: dict[str, Offenders] = {
            "profile_is_complete": [(str(r[0]), str(r[1]), f"missing {_listed(r[2])}") for r in rows if r[2]],
            "quality_is_above_threshold": [
                (str(r[0]), str(r[1]), f"quality {r[3]:.2f}") for r in rows if _real(r[3]) < minimum.get(str(r[1]), 0)
            ],
            "facts_are_fresh": _profiles_with_expired_values(warehouse, utc_now()),
        }
        for name, found in offenders.items():
            yield check_result(key, name, found, header=("company", "consumer", "why"))

    return check


def _profiles_with_expired_values(warehouse: Warehouse, now: datetime) -> Offenders:
    """Looks at the values: an incomplete profile expires at once, to be made anew, though its values are fresh."""
    rows = warehouse.ask(
        "SELECT company_key, consumer, min(holds_until) FROM marts.field_provenance"
        " GROUP BY profile_id, company_key, consumer ORDER BY ALL"
    ).rows
    utc = now.replace(tzinfo=None)  # the warehouse keeps UTC without a time zone
    return [
        (str(key), str(consumer), f"its first value ran out at {first}")
        for key, consumer, first in rows
        if isinstance(first, datetime) and first <= utc
    ]


@dg.asset_check(
    asset=mart_key("purchases"),
    description="Published spend and the settled purchases are the same money and units.",
)
def ledger_equals_settled_purchases(enrichment: EnrichmentResource) -> dg.AssetCheckResult:
    with enrichment.store() as store:
        units, total = (
            store.ledger_queries.settled_units(),
            Decimal(store.ledger_queries.totals().cost_micro_usd) / 1_000_000,
        )
    differences = book_differences(enrichment.warehouse(), units, total)
    return check_result(
        mart_key("purchases"),
        "ledger_equals_settled_purchases",
        differences,
        header=("what", "ledger", "settled purchases"),
        severity=dg.AssetCheckSeverity.ERROR,
    )


@dg.asset_check(
    asset=mart_key("savings"),
    description="Each settled purchase names its request, consumer and strategy, each cache read the purchase it used;"
    " requests cost what their purchases cost and save what their reads save, and payers and beneficiaries add up.",
)
def who_paid_who_benefits(enrichment: EnrichmentResource) -> dg.AssetCheckResult:
    return check_result(
        mart_key("savings"),
        "who_paid_who_benefits",
        who_paid_differences(enrichment.warehouse()),
        header=("what", "why"),
        severity=dg.AssetCheckSeverity.ERROR,
    )


@dg.asset_check(
    asset=mart_key("purchases"),
    description="By the newest readings, no vendor billed more or less than the ledger explains. The job read_accounts"
    " takes readings; the check calls no vendor.",
)
def ledger_matches_accounts(enrichment: EnrichmentResource) -> dg.AssetCheckResult:
    with enrichment.store() as store:
        newest = [
            compare(read[0], read[1:])
            for name in enrichment.rules().providers
            if (read := store.balance_readings.readings(name))
        ]
    evaluation = accounts_evaluation(newest)
    return dg.AssetCheckResult(passed=evaluation.passed, severity=evaluation.severity, metadata=evaluation.metadata)


def accounts_evaluation(comparisons: Sequence[BalanceComparison]) -> dg.AssetCheckEvaluation:
    """What ledger_matches_accounts finds in these readings."""
    drifted = [
        (
            one.now.provider,
            f"{one.now.at:%Y-%m-%d %H:%M} UTC",
            f"{number(one.unexplained)} {one.now.unit}",
            in_words(one),
        )
        for one in comparisons
        if one.agreement is Agreement.DRIFT
    ]
    return dg.AssetCheckEvaluation(
        asset_key=mart_key("purchases"),
        check_name="ledger_matches_accounts",
        passed=not drifted,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "readings": dg.MetadataValue.int(len(comparisons)),
            **_offending(drifted, header=("vendor", "read", "drift", "why")),
        },
    )


@dg.asset_check(
    asset=mart_key("purchases"),
    description="No source is suspended because its vendor billed more than the rules allow.",
)
def no_source_is_suspended(enrichment: EnrichmentResource) -> dg.AssetCheckResult:
    with enrichment.store() as store:
        suspended = [(one.source, one.purchase_id, because(one)) for one in store.provider_health.suspensions()]
    return check_result(
        mart_key("purchases"),
        "no_source_is_suspended",
        suspended,
        header=("source", "purchase", "why, and how to lift it"),
        severity=dg.AssetCheckSeverity.ERROR,
    )


def check_result(
    key: dg.AssetKey,
    name: str,
    offenders: Offenders,
    *,
    header: tuple[str, ...],
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.WARN,
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=not offenders,
        asset_key=key,
        check_name=name,
        severity=severity,
        metadata=_offending(offenders, header=header),
    )


def _offending(offenders: Offenders, *, header: tuple[str, ...]) -> dict[str, dg.MetadataValue]:
    metadata: dict[str, dg.MetadataValue] = {"offenders": dg.MetadataValue.int(len(offenders))}
    if offenders:
        rows = ["| " + " | ".join(one) + " |" for one in [header, ("---",) * len(header), *offenders[:_MOST_OFFENDERS]]]
        metadata["which"] = dg.MetadataValue.md("\n".join(rows))
    return metadata


def _listed(names: object) -> str:
    return ", ".join(map(str, names)) if isinstance(names, list) else str(names)


def _real(number: object) -> float:
    return float(str(number))
