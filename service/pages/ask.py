"""Ask: a seller opens a research session, or goes on with one."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError

from enrichment.identity.domains import NotACompany
from service.answers import sessions
from service.http.error_answers import invalid
from service.pages.visit import PageEnricher, PageReader, Visit
from service.problems import ApiProblem, problem_of
from service.routes.sessions import SessionBody
from service.views.money import micro
from service.views.sessions import NextQuestionView

router = APIRouter()
_SHOWN = 12
_BUDGET = "3.00"
_PERSONA = ("name", "role", "company", "sells")


@router.get("/")
async def ask(visit: PageReader, question: Annotated[str, Query(max_length=2_000)] = "") -> Response:
    """question: what is written into the form already."""
    return await _page(visit, question=question)


@router.post("/sessions")
async def open_session(visit: PageEnricher) -> Response:
    """Opens a session and leads to it, where its first question is answered."""
    try:
        body = SessionBody.model_validate(
            {
                "persona": {part: visit.text(part) for part in _PERSONA},
                "budget_usd": visit.text("budget_usd") or None,
                "question": visit.text("question") or None,
            }
        )
        made, _ = await run_in_threadpool(
            sessions.opened,
            body.persona.persona(),
            micro(body.budget_usd),
            body.question,
            visit.by,
            visit.state,
            visit.once(),
        )
    except ValidationError as error:
        return await _page(visit, problem=invalid(error.errors()))
    except (ApiProblem, NotACompany) as error:
        return await _page(visit, problem=problem_of(error))
    visit.state.session_runs.poll_soon()
    return visit.to(f"/sessions/{made.id}")


async def _worth_asking(session_id: str, visit: Visit) -> Sequence[NextQuestionView]:
    """What the latest session offers: after its last answer, or to begin with."""
    view = await run_in_threadpool(sessions.view_of, session_id, visit.by, visit.state)
    return (await sessions.with_next_questions(view, visit.by, visit.state)).next_questions


async def _page(visit: Visit, *, problem: ApiProblem | None = None, question: str = "") -> Response:
    """problem: why what was sent did not do; what was filled in stays."""
    found = await run_in_threadpool(sessions.listed, visit.by, visit.state)
    latest = found.sessions[0] if found.sessions else None
    persona = await run_in_threadpool(sessions.persona_of, visit.by, visit.state)
    filled: dict[str, Any] = {"budget_usd": _BUDGET, "question": question}
    filled |= dict.fromkeys(_PERSONA, "") if persona is None else dict(persona)
    if problem is not None:
        filled |= {part: visit.text(part) for part in filled}
    return visit.page(
        "ask.html",
        status=200 if problem is None else 422,
        sessions=found.sessions[:_SHOWN],
        filled=filled,
        worth_asking=[] if latest is None else await _worth_asking(latest.id, visit),
        problem=problem,
        once=visit.new_once(),
    )
