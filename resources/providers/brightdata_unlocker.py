"""Bright Data's Web Unlocker: pages of a website, or one of anybody's, one call each. Only a page that came is billed.

POST /request {zone, url} -> outer 200 always; x-brd headers carry the outcome -> {"page:/careers": html}
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from enrichment.domain.json_values import Json
from enrichment.parsing.site_pages import SITEMAP, pages_worth_reading, section_of
from enrichment.ports import (
    ClaimLost,
    CredentialsRejected,
    ProviderError,
    ProviderUnavailable,
    SourceAnswer,
    SourceQuery,
    Throttled,
    UnexpectedReply,
)
from resources.providers.call_session import CallSession
from resources.providers.http_call import FREE, HttpCall, HttpResponse, Lost
from resources.providers.response_reading import as_it_came
from resources.providers.vendor_client import Spec

_NOT_THERE = re.compile(r"^(dead_page|net_err_)", re.IGNORECASE)
_KEPT_OUT = re.compile(r"^(reject_block|captcha|http_status|expect_element|policy_)", re.IGNORECASE)
_MAY_BE_BILLED = " It may be billed all the same."
_FEW_SECTIONS = 3
_ADDRESS = re.compile(r"https?://[^\s/]+\.[^\s/]+(?:/\S*)?$", re.IGNORECASE)
_GONE = re.compile(r"\b(404|410)\b")


class UnlockSpec(Spec):
    """Pages of a company's site. further: how many pages besides the home page, found by its links or the sitemap."""

    call: Literal["unlock"]
    zone: str = Field(min_length=1)
    pages: tuple[Annotated[str, Field(pattern=r"^/")], ...] = Field(min_length=1)
    further: int = Field(0, ge=0, le=30)


class PageSpec(Spec):
    """One page of any site. url: an address, or a template with the topic of the question for it."""

    call: Literal["page"]
    zone: str = Field(min_length=1)
    url: str = Field(pattern=r"^(?:https?://|\{topic\}$)")


class _PageFailed(Exception):
    """kind: the error it would be for the whole question; UnexpectedReply: the site refused; None: no such page.

    billed: it was fetched, and only lost on its way to us.
    """

    def __init__(self, why: str, kind: type[ProviderError] | None, *, billed: bool = False) -> None:
        super().__init__(why)
        self.kind, self.billed = kind, billed


async def unlocked(question: SourceQuery, spec: UnlockSpec, session: CallSession, *, domain: str) -> SourceAnswer:
    """The pages that exist. No page at all is an answer too; a site that refuses all of them is an error."""
    payload: dict[str, Json] = {}
    failed: dict[str, _PageFailed] = {}
    uncertain = 0
    pages, paths = _Pages(question, spec, session), list(spec.pages)
    for page in paths:  # a fetched page may link to further pages
        if len(payload) + len(failed) >= question.max_units:
            break
        try:
            payload[f"page:{page}"] = await pages.html(f"https://{domain}{page}")
            paths += [one for one in _further(page, payload, spec, domain) if one not in paths]
        except _PageFailed as failure:
            failed[page] = failure
            session.units[question.unit] += failure.billed
            if failure.kind is Throttled:
                break
        except ClaimLost:
            raise
        except ProviderError as error:
            if not payload:
                raise
            uncertain += error.uncertain
            failed[page] = _PageFailed(f"{error}{_MAY_BE_BILLED if error.uncertain else ''}", type(error))
            break
    notes = [f"{page}: {failure}" for page, failure in failed.items()]
    first_failure = next((failure for failure in failed.values() if failure.kind), None)
    if first_failure and first_failure.kind and not payload:
        kept_out = first_failure.kind is UnexpectedReply and not first_failure.billed
        no_page = session.error(first_failure.kind, "; ".join(notes), advice=_kept_out(domain) if kept_out else None)
        no_page.lasting = kept_out
        raise no_page
    uncertain_units = {question.unit: uncertain} if uncertain else FREE
    answer = session.answer(found=bool(payload), payload=payload, notes=notes, uncertain_units=uncertain_units)
    return replace(answer, pages_used=tuple(pages.used))


