"""The company that a row of a batch or a run means, where no person is there to be asked.

text -> the company
where it is not sure -> what a person has decided of such a row, else it waits for one and is left out
"""

import asyncio

from enrichment.context.run_context import RunContext
from enrichment.domain.companies import Company
from enrichment.identity.ambiguity import AmbiguousCompany
from enrichment.identity.companies import reference_of
from enrichment.identity.reviews import review_of_row, row_question
from enrichment.pipeline.identify import company_for


async def company_of_row(text: str, context: RunContext, *, origin: str) -> Company:
    """The company that a row means. origin: the batch or run that has the row.

    Raises NotACompany; AmbiguousCompany: it waits.
    """
    try:
        return await company_for(text, context)
    except AmbiguousCompany as unsure:
        decided = await asyncio.to_thread(_decided_or_waiting, text, unsure, origin, context)
        if decided is not None:
            return decided
        sentence = f"{unsure} It waits in `enrich companies review`."
        raise AmbiguousCompany(sentence, unsure.asked, unsure.candidates) from None


def _decided_or_waiting(text: str, unsure: AmbiguousCompany, origin: str, context: RunContext) -> Company | None:
    store, record = context.store, reference_of(text).evidence
    question = row_question(record)
    answered = store.identity_reviews.answered([question]).get(question)
    if answered is not None and answered.same_as is not None:
        return store.companies.by_id(answered.same_as)
    companies = [one.company for one in unsure.candidates]
    review = review_of_row(record, companies, because=str(unsure), origin=origin, now=context.now())
    store.identity_reviews.open([review])
    return None
