"""Say that a value of a company is wrong, and what is right; list that, take it back."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from service.answers import verdicts
from service.http.access import Enricher, Reader
from service.http.bodies import Body, Named
from service.installation.state import Installed
from service.problems import BODY, problems
from service.views.verdicts import VerdictsView, VerdictView

router = APIRouter(prefix="/v1/companies/{key}/verdicts", tags=["verdicts"])
CompanyKey = Annotated[str, Path(min_length=1, max_length=300, description="As `key` of a company: tesla.com")]
VerdictId = Annotated[str, Path(min_length=1, max_length=60)]
Value = Annotated[str, Field(min_length=1, max_length=20_000)] | dict[str, Any]


class VerdictBody(Body):
    """wrong: left out: the value that is served. right: left out: only that the other one is wrong is known."""

    dataset: Named = Field(examples=["employee_count"])
    because: Annotated[str, Field(min_length=1, max_length=2_000, pattern=r"\S")]
    wrong: Value | None = Field(None, description="As text, or with all its fields", examples=["1,200"])
    right: Value | None = Field(None, examples=["5,200", {"low": 5200, "high": 5200}])


@router.post("", status_code=201, responses=problems("not_found", "nothing_to_judge", *BODY))
async def judge(key: CompanyKey, body: VerdictBody, caller: Enricher, state: Installed) -> VerdictView:
    """State a verdict. It wins over vendors, whatever they report later, until it is withdrawn.

    Nothing is bought for it.
    """

    def given() -> VerdictView:
        return verdicts.given(
            key,
            body.dataset,
            because=body.because,
            wrong=body.wrong,
            right=body.right,
            caller=caller,
            state=state,
        )

    return await run_in_threadpool(given)


@router.get("", responses=problems("not_found"))
async def verdicts_of(key: CompanyKey, _caller: Reader, state: Installed) -> VerdictsView:
    """The verdicts on a company, the latest first, withdrawn ones too."""
    return VerdictsView(verdicts=await run_in_threadpool(verdicts.verdicts_of, key, state))


@router.delete("/{verdict_id}", responses=problems("not_found", "already_ended"))
async def withdraw(key: CompanyKey, verdict_id: VerdictId, caller: Enricher, state: Installed) -> VerdictView:
    """What vendors report of the value counts again. By the key that gave it, or by an admin."""
    return await run_in_threadpool(verdicts.taken_back, key, verdict_id, caller, state)
