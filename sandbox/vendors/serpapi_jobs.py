"""SerpApi, engine google_jobs: ten postings a page, some of other companies; the next page by token.

(call, company) -> {jobs_results, filters, serpapi_pagination?}, or None: nothing found
"""

from sandbox.catalogue import Company
from sandbox.news import relative
from sandbox.postings import Posting, postings, technologies_named
from sandbox.request import Call, Json
from sandbox.seeded_random import shuffled
from sandbox.technologies import team_technologies

SOURCE = "serp_jobs"
PAGE = 10
_STRANGERS = 3


def job_results(call: Call, company: Company | None) -> Json | None:
    if company is None or not call.knows(SOURCE, company):
        return None
    rows = _own_rows(call, company) if call.has(SOURCE, "hiring_trends", company) else []
    others = shuffled(call.world.catalogue.companies, call.world.seed, "job others", company.domain)[:_STRANGERS]
    strangers = [_row(call, other, _postings(call, other, named=False)[0]) for other in others if other != company]
    rows = rows[:2] + strangers + rows[2:]
    start = _start_of(call.text("next_page_token"))
    page = rows[start : start + PAGE]
    if not page:
        return None
    body: Json = {"jobs_results": page, "filters": [_filter(call)]}
    if len(rows) > start + PAGE:
        body["serpapi_pagination"] = _paging(call, start + PAGE)
    return body


def _own_rows(call: Call, company: Company) -> list[Json]:
    named = call.has(SOURCE, "tech_stack", company)
    return [_row(call, company, posting) for posting in _postings(call, company, named=named)]


def _postings(call: Call, company: Company, *, named: bool) -> list[Posting]:
    world = call.world
    known = team_technologies(world.catalogue, world.seed, company)
    listed = technologies_named(world.seed, company, known, filled=named)
    return postings(world.seed, company, world.clock.today(), listed)


def _row(call: Call, company: Company, posting: Posting) -> Json:
    posted_at = relative(posting.posted, call.world.clock.today())
    apply = f"https://sandbox.example/jobs/{company.slug}/{posting.job_id[:8]}"
    return {
        "title": posting.title,
        "company_name": company.name,
        "location": posting.location,
        "via": "via Sandbox Jobs",
        "share_link": apply,
        "extensions": [posted_at, posting.schedule],
        "detected_extensions": {"posted_at": posted_at, "schedule_type": posting.schedule},
        "description": posting.description,
        "job_highlights": [{"title": "Qualifications", "items": ["Curiosity (sandbox, invented)"]}],
        "apply_options": [{"title": "Sandbox Jobs", "link": apply}],
        "job_id": posting.job_id,
    }


def _filter(call: Call) -> Json:
    query = f"{call.text('q')} since yesterday"
    return {"name": "Date posted", "options": [{"name": "Yesterday", "q": query, "uds": "sandbox"}]}


def _paging(call: Call, start: int) -> Json:
    page_token = f"sandbox-{start}"
    following = f"{call.base}/search.json?engine=google_jobs&next_page_token={page_token}"
    return {"next_page_token": page_token, "next": following}


def _start_of(page_token: str) -> int:
    number = page_token.removeprefix("sandbox-")
    return int(number) if number.isdigit() else 0
