"""Bright Data's Web Unlocker: one page per request. The outer status is 200 even when the page could not be fetched.

POST /request {zone, url, format: raw | json} -> the page, charged; or x-brd-error-code and an empty body, free
"""

import re

from starlette.responses import Response

from sandbox.calls.request import VendorRequest, respond
from sandbox.companies.catalogue import CatalogueCompany
from sandbox.companies.topics import HOST, article_page
from sandbox.website.pages import SOURCE, Website

_HTML = {"content-type": "text/html; charset=utf-8"}
_MISSING_PAGE = "<!doctype html><html><head><title>404</title></head><body><h1>Page not found</h1></body></html>"
_SCRIPT = re.compile(r"<(script|style)\b.*?</\1>|<head>.*?</head>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_ADDRESS = re.compile(r"^https?://([^/?#]+)([^?#]*)")


def unlock(request: VendorRequest) -> Response:
    if not request.text("zone"):
        return respond(400, {"error": "zone is required"})
    address = _ADDRESS.match(request.text("url"))
    if address is None:
        return respond(400, {"error": "url must be a valid http or https address"})
    return _article(request, address[2]) if address[1] == HOST else _page_of_site(request, address[1], address[2])


def _page_of_site(request: VendorRequest, host: str, path: str) -> Response:
    company = request.context.catalogue.by_domain(host)
    if company is None:
        return _failed(request, "net_err_name_not_resolved", "the host name could not be resolved")
    if not request.knows(SOURCE, company):
        return _failed(request, "http_status", "the site answered 403 to every attempt")
    page = _site(request, company).page(path)
    if page is None:
        return _delivered(request, 404, _MISSING_PAGE)
    request.bill("page", 1, request.text("url"))
    return _delivered(request, 200, _markdown(page) if request.text("data_format") == "markdown" else page)


def _article(request: VendorRequest, path: str) -> Response:
    page = article_page(request.context.seed, request.context.catalogue, path)
    if page is None:
        return _delivered(request, 404, _MISSING_PAGE)
    request.bill("page", 1, request.text("url"))
    return _delivered(request, 200, page)


def _site(request: VendorRequest, company: CatalogueCompany) -> Website:
    return Website(request.context, company, lambda dataset: request.has(SOURCE, dataset, company))


def _delivered(request: VendorRequest, status: int, page: str) -> Response:
    marked = {"x-brd-status-code": str(status)}
    if request.text("format") == "json":
        return respond(200, {"status_code": status, "headers": _HTML, "body": page}, marked)
    return Response(page, 200, {**_HTML, **marked})


def _failed(request: VendorRequest, code: str, message: str) -> Response:
    marked = {"x-brd-error": message, "x-brd-error-code": code}
    if request.text("format") == "json":
        return respond(200, {"status_code": 502, "headers": marked, "body": ""}, marked)
    return Response(b"", 200, marked)


def _markdown(page: str) -> str:
    text = _TAG.sub(" ", _SCRIPT.sub(" ", page).replace("<li", "\n- <li").replace("<h1", "\n# <h1"))
    return re.sub(r"[ \t]+", " ", text).strip()
