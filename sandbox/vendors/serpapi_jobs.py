"""SerpApi, engine google_jobs: ten postings a page, some of other companies; the next page by token.

(request, company) -> {jobs_results, filters, serpapi_pagination?}, or None: nothing found
"""

from sandbox.calls.request import Json, VendorRequest
from sandbox.companies.catalogue import CatalogueCompany
from sandbox.companies.news import relative
from sandbox.companies.postings import Posting, postings, technologies_named
from sandbox.companies.technologies import team_technologies
from sandbox.seeded_random import shuffled

SOURCE = "serp_jobs"
PAGE = 10
_OTHERS = 3


def job_results(request: VendorRequest, company: CatalogueCompany | None) -> Json | None:
    if company is None or not request.knows(SOURCE, company):
        return None
    rows = _own_rows(request, company) if request.has(SOURCE, "hiring_trends", company) else []
    context = request.context
    others = shuffled(context.catalogue.companies, context.seed, "job others", company.domain)[:_OTHERS]
    foreign = [_row(request, other, _postings(request, other, named=False)[0]) for other in others if other != company]
    rows = rows[:2] + foreign + rows[2:]
    start = _start_of(request.text("next_page_token"))
    page = rows[start : start + PAGE]
    if not page:
        return None
    body: Json = {"jobs_results": page, "filters": [_filter(request)]}
    if len(rows) > start + PAGE:
        body["serpapi_pagination"] = _paging(request, start + PAGE)
    return body


def _own_rows(request: VendorRequest, company: CatalogueCompany) -> list[Json]:
    named = request.has(SOURCE, "tech_stack", company)
    return [_row(request, company, posting) for posting in _postings(request, company, named=named)]


def _postings(request: VendorRequest, company: CatalogueCompany, *, named: bool) -> list[Posting]:
    context = request.context
    known = team_technologies(context.catalogue, context.seed, company)
    listed = technologies_named(context.seed, company, known, filled=named)
    return postings(context.seed, company, context.clock.today(), listed)


def _row(request: VendorRequest, company: CatalogueCompany, posting: Posting) -> Json:
    posted_at = relative(posting.posted, request.context.clock.today())
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


def _filter(request: VendorRequest) -> Json:
    query = f"{request.text('q')} since yesterday"
    return {"name": "Date posted", "options": [{"name": "Yesterday", "q": query, "uds": "sandbox"}]}


def _paging(request: VendorRequest, start: int) -> Json:
    page_token = f"sandbox-{start}"
    following = f"{request.base}/search.json?engine=google_jobs&next_page_token={page_token}"
    return {"next_page_token": page_token, "next": following}


def _start_of(page_token: str) -> int:
    number = page_token.removeprefix("sandbox-")
    return int(number) if number.isdigit() else 0
