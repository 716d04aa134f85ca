"""What people say of values, as asked for on the command line: a verdict given, listed, withdrawn."""

from collections.abc import Sequence
from dataclasses import dataclass

from enrich_cli.bootstrap import opened_store
from enrich_cli.companies.company_events import registered
from enrich_cli.errors import UsageError
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Verdict
from enrichment.pipeline.verdicts import Judgement, judge, withdraw
from resources.clock import utc_now

BY = "cli"


@dataclass(frozen=True, slots=True)
class ListedVerdict:
    verdict: Verdict
    company: Company | None


def rejected(
    text: str, dataset: str, wrong: str | None, *, because: str, right: str | None, sandbox: bool
) -> ListedVerdict:
    """Raises UsageError, NotACompany, AmbiguousCompany, UnknownName, NotAValue, NothingToJudge, StoreError."""
    with opened_store(sandbox=sandbox) as (_, rules, store):
        company, now = registered(text, store), utc_now()
        judgement = Judgement(dataset, because, BY, wrong, right)
        verdict = judge(company, judgement, rules=rules, store=store, now=now)
        return ListedVerdict(verdict, company)


def listed_verdicts(text: str | None, *, sandbox: bool) -> Sequence[ListedVerdict]:
    """Verdicts, withdrawn ones too, the latest first. Raises UsageError, NotACompany, AmbiguousCompany, StoreError."""
    with opened_store(sandbox=sandbox) as (_, _, store):
        if text is None:
            found = store.verdicts.latest()
        else:
            found = list(reversed(store.verdicts.of(registered(text, store).company_id)))
        companies = {id_: store.companies.by_id(id_) for id_ in {verdict.company_id for verdict in found}}
        return [ListedVerdict(verdict, companies[verdict.company_id]) for verdict in found]


def withdrawn(verdict_id: str, *, sandbox: bool) -> None:
    """Raises UsageError, StoreError."""
    with opened_store(sandbox=sandbox) as (_, rules, store):
        verdict = store.verdicts.by_id(verdict_id)
        if verdict is None:
            raise UsageError(f"There is no verdict {verdict_id}: `enrich verdicts list` shows those there are.")
        if not withdraw(verdict, by=BY, rules=rules, store=store, now=utc_now()):
            raise UsageError(f"{verdict_id} is withdrawn already; nothing was changed.")
