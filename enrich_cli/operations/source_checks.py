"""Are the vendors fit to use: one free call each, and what keeps a source from being asked now.

credentials -> AccountStatus per provider + outages + suspensions -> SourceChecks
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from enrich_cli.bootstrap import settings_and_rules
from enrichment.domain.purchases import Outage, Suspension
from enrichment.rules import Rules
from resources.clock import utc_now
from resources.providers.vendor_client import AccountStatus
from resources.settings import SettingsError
from resources.uncertain_purchases import account_statuses
from resources.wiring import endpoints_of, open_store_of, why_not_asked

_MODELS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class SourceChecks:
    """missing: provider -> why it cannot be asked: credentials to set, or no client.

    error: no provider could be asked at all.
    """

    rules: Rules
    statuses: tuple[AccountStatus, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    outages: Mapping[str, Outage] = field(default_factory=dict)
    suspensions: tuple[Suspension, ...] = ()
    error: SettingsError | None = None

    @property
    def all_usable(self) -> bool:
        return not self.suspensions and all(status.ok is not False for status in self.statuses)


def check_sources(*, sandbox: bool) -> SourceChecks:
    """A provider that answers ends its outage: every process asks it again.

    Raises SettingsError, StoreError; where only credentials are missing, it is in the result.
    """
    settings, rules = settings_and_rules(sandbox=sandbox)
    try:
        endpoints, missing = endpoints_of(settings, rules)
    except SettingsError as error:
        missing = why_not_asked(settings, rules)
        if settings.sandbox or rules.providers.keys() != missing.keys():
            raise
        return SourceChecks(rules, missing=missing, error=error)
    statuses = [_with_models(one, rules) for one in asyncio.run(account_statuses(settings, rules, endpoints))]
    store = open_store_of(settings)
    try:
        outages, suspensions = store.provider_health.unavailable(utc_now())
        for status in statuses:
            if status.ok and not store.database.read_only:
                store.provider_health.record_answer(status.provider)
    finally:
        store.close()
    return SourceChecks(rules, tuple(statuses), missing, outages, tuple(suspensions.values()))


def _with_models(status: AccountStatus, rules: Rules) -> AccountStatus:
    """The status, with a problem if an analysis names a model that the vendor does not serve."""
    wanted = {one.model for one in rules.analyses.values() if rules.provider_of_model(one.model) == status.provider}
    lacking = sorted(wanted - status.models) if status.models is not None else []
    if not lacking:
        return status
    served = ", ".join(sorted(status.models or ())[:_MODELS_SHOWN]) or "none"
    sentence = (
        f"{status.provider} accepts the key, but does not serve {', '.join(lacking)} (it serves {served}): name one of "
        "these in config/analyses.yaml, with its price in config/providers.yaml, or serve yours under that name."
    )
    return replace(status, ok=False, sentence=sentence, problem="model not served")
