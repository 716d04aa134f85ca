"""Read the vendors' accounts as a job, and record what ledger_matches_accounts finds in the readings.

read_accounts (readings stored, uncertain purchases settled or released) -> log lines, one check evaluation
"""

import asyncio

import dagster as dg

from enrichment.ports import StoreError
from enrichment.purchasing.reconciliation import in_words
from enrichment_assets.checks import accounts_evaluation
from resources.dagster_resources.enrichment import EnrichmentResource
from resources.settings import SettingsError
from resources.uncertain_purchases import read_accounts


@dg.op(description="One free call to each vendor; nothing is bought.")
def ask_vendors(context: dg.OpExecutionContext, enrichment: EnrichmentResource) -> None:
    try:
        with enrichment.store() as store:
            looks = asyncio.run(read_accounts(enrichment.settings(), enrichment.rules(), store))
    except (StoreError, SettingsError) as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    for look in looks:
        sentence = look.status.sentence if look.comparison is None else in_words(look.comparison)
        ended = f"{len(look.conclusion.settle)} purchases settled, {len(look.conclusion.release)} released"
        context.log.info(f"{look.status.provider}: {sentence}; {ended}")
    comparisons = [look.comparison for look in looks if look.comparison is not None]
    context.instance.report_runless_asset_event(accounts_evaluation(comparisons))


@dg.job(name="read_accounts", description="Reads our accounts at the vendors and compares them with the ledger.")
def read_accounts_job() -> None:
    ask_vendors()
