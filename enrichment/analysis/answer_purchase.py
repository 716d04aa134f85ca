"""Buy a model's answer to one question: the order, the call, and the raw answer that is stored with its charge.

AnalysisQuestion + LanguageModel  ->  PurchaseOutcome; once settled, its Delivery has a ModelReply
"""

from collections.abc import Sequence
from datetime import datetime

from enrichment.analysis.answer_reading import stored
from enrichment.analysis.context import AnalysisContext
from enrichment.analysis.question import AnalysisInputs, AnalysisQuestion
from enrichment.domain.ids import analysis_source, new_id
from enrichment.domain.knowledge import ModelReply
from enrichment.domain.purchases import Cap
from enrichment.domain.requests import Request
from enrichment.ports import LanguageModel
from enrichment.purchasing.caps import caps_of
from enrichment.purchasing.purchase import PurchaseOutcome, buy
from enrichment.purchasing.purchase_order import Delivery, PurchaseOrder
from enrichment.purchasing.sent_purchase import SentPurchase


async def buy_answer(
    question: AnalysisQuestion,
    model: LanguageModel,
    *,
    inputs: AnalysisInputs,
    request: Request,
    context: AnalysisContext,
    seen: Sequence[str],
) -> PurchaseOutcome:
    """One try. seen: the ids of stored answers that were read and are not enough."""

    async def ask(sent: SentPurchase) -> Delivery:
        return await _ask(question, model, sent, context)

    return await buy(_order(question, inputs, request, seen), context=context, deliver=ask)


def _order(question: AnalysisQuestion, inputs: AnalysisInputs, request: Request, seen: Sequence[str]) -> PurchaseOrder:
    rules, source = inputs.rules, analysis_source(question.name)
    provider = rules.provider_of_model(question.rules.model)

    def caps(at: datetime) -> tuple[Cap, ...]:
        return caps_of(rules, inputs.requirements, request.request_id, at, provider=provider, source=source)

    return PurchaseOrder(
        request=request,
        company=inputs.company,
        source=source,
        provider=provider,
        rules=rules.providers[provider],
        variant=question.key,
        asked=question.key,
        units=question.most_tokens,
        usd_per_unit=rules.usd_per_token(question.rules.model),
        caps=caps,
        seen=seen,
    )


async def _ask(
    question: AnalysisQuestion, model: LanguageModel, sent: SentPurchase, context: AnalysisContext
) -> Delivery:
    purchase = sent.purchase
    answered = await model.answer(
        question.schema,
        model=question.rules.model,
        instructions=question.instructions,
        evidence=question.prompt,
        max_output_tokens=question.rules.max_output_tokens,
        before_send=sent.before_send,
    )
    reply = ModelReply(
        analysis_id=new_id("ana"),
        key=question.key,
        company_id=purchase.company_id,
        name=question.name,
        model=question.rules.model,
        purchase_id=purchase.purchase_id,
        request_id=purchase.request_id,
        answer=stored(answered, question.rules.max_output_tokens),
        answered_at=context.now(),
    )
    units = {"input_token": answered.input_tokens, "output_token": answered.output_tokens}
    return Delivery(units=units, outcome="answered", answer=reply)
