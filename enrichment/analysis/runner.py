"""Ask the language model over what is known, once for the same evidence; keep only what the evidence confirms.

    names + Known -> AnalysisQuestion each -> stored? a cache read : a purchase -> Analysis, facts | gap

Analyses run side by side. A model that fails leaves a gap with its reason; it never fails the request.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from enrichment.analysis.citations import check_citations
from enrichment.analysis.question import AnalysisInputs, AnalysisQuestion, NothingToAsk, described, facts_of, prepare
from enrichment.context import RunContext
from enrichment.domain.ids import analysis_source, new_id
from enrichment.domain.money import in_usd
from enrichment.domain.records import Analysis, CacheRead, Cap, Company, Fact, Known, Purchase, Request
from enrichment.planning.skip_reasons import because
from enrichment.ports import AlreadyBought, AlreadyClaimed, AskedInVain, Busy, CapReached, LanguageModel, Unavailable
from enrichment.purchasing.caps import caps_of
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
    out_of_time,
    wait_for,
)
from enrichment.requirements.requirements import Requirements
from enrichment.rules import Rules
from enrichment.trace import Trace


@dataclass(frozen=True, slots=True)
class AnalysisResults:
    """gaps: analysis -> why there is none. reads: of analyses that other requests paid for."""

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
    seconds_used: float = 0.0,
) -> AnalysisResults:
    """Each of these analyses over the fresh facts. audience_text: what is known of the vendor it is written for.

    seconds_used: of the time the request may take, by earlier stages; once it is over no model is asked any more.

    Raises only StoreError: errors of the model are in the result.
    """
    until = time.monotonic() + max(0.0, requirements.max_seconds - seconds_used)
    run = _RequestAnalyses(
        AnalysisInputs(rules, requirements, company, audience_text), request, context, trace, known.facts, until
    )
    for wave in _waves(names, rules):
        ended = await asyncio.gather(*(run.one(name) for name in wave), return_exceptions=True)
        for error in ended:
            if error is not None:  # raised after all have ended: none is left in the middle of a purchase
                raise error
    return AnalysisResults(tuple(run.analyses), tuple(run.facts), tuple(run.purchases), tuple(run.reads), run.gaps)


class _RequestAnalyses:
    """The analyses of one request: what is known so far, and the result of each."""

    def __init__(
        self,
        inputs: AnalysisInputs,
        request: Request,
        context: RunContext,
        trace: Trace,
        known: Iterable[Fact],
        until: float,
    ) -> None:
        """until: seconds of time.monotonic, after which no model is asked any more."""
        self.inputs, self.request, self.context, self.trace = inputs, request, context, trace
        self.known = list(known)
        self.analyses: list[Analysis] = []
        self.facts: list[Fact] = []
        self.purchases: list[Purchase] = []
        self.reads: list[CacheRead] = []
        self.gaps: dict[str, str] = {}
        self._deadline = until

    async def one(self, name: str) -> None:
        try:
            question = prepare(name, self.known, self.inputs, self.context.now())
        except NothingToAsk as reason:
            self._leave_out(name, "NothingToAsk", str(reason))
            return
        while not await self._answered(question):
            if time.monotonic() >= self._deadline:
                self._leave_out(name, "ClaimLost", "another request is still asking the same: ask again later")
                return

    async def _answered(self, question: AnalysisQuestion) -> bool:
        """One read of the store, one try to buy. False: another request was faster, so the store must be read again."""
        stored = await self._stored(question)
        if stored is not None:
            await self._read(question, stored)
            return True
        provider = self.inputs.rules.provider_of_model(question.rules.model)
        model = self.context.model
        if model is None:
            why = self.context.unavailable.get(provider, "it is not set up")
            self._leave_out(question.name, "CredentialsMissing", f"{provider} cannot be asked: {why}")
            return True
        if time.monotonic() >= self._deadline:
            self._leave_out(question.name, "OutOfTime", out_of_time(self.inputs.requirements.max_seconds))
            return True
        return await self._book(question, await self._buy(question, provider, model))

    async def _buy(self, question: AnalysisQuestion, provider: str, model: LanguageModel) -> PurchaseOutcome:
        async def ask(sent: SentPurchase) -> Delivery:
            return await self._ask(question, model, sent)

        await self.trace.written()  # whatever becomes of this process, it can be seen why it bought this
        return await buy(self._order(question, provider), context=self.context, deliver=ask)

    def _order(self, question: AnalysisQuestion, provider: str) -> PurchaseOrder:
        rules, source = self.inputs.rules.providers[provider], analysis_source(question.name)

        def caps(at: datetime) -> tuple[Cap, ...]:
            return caps_of(
                self.inputs.rules,
                request_id=self.request.request_id,
                max_cost=self.inputs.requirements.max_cost,
                consumer=self.request.consumer,
                provider=provider,
                source=source,
                at=at,
            )

        return PurchaseOrder(
            request=self.request,
            company=self.inputs.company,
            source=source,
            provider=provider,
            rules=rules,
            variant=question.key,
            asked=question.key,
            units=question.most_tokens,
            usd_per_unit=self.inputs.rules.usd_per_token(question.rules.model),
            caps=caps,
        )

    async def _ask(self, question: AnalysisQuestion, model: LanguageModel, sent: SentPurchase) -> Delivery:
        purchase = sent.purchase
        answered = await model.answer(
            question.kind.type,
            model=question.rules.model,
            instructions=question.instructions,
            evidence=question.prompt,
            max_output_tokens=question.rules.max_output_tokens,
            before_send=sent.before_send,
        )
        checked = check_citations(answered.value, question.evidence.texts)
        analysis = Analysis(
            analysis_id=new_id("ana"),
            key=question.key,
            company_id=purchase.company_id,
            name=question.name,
            audience=self.request.audience if question.kind.for_audience else None,
            model=question.rules.model,
            purchase_id=purchase.purchase_id,
            request_id=purchase.request_id,
            answer=checked.answer.model_dump(mode="json"),
            claims_kept=checked.kept,
            claims_dropped=checked.dropped,
            evidence=described(question.evidence),
            created_at=self.context.now(),
        )
        return Delivery(
            units={"input_token": answered.input_tokens, "output_token": answered.output_tokens},
            outcome="answered",
            facts=facts_of(analysis, question, self.inputs),
            analysis=analysis,
        )

    async def _book(self, question: AnalysisQuestion, outcome: PurchaseOutcome) -> bool:
        """Whether the analysis has ended."""
        match outcome:
            case PurchaseSettled(purchase, Delivery(analysis=Analysis() as analysis)):
                self.purchases.append(purchase)
                self._keep(question, analysis)
                self._note_purchase(question, analysis, purchase)
            case PurchaseFailed(purchase, error):
                self.purchases.append(purchase)
                self._leave_out(question.name, type(error).__name__, str(error), purchase.cost_micro_usd)
            case CapReached(cap=cap, left_micro_usd=left):
                most = self.inputs.rules.max_micro_usd_of_analysis(question.name, question.input_bytes)
                why = f"{cap} leaves {in_usd(left)} USD, and it may cost up to {in_usd(most)}: raise the cap"
                self._leave_out(question.name, "OverCap", why)
            case Busy(under_way):
                self._leave_out(question.name, "Throttled", f"the model is busy with {under_way} other questions")
            case Unavailable(by):
                self._leave_out(question.name, "Unavailable", because(by))
            case AskedInVain(purchase_id):
                self._leave_out(question.name, "AskedInVain", in_vain(purchase_id))
            case AlreadyClaimed():
                other = outcome.purchase_id
                self.trace.note("analyse", "waiting for another purchase", analysis=question.name, purchase=other)
                await wait_for(outcome, self.context, until=self._deadline)
                return False
            case AlreadyBought() | PurchaseSuperseded():
                return False
        return True

    async def _stored(self, question: AnalysisQuestion) -> Analysis | None:
        return await asyncio.to_thread(self.context.store.knowledge.analysis, question.key)

    async def _read(self, question: AnalysisQuestion, analysis: Analysis) -> None:
        """Use what another request paid for, and book the read."""
        self._keep(question, analysis)
        if analysis.request_id != self.request.request_id:
            saved = await self._cost_of(analysis)
            self.reads.append(
                CacheRead(
                    request_id=self.request.request_id,
                    purchase_id=analysis.purchase_id,
                    source=analysis_source(question.name),
                    layer="analysis",
                    saved_micro_usd=saved,
                    at=self.context.now(),
                )
            )
            self.trace.note(
                "analyse", "read", analysis=question.name, purchase=analysis.purchase_id, saved_micro_usd=saved
            )

    async def _cost_of(self, analysis: Analysis) -> int:
        bought = await asyncio.to_thread(self.context.store.ledger.purchases, analysis.request_id)
        return sum(each.cost_micro_usd for each in bought if each.purchase_id == analysis.purchase_id)

    def _keep(self, question: AnalysisQuestion, analysis: Analysis) -> None:
        facts = facts_of(analysis, question, self.inputs)
        self.analyses.append(analysis)
        self.facts.extend(facts)
        self.known.extend(facts)

    def _note_purchase(self, question: AnalysisQuestion, analysis: Analysis, purchase: Purchase) -> None:
        self.trace.note(
            "analyse",
            "bought",
            analysis=question.name,
            provider=purchase.provider,
            model=analysis.model,
            purchase=purchase.purchase_id,
            claims_kept=analysis.claims_kept,
            claims_dropped=analysis.claims_dropped,
            evidence=len(question.evidence.passages),
            evidence_left_out=question.evidence.left_out,
            cost_micro_usd=purchase.cost_micro_usd,
            seconds=purchase.latency_seconds,
            warning=purchase.reason,
        )

    def _leave_out(self, name: str, kind: str, reason: str, cost_micro_usd: int = 0) -> None:
        self.gaps[name] = reason
        self.trace.note("analyse", "failed", analysis=name, kind=kind, reason=reason, cost_micro_usd=cost_micro_usd)


def _waves(names: Sequence[str], rules: Rules) -> Iterator[list[str]]:
    """Groups that run side by side; an analysis comes after those of which it reads the answers."""
    left = list(dict.fromkeys(names))
    while left:
        ready = [name for name in left if not _waits_for_another(name, left, rules)] or left
        yield ready
        left = [name for name in left if name not in ready]


def _waits_for_another(name: str, names: Sequence[str], rules: Rules) -> bool:
    others = {dataset for other in names if other != name for dataset in rules.analyses[other].answers}
    return not others.isdisjoint(rules.analyses[name].reads)
