"""Apollo: people of a company. The search is free and hides names; a credit per person matched.

POST mixed_people/api_search -> ids -> POST people/bulk_match -> {"search": body, "people": body}
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, TypeAdapter

from enrichment.domain.json_values import Json
from enrichment.domain.numbers import in_number
from enrichment.ports import (
    KeepHandle,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    SourceAnswer,
    SourceQuery,
    UnexpectedReply,
)
from resources.providers.call_session import CallSession, refusal_by_status
from resources.providers.http_call import HttpCall, HttpResponse
from resources.providers.response_reading import as_object
from resources.providers.units import plan_left, stated_units
from resources.providers.vendor_client import AccountStatus, ProviderClient, Spec

_ROOT = "/api/v1"
_LOOKED_AT = 25  # rows of the free search, so that people with an address can be preferred
_MOST_MATCHED = 10  # people in one bulk_match


class ApolloSpec(Spec):
    call: Literal["domain_contacts"]
    people: int = Field(ge=1, le=_MOST_MATCHED)
    seniorities: tuple[
        Literal[
            "owner", "founder", "c_suite", "partner", "vp", "head", "director", "manager", "senior", "entry", "intern"
        ],
        ...,
    ] = ()


class ApolloClient(ProviderClient[ApolloSpec]):
    """The base URL may end in /api/v1 or not."""

    name = "apollo"
    spec = TypeAdapter(ApolloSpec)
    may_bill = range(500, 600)  # a failure is never free, whatever the vendor writes in it

    def root(self, base_url: str) -> str:
        return super().root(base_url).removesuffix(_ROOT) + _ROOT

    def secret_headers(self) -> dict[str, str]:
        return {"x-api-key": self.credentials["api_key"]}

    def refusal(self, response: HttpResponse) -> type[ProviderError]:
        text = response.text[:2000].lower()
        used_up = response.status in (403, 422) and "credit" in text and "insufficient" in text
        return QuotaExhausted if used_up else refusal_by_status(response)

    def advice(self, response: HttpResponse) -> str | None:
        text = response.text[:2000]
        if response.status == 403 and "paid plan" in text:
            return "does not open this call to our plan ({what}): upgrade the plan, or turn apollo's sources off."
        if response.status == 403 and "API_INACCESSIBLE" in text:
            return "does not open this call to our key ({what}): widen the key's scope, or make it a master key."
        return None

    async def answer(
        self, question: SourceQuery, spec: ApolloSpec, session: CallSession, _keep_handle: KeepHandle
    ) -> SourceAnswer:
        search = await session.send(self._search(self.domain_of(question), spec), as_object)
        rows = search.get("people")
        if not isinstance(rows, list):
            raise session.error(UnexpectedReply, "a search without people")
        ids = _ids(rows)[: min(spec.people, question.max_units)]
        if not ids:
            return session.answer(found=False, payload={"search": search})
        details = {"details": [{"id": one} for one in ids]}
        match = HttpCall("POST", "/people/bulk_match", json=details, owed=None, repeatable=False)
        people = await session.send(match, as_object)
        session.units[question.unit] += self._credits(people, session)
        found = any(people["matches"])
        return session.answer(found=found, payload={"search": search, "people": people})

    async def account(self, session: CallSession) -> AccountStatus:
        # the vendor does not document this call, so only its answer about the key counts
        health = await session.send(HttpCall("GET", "/auth/health", accepts={403: "free", 404: "free"}), _key_accepted)
        if health is False:
            sentence = "apollo does not accept the key: check APOLLO_API_KEY."
            return AccountStatus(self.name, ok=False, sentence=sentence)
        try:
            usage = await session.send(HttpCall("POST", "/usage_stats/credit_usage_stats"), as_object)
        except ProviderError as error:
            if health is None:
                return self._without_health(error, session)
            return AccountStatus(
                self.name, ok=True, sentence=f"apollo accepts the key; what is left is unknown: {error}"
            )
        left = _left(usage)
        if left is None:
            return AccountStatus(
                self.name, ok=True, sentence="apollo accepts the key; it does not report what is left."
            )
        sentence = f"apollo accepts the key; {in_number(left, 'credit is', 'credits are')} left."
        return AccountStatus(self.name, ok=left > 0, sentence=sentence, left=left, unit="credit")

    def _without_health(self, error: ProviderError, session: CallSession) -> AccountStatus:
        """The status after a refused query of the credits: the key is invalid, or only has no right to see them."""
        if session.status not in (403, 404):
            raise error
        return AccountStatus(self.name, ok=None, sentence=f"apollo does not report whether it accepts the key: {error}")

    def _search(self, domain: str, spec: ApolloSpec) -> HttpCall:
        params = [("q_organization_domains_list[]", domain), ("page", "1"), ("per_page", str(_LOOKED_AT))]
        params += [("person_seniorities[]", seniority) for seniority in spec.seniorities]
        return HttpCall("POST", "/mixed_people/api_search", params)

    def _credits(self, people: Mapping[str, Json], session: CallSession) -> int:
        """What the vendor reports as charged; where it reports none, a credit per person it knew."""
        matches, stated = people.get("matches"), people.get("credits_consumed")
        if people.get("status") == "failed" or not isinstance(matches, list):
            what = str(people.get("error_message") or "a bulk match without matches")
            kind = ProviderUnavailable if people.get("error_code") == "UNKNOWN_ERROR" else UnexpectedReply
            raise session.error(kind, what, uncertain=True)
        if stated is None:
            return sum(1 for person in matches if person)
        try:
            return stated_units(stated)
        except ValueError as error:
            raise session.error(UnexpectedReply, f"credits_consumed: {error}", uncertain=True) from None


def _key_accepted(response: HttpResponse) -> bool | None:
    """Whether the vendor accepts the key; None: the answer does not say."""
    accepted = as_object(response).get("is_logged_in") if response.status == 200 else None
    return accepted if isinstance(accepted, bool) else None


def _ids(rows: list[Any]) -> list[str]:
    """The ids, those with an address first, else as the vendor ranks them."""
    people = [row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]
    return [row["id"] for row in sorted(people, key=lambda row: row.get("has_email") is not True)]


def _left(usage: Mapping[str, Json]) -> Decimal | None:
    stats = usage.get("credit_usage_stats")
    lead = stats.get("lead_credit") if isinstance(stats, dict) else None
    return plan_left(lead.get("left_over")) if isinstance(lead, dict) else None
