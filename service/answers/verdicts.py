"""What people and agents say of values over the API: given, listed, withdrawn. Functions that block say so."""

from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Verdict
from enrichment.domain.values import Value, in_words
from enrichment.pipeline.verdicts import Judgement, Stated, judge, withdraw
from service.http.access import Caller
from service.http.bodies import asked_by
from service.installation.state import ServiceState
from service.problems import ApiProblem
from service.views.verdicts import StatedValueView, VerdictView


def company_of(key: str, state: ServiceState) -> Company:
    """The company with this key, a former key or another alias of it. Blocks. Raises ApiProblem."""
    company = state.store.companies.by_key(key)
    if company is None:
        raise ApiProblem("not_found", f"No company '{key[:60]}' is registered: /v1/companies?query= finds companies.")
    return company


def given(
    key: str,
    dataset: str,
    *,
    because: str,
    wrong: Stated | None,
    right: Stated | None,
    caller: Caller,
    state: ServiceState,
) -> VerdictView:
    """Records a verdict. Blocks. Raises ApiProblem, UnknownName, NotAValue, NothingToJudge, OtherVerdict."""
    company = company_of(key, state)
    verdict = judge(
        company,
        Judgement(dataset, because, asked_by(caller), wrong, right),
        rules=state.in_force.rules,
        store=state.store,
        now=state.now(),
        may_change=lambda verdict: _may_change(verdict, caller),
    )
    return verdict_view(verdict, company)


def verdicts_of(key: str, state: ServiceState) -> list[VerdictView]:
    """Withdrawn ones too, the latest first. Blocks. Raises ApiProblem."""
    company = company_of(key, state)
    return [verdict_view(one, company) for one in reversed(state.store.verdicts.of(company.company_id))]


def taken_back(key: str, verdict_id: str, caller: Caller, state: ServiceState) -> VerdictView:
    """Withdraws a verdict. Blocks. Raises ApiProblem if there is none, it is another key's, or it is withdrawn."""
    company, verdict = company_of(key, state), state.store.verdicts.by_id(verdict_id)
    if verdict is None or verdict.company_id != company.company_id:
        raise ApiProblem("not_found", f"There is no verdict {verdict_id[:60]} on {company.key}.")
    if not _may_change(verdict, caller):
        raise ApiProblem("not_allowed", f"{verdict_id} was given by {verdict.by}: that key or an admin withdraws it.")
    if not withdraw(verdict, by=asked_by(caller), rules=state.in_force.rules, store=state.store, now=state.now()):
        raise ApiProblem("already_ended", f"{verdict_id} is withdrawn already: nothing was changed.")
    kept = state.store.verdicts.by_id(verdict_id)
    return verdict_view(kept or verdict, company)


def _may_change(verdict: Verdict, caller: Caller) -> bool:
    """A verdict counts until its own key, or an admin, withdraws it or says otherwise."""
    return verdict.by == asked_by(caller) or caller.allows("admin")


def verdict_view(verdict: Verdict, company: Company) -> VerdictView:
    return VerdictView(
        id=verdict.verdict_id,
        company=company.key,
        dataset=verdict.dataset,
        wrong=_stated(verdict.wrong),
        right=_stated(verdict.right),
        because=verdict.because,
        sources=list(verdict.sources),
        by=verdict.by,
        at=verdict.at,
        withdrawn_at=verdict.withdrawn_at,
        withdrawn_by=verdict.withdrawn_by,
    )


def _stated(value: Value | None) -> StatedValueView | None:
    if value is None:
        return None
    fields = value.model_dump(mode="json")
    return StatedValueView(text=in_words(fields), value=fields)
