"""Ask the language model over what is known, once for the same evidence; keep only what the evidence bears out.

    names + Known -> per analysis: Inquiry -> remembered? a cache read : a purchase -> Analysis, facts | gap

Analyses run side by side. A model that fails leaves a gap with its reason; it never fails the request.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from enrichment.analysis.answer_schemas import check
from enrichment.analysis.question import Inquiry, NothingToAsk, Setting, described, facts_of, prepare
from enrichment.context import RunContext
from enrichment.domain.ids import new_id
from enrichment.domain.money import in_usd
from enrichment.domain.records import Analysis, CacheRead, Cap, Company, Fact, Known, Purchase, Request
from enrichment.planning.unavailability import because
from enrichment.ports import AlreadyBought, AlreadyClaimed, AskedInVain, Busy, CapReached, LanguageModel, Unavailable
from enrichment.purchasing.budgets import caps_of
from enrichment.purchasing.purchase import (
    Delivery,
    PurchaseFailed,
    PurchaseOrder,
    PurchaseOutcome,
    PurchaseSettled,
    PurchaseSuperseded,
    SentPurchase,
    buy,
    in_vain,
    wait_for,
)
from enrichment.requirements.requirements import Requirements
from enrichment.rules import Rules
from enrichment.trace import Trace


@dataclass(frozen=True, slots=True)
class AnalysisResults:
    """gaps: analysis -> why there is none. reads: analyses that other requests had paid for."""

    analyses: tuple[Analysis, ...] = ()
    facts: tuple[Fact, ...] = ()
    purchases: tuple[Purchase, ...] = ()
    reads: tuple[CacheRead, ...] = ()
    gaps: Mapping[str, str] = field(default_factory=dict)


async def analyse(
    names: Sequence[str],
    *,
    known: Known,
    requirements: Requirements,
    company: Company,
    audience_text: str | None,
    request: Request,
    rules: Rules,
    context: RunContext,
    trace: Trace,
) -> AnalysisResults:
    """Each of these analyses over what holds. audience_text: what is known of the vendor it is written for.

    Raises only StoreError: what the model does wrong is in the result.
    """
    run = _RequestAnalyses(Setting(rules, requirements, company, audience_text), request, context, trace, known.facts)
    for wave in _waves(names, rules):
        ended = await asyncio.gather(*(run.one(name) for name in wave), return_exceptions=True)
        for error in ended:
            if error is not None:  # raised only now, so that no sibling is left in the middle of a purchase
                raise error
    return AnalysisResults(tuple(run.analyses), tuple(run.facts), tuple(run.purchases), tuple(run.reads), run.gaps)


class _RequestAnalyses:
    """The analyses of one request: what is known so far, and what came of each."""

    def __init__(
        self, setting: Setting, request: Request, context: RunContext, trace: Trace, known: Iterable[Fact]
    ) -> None:
        self.setting, self.request, self.context, self.trace = setting, request, context, trace
        self.known = list(known)
        self.analyses: list[Analysis] = []
        self.facts: list[Fact] = []
        self.purchases: list[Purchase] = []
        self.reads: list[CacheRead] = []
        self.gaps: dict[str, str] = {}
        self._deadline = time.monotonic() + setting.requirements.max_seconds

    async def one(self, name: str) -> None:
        try:
            inquiry = prepare(name, self.known, self.setting, self.context.now())
        except NothingToAsk as reason:
            self._leave_out(name, "NothingToAsk", str(reason))
            return
        while not await self._answered(inquiry):
            if time.monotonic() >= self._deadline:
                self._leave_out(name, "ClaimLost", "another request is still asking the same: ask again later")
                return

    async def _answered(self, inquiry: Inquiry) -> bool:
        """One look at memory, one try to buy. False: somebody else was faster, so it is worth another look."""
        remembered = await self._remembered(inquiry)
        if remembered is not None:
            await self._read(inquiry, remembered)
            return True
        provider = self.setting.rules.provider_of_model(inquiry.rules.model)
        model = self.context.model
        if model is None:
            why = self.context.unavailable.get(provider, "nobody has set it up")
            self._leave_out(inquiry.name, "CredentialsMissing", f"{provider} cannot be asked: {why}")
            return True
        return await self._book(inquiry, await self._buy(inquiry, provider, model))

    async def _buy(self, inquiry: Inquiry, provider: str, model: LanguageModel) -> PurchaseOutcome:
        async def ask(sent: SentPurchase) -> Delivery:
            return await self._ask(inquiry, model, sent)

        await self.trace.written()  # whatever becomes of this process, it can be seen why it bought this
        return await buy(self._order(inquiry, provider), context=self.context, deliver=ask)

    def _order(self, inquiry: Inquiry, provider: str) -> PurchaseOrder:
        rules, source = self.setting.rules.providers[provider], f"analysis:{inquiry.name}"

        def caps(at: datetime) -> tuple[Cap, ...]:
            return caps_of(
                self.setting.rules,
                request_id=self.request.request_id,
                max_cost=self.setting.requirements.max_cost,
                consumer=self.request.consumer,
                provider=provider,
                source=source,
                at=at,
            )

        return PurchaseOrder(
            request=self.request,
            company=self.setting.company,
            source=source,
            provider=provider,
            rules=rules,
            variant=inquiry.key,
            asked=inquiry.key,
            units=inquiry.most_tokens,
            usd_per_unit=self.setting.rules.usd_per_token(inquiry.rules.model),
            caps=caps,
        )

    async def _ask(self, inquiry: Inquiry, model: LanguageModel, sent: SentPurchase) -> Delivery:
        purchase = sent.purchase
        said = await model.answer(
            inquiry.kind.type,
            model=inquiry.rules.model,
            instructions=inquiry.instructions,
            evidence=inquiry.prompt,
            max_output_tokens=inquiry.rules.max_output_tokens,
            before_send=sent.before_send,
        )
        checked = check(said.value, inquiry.evidence.texts)
        analysis = Analysis(
            analysis_id=new_id("ana"),
            key=inquiry.key,
            company_id=purchase.company_id,
            name=inquiry.name,
            audience=self.request.audience if inquiry.kind.for_audience else None,
            model=inquiry.rules.model,
            purchase_id=purchase.purchase_id,
            request_id=purchase.request_id,
            answer=checked.answer.model_dump(mode="json"),
            claims_kept=checked.kept,
            claims_dropped=checked.dropped,
            evidence=described(inquiry.evidence),
            created_at=self.context.now(),
        )
        return Delivery(
            units={"input_token": said.input_tokens, "output_token": said.output_tokens},
            outcome="answered",
            facts=facts_of(analysis, inquiry, self.setting),
            analysis=analysis,
        )

    async def _book(self, inquiry: Inquiry, outcome: PurchaseOutcome) -> bool:
        """Whether that was the end of it."""
        match outcome:
            case PurchaseSettled(purchase, Delivery(analysis=Analysis() as analysis)):
                self.purchases.append(purchase)
                self._keep(inquiry, analysis)
                self._note_purchase(inquiry, analysis, purchase)
            case PurchaseFailed(purchase, error):
                self.purchases.append(purchase)
                self._leave_out(inquiry.name, type(error).__name__, str(error), purchase.cost_micro_usd)
            case CapReached(cap=cap, left_micro_usd=left):
                most = self._order(inquiry, self.setting.rules.provider_of_model(inquiry.rules.model)).most_micro_usd
                why = f"{cap} leaves {in_usd(left)} USD, and it may cost up to {in_usd(most)}: raise the cap"
                self._leave_out(inquiry.name, "OverCap", why)
            case Busy(under_way):
                self._leave_out(inquiry.name, "Throttled", f"the model is busy with {under_way} other questions")
            case Unavailable(by):
                self._leave_out(inquiry.name, "Barred", because(by))
            case AskedInVain(purchase_id):
                self._leave_out(inquiry.name, "AskedInVain", in_vain(purchase_id))
            case AlreadyClaimed():
                other = outcome.purchase_id
                self.trace.note("analyse", "waiting for another purchase", analysis=inquiry.name, purchase=other)
                await wait_for(outcome, self.context, until=self._deadline)
                return False
            case AlreadyBought() | PurchaseSuperseded():
                return False
        return True

    async def _remembered(self, inquiry: Inquiry) -> Analysis | None:
        return await asyncio.to_thread(self.context.store.knowledge.analysis, inquiry.key)

    async def _read(self, inquiry: Inquiry, analysis: Analysis) -> None:
        """Use what another request has paid for, and book the read."""
        self._keep(inquiry, analysis)
        if analysis.request_id != self.request.request_id:
            saved = await self._cost_of(analysis)
            self.reads.append(
                CacheRead(
                    request_id=self.request.request_id,
                    purchase_id=analysis.purchase_id,
                    source=f"analysis:{inquiry.name}",
                    layer="analysis",
                    saved_micro_usd=saved,
                    at=self.context.now(),
                )
            )
            self.trace.note(
                "analyse", "read", analysis=inquiry.name, purchase=analysis.purchase_id, saved_micro_usd=saved
            )

    async def _cost_of(self, analysis: Analysis) -> int:
        bought = await asyncio.to_thread(self.context.store.ledger.purchases, analysis.request_id)
        return sum(each.cost_micro_usd for each in bought if each.purchase_id == analysis.purchase_id)

    def _keep(self, inquiry: Inquiry, analysis: Analysis) -> None:
        facts = facts_of(analysis, inquiry, self.setting)
        self.analyses.append(analysis)
        self.facts.extend(facts)
        self.known.extend(facts)

    def _note_purchase(self, inquiry: Inquiry, analysis: Analysis, purchase: Purchase) -> None:
        self.trace.note(
            "analyse",
            "bought",
            analysis=inquiry.name,
            provider=purchase.provider,
            model=analysis.model,
            purchase=purchase.purchase_id,
            claims_kept=analysis.claims_kept,
            claims_dropped=analysis.claims_dropped,
            evidence=len(inquiry.evidence.pieces),
            evidence_left_out=inquiry.evidence.left_out,
            cost_micro_usd=purchase.cost_micro_usd,
            seconds=purchase.latency_seconds,
            warning=purchase.reason,
        )

    def _leave_out(self, name: str, kind: str, reason: str, cost_micro_usd: int = 0) -> None:
        self.gaps[name] = reason
        self.trace.note("analyse", "failed", analysis=name, kind=kind, reason=reason, cost_micro_usd=cost_micro_usd)


def _waves(names: Sequence[str], rules: Rules) -> Iterator[list[str]]:
    """Side by side, but who reads what another one answers comes after it."""
    left = list(dict.fromkeys(names))
    while left:
        ready = [name for name in left if not _waits_for_another(name, left, rules)] or left
        yield ready
        left = [name for name in left if name not in ready]


def _waits_for_another(name: str, names: Sequence[str], rules: Rules) -> bool:
    others = {dataset for other in names if other != name for dataset in rules.analyses[other].answers}
    return not others.isdisjoint(rules.analyses[name].reads)
