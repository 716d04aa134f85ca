"""The page: routes that answer with HTML, drawn on the server from the same functions as the JSON routes.

Each view is a file with a `router`, its templates in templates/, and its line in PAGES; what it says, JSON says too.
"""

from fastapi import APIRouter

from service.pages import ask, batches, companies, company, enrichment, operations, session, sign_in, static_files

PAGES: tuple[APIRouter, ...] = (
    ask.router,
    companies.router,
    company.router,
    batches.router,
    operations.router,
    enrichment.router,
    session.router,
    sign_in.router,
    static_files.router,
)