async def one_page(question: SourceQuery, spec: PageSpec, session: CallSession) -> SourceAnswer:
    """A page that does not exist is an answer too; a site that refuses is an error that lasts."""
    address = question.topic if spec.url == "{topic}" else spec.url
    if not _ADDRESS.match(address):
        raise session.error(UnexpectedReply, f"no address of a page: {address[:100]!r}")
    pages = _Pages(question, spec, session)
    try:
        html = await pages.html(address)
    except _PageFailed as failure:
        session.units[question.unit] += failure.billed
        if failure.kind is None:
            return session.answer(found=False, payload={}, notes=[f"{address}: {failure}"])
        refused = session.error(failure.kind, str(failure))
        refused.lasting = failure.kind is UnexpectedReply and not failure.billed
        raise refused from None
    answer = session.answer(found=True, payload={f"page:{address}": html})
    return replace(answer, pages_used=tuple(pages.used))


def _further(page: str, payload: Mapping[str, Json], spec: UnlockSpec, domain: str) -> list[str]:
    """What to fetch after this page; the sitemap first, where the home page links to few sections."""
    if not spec.further or page not in ("/", SITEMAP):
        return []
    home, sitemap = str(payload.get("page:/", "")), str(payload.get(f"page:{SITEMAP}", ""))
    worth = pages_worth_reading(home, sitemap, domain, most=spec.further)
    is_poor = len({section_of(path) for path in worth}) < _FEW_SECTIONS
    return [SITEMAP, *worth] if page == "/" and is_poor else worth


def _kept_out(domain: str) -> str:
    return f"could not read {domain} ({{what}}): the site keeps it out, so leave this company to other sources."


class _Pages:
    """Pages by their addresses: those that came for another question, else fetched and billed."""

    def __init__(self, question: SourceQuery, spec: UnlockSpec | PageSpec, session: CallSession) -> None:
        self._question, self._zone, self._session = question, spec.zone, session
        self.used: list[str] = []

    async def html(self, address: str) -> str:
        """The page's HTML, fetched unless another question has it already. Raises _PageFailed."""
        if address in self._question.pages:
            self.used.append(address)
            return self._question.pages[address]
        asked = {"zone": self._zone, "url": address, "format": "raw", "method": "GET"}
        call = HttpCall("POST", "/request", json=asked, owed=None, repeatable=False, whole=False)
        response = await self._session.send(call, as_it_came)
        try:
            _let_through(response)
        except _PageFailed as failure:
            if failure.kind is Throttled:
                await self._session.slow_down(response)
            raise
        self._session.units[self._question.unit] += 1
        return response.text


def _let_through(response: HttpResponse) -> None:
    """Raises _PageFailed unless the page came, whatever the outer status."""
    headers = response.headers
    code = headers.get("x-brd-error-code") or headers.get("x-brd-err-code") or ""
    stated = headers.get("x-brd-error") or headers.get("x-brd-err-msg") or ""
    status = headers.get("x-brd-status-code", "200")
    if code or stated:
        gone = code.lower() == "http_status" and _GONE.search(f"{status} {stated}")
        raise _PageFailed(f"{code} {stated}".strip()[:120], None if gone else _kind(code))
    if status != "200":
        raise _PageFailed(f"it answered {status}", None if _GONE.search(status) else UnexpectedReply)
    if response.broken:
        raise _PageFailed(f"it was billed, but not read: {response.broken}", _lost_as(response.broken), billed=True)
    if not response.content.strip():
        raise _PageFailed("it came empty", UnexpectedReply)


def _lost_as(broken: Exception) -> type[ProviderError]:
    return ProviderUnavailable if isinstance(broken, Lost) else UnexpectedReply


def _kind(code: str) -> type[ProviderError] | None:
    if code == "sr_rate_limit":
        return Throttled
    if code.startswith("client_"):
        return CredentialsRejected
    if _KEPT_OUT.match(code):
        return UnexpectedReply
    return None if _NOT_THERE.match(code) else ProviderUnavailable
