"""What the seller's own company offers: its context, bought once, and only for a question that weighs what is sold.

seller's company + parts of the question -> its plan, for the quote of the question
                                         -> kept | not due | not needed | bought -> the company, and an event
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from enrichment.domain.companies import Company
from enrichment.domain.json_values import Json
from enrichment.domain.profiles import Profile
from enrichment.pipeline.dry_run import profile_or_plans
from enrichment.pipeline.enrich import Ask
from enrichment.refresh.due import due_profiles
from enrichment.research.answers.answer_question import most_for_answer
from enrichment.research.events.event_data import plan_data, vendor_data, vendor_not_needed, vendor_sentence
from enrichment.research.questions.breakdown import QuestionParts
from enrichment.research.requests.companies_meant import CompaniesMeant
from enrichment.research.requests.question_requests import VENDOR_SLOT, QuestionRequests, left_out_by_caps

CONTEXT = "vendor_context"
_SHARE = 2
"""What the vendor's context may cost at most: one part in so many of what the budget leaves."""


class VendorContext:
    """left_out: source or analysis -> why a cap did not allow it."""

    def __init__(self, meant: CompaniesMeant, bought: QuestionRequests) -> None:
        self.meant, self.bought = meant, bought
        self.left_out: Mapping[str, str] = {}

    async def quoted(self, vendor: Company, parts: QuestionParts) -> dict[str, Json] | None:
        """The plan of what would be bought, as plan_data has it, with the name of the company; None: nothing would."""
        rules, context = self.bought.rules, self.bought.context
        if CONTEXT not in rules.consumers or not _weighs_what_is_sold(parts) or await self._is_there(vendor):
            return None
        served, plans = await profile_or_plans(await self._ask(vendor), rules=rules, context=context, company=vendor)
        quote = plan_data(vendor, served, plans)
        return {**quote, "name": vendor.name or vendor.key} if quote["most_micro_usd"] else None

    async def _is_there(self, vendor: Company) -> bool:
        if await self.meant.ids_before() and await self._context_kept(vendor) is not None:
            return True
        return await self._context_not_due(vendor) is not None

    async def _ask(self, vendor: Company) -> Ask:
        left = max(0, await self.bought.left() - most_for_answer(self.bought.rules)) // _SHARE
        return self.bought.within(Ask(vendor.key, (CONTEXT,), **self.bought.booked_to), left)

    async def loaded(self, vendor: Company, parts: QuestionParts) -> Company:
        """The seller's company with its context, which is bought only for a question that weighs what is sold."""
        store = self.bought.context.store
        if CONTEXT not in self.bought.rules.consumers:
            return vendor
        if await self.meant.ids_before() and (kept := await self._context_kept(vendor)) is not None:
            return kept
        if (profile := await self._context_not_due(vendor)) is not None:
            sentence = (
                f"{vendor_sentence(vendor, None, profile).rstrip('.')}; nothing can be asked now that would add to it."
            )
            data = vendor_data(vendor, None, profile)
            await self.bought.log.emit("vendor_context_loaded", sentence, mark=profile.profile_id, data=data)
            return vendor
        if not _weighs_what_is_sold(parts):
            data = vendor_data(vendor, None, None)
            await self.bought.log.emit("vendor_context_loaded", vendor_not_needed(vendor), mark="not needed", data=data)
            return vendor
        vendor, is_known = await self.meant.vendor(vendor)
        if not is_known:
            sentence, data = vendor_sentence(vendor, None, None, is_known=False), vendor_data(vendor, None, None)
            await self.bought.log.emit("vendor_context_loaded", sentence, mark="unknown", data=data)
            return vendor
        done, profile = await self.bought.enriched(await self._ask(vendor), vendor, slot=VENDOR_SLOT)
        if done is not None:
            self.bought.progress.payers += await self.bought.payers_of(done)
            self.left_out = left_out_by_caps(done)
        now = await asyncio.to_thread(store.companies.by_id, self.bought.session.company_id) or vendor
        await self.bought.log.emit(
            "vendor_context_loaded",
            vendor_sentence(now, done, profile, self.left_out),
            mark="" if profile is None else profile.profile_id,
            data=vendor_data(now, done, profile),
        )
        return now

    async def _context_kept(self, vendor: Company) -> Company | None:
        """The vendor, where an earlier question of this session has loaded its context, and that is still young."""
        kept = await asyncio.to_thread(self.bought.context.store.profiles.latest, vendor.company_id, CONTEXT, None)
        young = timedelta(seconds=self.bought.rules.consumers[CONTEXT].profile_ttl)
        return vendor if kept is not None and self.bought.context.now() < kept.created_at + young else None

    async def _context_not_due(self, vendor: Company) -> Profile | None:
        """A kept context that lacks something, where nothing has changed since that would mend it: as refreshes decide.

        A request of this question that is under way goes on.
        """
        find, store = (
            partial(due_profiles, (vendor,), rules=self.bought.rules, context=self.bought.context),
            self.bought.context.store,
        )
        begun = self.bought.question.requests[VENDOR_SLOT : VENDOR_SLOT + 1]
        if begun and await asyncio.to_thread(store.requests.by_id, begun[0]) is not None:
            return None
        due = await asyncio.to_thread(find, consumers=(CONTEXT,))
        if not sum(due.left_alone.values()):
            return None
        return await asyncio.to_thread(store.profiles.latest, vendor.company_id, CONTEXT, None)


def _weighs_what_is_sold(parts: QuestionParts) -> bool:
    return (parts.is_whole or parts.asks_for_advice) and not (parts.of_answer or parts.only_fitting)
