"""Ask the language model over what is known, once for the same evidence; keep only what the evidence bears out.

    names + Known -> AnalysisQuestion each -> answer stored? a cache read : a purchase -> ModelReply -> checked
                                                                                      -> Analysis, facts | gap

An answer is stored before it is checked. One that cannot be used is remembered too, and not paid for again at once.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from enrichment.analysis.answer_purchase import buy_answer
from enrichment.analysis.answer_reading import (
    CHECK_VERSION,
    UnusableAnswer,
    analysis_from,
    may_be_longer_now,
    read_answer,
)
from enrichment.analysis.context import AnalysisContext
from enrichment.analysis.question import (
    AnalysisInputs,
    AnalysisQuestion,
    NothingToAsk,
    facts_of,
    prepare,
)
from enrichment.analysis.remembered import in_waves
from enrichment.analysis.results import AnalysesSoFar, AnalysisResults
from enrichment.context.trace import Trace
from enrichment.domain.companies import Company
from enrichment.domain.ids import analysis_source
from enrichment.domain.knowledge import Analysis, Fact, Known, ModelReply
from enrichment.domain.numbers import in_number
from enrichment.domain.purchases import Purchase
from enrichment.domain.requests import CacheRead, Request
from enrichment.planning.skip_reasons import because
from enrichment.ports import AlreadyBought, AlreadyClaimed, AskedInVain, Busy, CapReached, Unavailable
from enrichment.purchasing.caps import too_dear
from enrichment.purchasing.purchase import (
    STOPPED,
    PurchaseOutcome,
    PurchaseSuperseded,
    in_vain,
    out_of_time,
    wait_for,
)
from enrichment.purchasing.purchase_order import Delivery
from enrichment.purchasing.settlement import PurchaseFailed, PurchaseSettled
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements


async def analyse(
    names: Sequence[str],
    *,
    known: Known,
    requirements: Requirements,
    company: Company,
    audience_text: str | None,
    request: Request,
    rules: Rules,
    context: AnalysisContext,
    trace: Trace,
    seconds_used: float = 0.0,
) -> AnalysisResults:
    """Each of these analyses over the fresh facts. audience_text: what is known of the vendor it is written for.

    seconds_used: of the time the request may take, by earlier stages; once it is over no model is asked any more.

    Raises only StoreError: what the model does wrong is in the result.
    """
    until = time.monotonic() + max(0.0, requirements.max_seconds - seconds_used)
    run = _RequestAnalyses(
        AnalysisInputs(rules, requirements, company, audience_text), request, context, trace, known.facts, until
    )
    for wave in in_waves(names, rules):
        await run.side_by_side(wave)
    return run.results()


async def answer_question(
    question: AnalysisQuestion,
    *,
    requirements: Requirements,
    company: Company,
    request: Request,
    rules: Rules,
    context: AnalysisContext,
    trace: Trace,
    seconds: float,
) -> AnalysisResults:
    """One question that is prepared already, asked as an analysis is. seconds: that it may take from now on.

    Raises only StoreError.
    """
    until = time.monotonic() + max(0.0, seconds)
    run = _RequestAnalyses(AnalysisInputs(rules, requirements, company, None), request, context, trace, (), until)
    await run.ask(question)
    return run.results()


class _RequestAnalyses:
    """The analyses of one request: what is known so far, and the result of each."""

    def __init__(
        self,
        inputs: AnalysisInputs,
        request: Request,
        context: AnalysisContext,
        trace: Trace,
        known: Iterable[Fact],
        until: float,
    ) -> None:
        """until: seconds of time.monotonic, after which no model is asked any more."""
        self.inputs, self.request, self.context, self.trace = inputs, request, context, trace
        self._so_far = AnalysesSoFar(inputs, trace, known)
        self._deadline = until
        self._shut_out: dict[str, str] = {}
        self._has_answered = False

    def results(self) -> AnalysisResults:
        return self._so_far.results()

    async def side_by_side(self, names: Sequence[str]) -> None:
        """Analyses that an outage shuts out are asked once more if the model has answered another one meanwhile.

        After an outage one call is let through alone, the probe; once it is answered there is no outage any more.
        """
        await self._all_of(names)
        if self._shut_out and self._has_answered:
            again = [*self._shut_out]
            self._shut_out.clear()
            await self._all_of(again)
        for name, reason in self._shut_out.items():
            self._so_far.leave_out(name, self.inputs.rules.analyses[name], "Unavailable", reason)
        self._shut_out.clear()

    async def _all_of(self, names: Sequence[str]) -> None:
        ended = await asyncio.gather(*(self._one(name) for name in names), return_exceptions=True)
        for error in ended:
            if error is not None:  # raised after all have ended: none is left in the middle of a purchase
                raise error

    async def ask(self, question: AnalysisQuestion) -> None:
        await self._ask_until_answered(question)
        for name, reason in self._shut_out.items():
            self._so_far.leave_out(name, question.rules, "Unavailable", reason)

    async def _one(self, name: str) -> None:
        try:
            question = prepare(name, self._so_far.known, self.inputs, self.context.now())
        except NothingToAsk as reason:
            self._so_far.leave_out(name, self.inputs.rules.analyses[name], type(reason).__name__, str(reason))
            return
        await self._ask_until_answered(question)

    async def _ask_until_answered(self, question: AnalysisQuestion) -> None:
        while not await self._answered(question):
            if time.monotonic() >= self._deadline:
                why = "another request is still asking the same: ask again later"
                self._so_far.leave_out(question.name, question.rules, "ClaimLost", why)
                return

    async def _answered(self, question: AnalysisQuestion) -> bool:
        """One read of the store, one try to buy. False: another request was faster, so the store must be read again."""
        earlier = await asyncio.to_thread(self.context.store.knowledge.model_reply, question.key)
        if earlier is not None and await self._use(question, earlier):
            return True
        provider = self.inputs.rules.provider_of_model(question.rules.model)
        model = self.context.model
        if model is None:
            why = self.context.unavailable.get(provider, "it is not set up")
            self._so_far.leave_out(
                question.name, question.rules, "CredentialsMissing", f"{provider} cannot be asked: {why}"
            )
            return True
        if self.context.stopping():
            self._so_far.leave_out(question.name, question.rules, "Stopped", STOPPED)
            return True
        if time.monotonic() >= self._deadline:
            self._so_far.leave_out(
                question.name, question.rules, "OutOfTime", out_of_time(self.inputs.requirements.max_seconds)
            )
            return True
        seen = () if earlier is None else (earlier.analysis_id,)
        await self.trace.written()  # whatever becomes of this process, it can be seen why it bought this
        outcome = await buy_answer(
            question, model, inputs=self.inputs, request=self.request, context=self.context, seen=seen
        )
        return await self._book(question, outcome)

    async def _use(self, question: AnalysisQuestion, earlier: ModelReply) -> bool:
        """Whether a stored answer is enough: it gives the analysis, or is a failure that is not tried again yet."""
        found = await self._checked(question, earlier)
        if isinstance(found, Analysis):
            await self._read(question, found)
            return True
        again = earlier.answered_at + timedelta(seconds=question.rules.try_again_after)
        if self.context.now() >= again or may_be_longer_now(earlier, question):
            return False
        why = f"{found}; {question.rules.model} is asked again after {again:%Y-%m-%d %H:%M} UTC"
        self._so_far.leave_out(question.name, question.rules, "FailedBefore", why)
        return True

    async def _checked(self, question: AnalysisQuestion, reply: ModelReply) -> Analysis | str:
        """The analysis of a stored answer, checked now unless this version has done so; else why it cannot be used."""
        knowledge = self.context.store.knowledge
        if reply.checked_by >= CHECK_VERSION:
            kept = await asyncio.to_thread(knowledge.analysis, reply.key)
            if kept is not None and reply.failure is None:
                return kept
        try:
            checked = read_answer(reply, question)
        except UnusableAnswer as error:
            if (reply.checked_by, reply.failure) != (CHECK_VERSION, str(error)):
                await asyncio.to_thread(knowledge.keep_failure, reply.analysis_id, str(error), checked_by=CHECK_VERSION)
            return str(error)
        analysis = analysis_from(reply, checked, question, audience=self.request.audience)
        facts = facts_of(analysis, question, self.inputs)
        await asyncio.to_thread(knowledge.keep_analysis, analysis, facts, checked_by=CHECK_VERSION)
        return analysis

    async def _book(self, question: AnalysisQuestion, outcome: PurchaseOutcome) -> bool:
        """Whether the analysis has ended."""
        match outcome:
            case PurchaseSettled(purchase, Delivery(answer=ModelReply() as reply)):
                self._has_answered = True
                await self._settled(question, reply, purchase)
            case PurchaseFailed(purchase, error):
                self._so_far.spent(purchase)
                self._so_far.leave_out(
                    question.name, question.rules, type(error).__name__, str(error), purchase.cost_micro_usd
                )
            case CapReached(cap=cap, left_micro_usd=left):
                most = self.inputs.rules.max_micro_usd_of_answer(question.rules, question.input_bytes)
                why = too_dear(most, cap, left, self.inputs.requirements.raise_cap)
                self._so_far.leave_out(question.name, question.rules, "OverCap", why)
            case Busy(under_way):
                why = f"the model is busy with {in_number(under_way, 'other question')}"
                self._so_far.leave_out(question.name, question.rules, "Throttled", why)
            case Unavailable(by):
                self._shut_out[question.name] = because(by)
            case AskedInVain():
                self._so_far.leave_out(question.name, question.rules, "AskedInVain", in_vain(outcome))
            case AlreadyClaimed():
                other = outcome.purchase_id
                self.trace.note("analyse", "waiting for another purchase", analysis=question.name, purchase=other)
                await wait_for(outcome, self.context, until=self._deadline)
                return False
            case AlreadyBought() | PurchaseSuperseded():
                return False
        return True

    async def _settled(self, question: AnalysisQuestion, reply: ModelReply, purchase: Purchase) -> None:
        found = await self._checked(question, reply)
        if isinstance(found, Analysis):
            self._so_far.bought(question, found, purchase)
        else:
            self._so_far.spent(replace(purchase, outcome="failed", reason=found))
            self._so_far.leave_out(question.name, question.rules, "UnusableAnswer", found, purchase.cost_micro_usd)

    async def _read(self, question: AnalysisQuestion, analysis: Analysis) -> None:
        """Use what another request paid for, and book the read."""
        saved = await self._cost_of(analysis)
        self._so_far.keep(question, analysis, saved)
        if analysis.request_id != self.request.request_id:
            read = CacheRead(
                request_id=self.request.request_id,
                purchase_id=analysis.purchase_id,
                source=analysis_source(question.name),
                layer="analysis",
                saved_micro_usd=saved,
                at=self.context.now(),
            )
            self._so_far.read(question, read)

    async def _cost_of(self, analysis: Analysis) -> int:
        bought = await asyncio.to_thread(self.context.store.ledger.purchases, analysis.request_id)
        return sum(each.cost_micro_usd for each in bought if each.purchase_id == analysis.purchase_id)
